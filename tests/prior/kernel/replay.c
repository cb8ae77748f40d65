/* Repeat calls of the kernel that tests/helpers/kernel.py has recorded, and compare what they leave in their buffers.
 *
 *     replay RECORD scalar|avx2|neon
 *
 * Each buffer is a piece of memory of its own, so that a sanitizer sees what is read or written beside it. */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16, FIRST_SCRATCH = 1 << 12 };

typedef struct {
    size_t size;
    char *data;
} content;

static FILE *record;
static content *contents;

static void *allocated(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        exit(3);
    return memory;
}

static void read(void *into, size_t size)
{
    if (size && fread(into, size, 1, record) != 1)
        exit(3);
}

static int32_t read_int(void)
{
    int32_t number;
    read(&number, sizeof number);
    return number;
}

static void read_contents(void)
{
    const int32_t count = read_int();
    contents = allocated((size_t)count * sizeof *contents);
    for (int32_t i = 0; i < count; i++) {
        int64_t size;
        read(&size, sizeof size);
        contents[i].size = (size_t)size;
        contents[i].data = allocated(contents[i].size);
        read(contents[i].data, contents[i].size);
    }
}

static const vq_entry *entry_named(const char *name)
{
    for (int32_t i = 0; i < vq_entry_count; i++)
        if (strcmp(vq_entries[i].name, name) == 0)
            return &vq_entries[i];
    exit(3);
}

static vq_status call(const vq_operations *operations, const vq_entry *entry, const int64_t *numbers, const vq_buffer *buffers)
{
    vq_status status = VQ_ROOM;
    for (size_t size = FIRST_SCRATCH; status == VQ_ROOM; size *= 2) {
        void *scratch = allocated(size);
        status = entry->call(operations, &(vq_arguments){numbers, buffers, {scratch, size, true}});
        free(scratch);
    }
    return status;
}

/* Whether a call comes to what was recorded. */
static bool repeat(const vq_operations *operations)
{
    char name[32];
    read(name, sizeof name);
    const int32_t numbers = read_int(), buffers = read_int(), expected = read_int();
    const vq_entry *entry = entry_named(name);
    int64_t values[MOST];
    int32_t before[MOST], after[MOST];
    vq_buffer given[MOST];
    if (numbers != entry->numbers || buffers != entry->buffers)
        exit(3);
    read(values, (size_t)numbers * sizeof *values);
    read(before, (size_t)buffers * sizeof *before);
    read(after, (size_t)buffers * sizeof *after);
    for (int32_t i = 0; i < buffers; i++) {
        const content *from = &contents[before[i]];
        given[i] = (vq_buffer){allocated(from->size), from->size, true};
        memcpy(given[i].data, from->data, from->size);
    }
    bool is_same = call(operations, entry, values, given) == (vq_status)expected;
    for (int32_t i = 0; i < buffers; i++) {
        is_same &= memcmp(given[i].data, contents[after[i]].data, given[i].size) == 0;
        free(given[i].data);
    }
    if (!is_same)
        printf("%s gives something else\n", name);
    return is_same;
}

static const vq_operations *operations_named(const char *name)
{
    if (strcmp(name, "scalar") == 0)
        return &vq_scalar;
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0)
        return &vq_avx2;
#elif defined(__aarch64__)
    if (strcmp(name, "neon") == 0)
        return &vq_neon;
#endif
    exit(3);
}

int main(int count, char **arguments)
{
    if (count != 3 || !(record = fopen(arguments[1], "rb")))
        return 3;
    const vq_operations *operations = operations_named(arguments[2]);
    read_contents();
    const int32_t calls = read_int();
    bool is_same = true;
    for (int32_t i = 0; i < calls; i++)
        is_same &= repeat(operations);
    printf("%d calls\n", calls);
    return !is_same;
}
