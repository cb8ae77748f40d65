/* The exact kernel: layers, gates and softmax in integers, and the range coder, as docs/ARCHITECTURE.md has them.
 *
 * Freestanding C11: no allocation, no threads, no library, no state of its own. A caller gives buffers, and each
 * function checks all of them before it begins, so that nothing is read or written out of bounds whatever they hold.
 * Python is one caller (binding.c); others can be WebAssembly or a test.
 */
#ifndef VQ_KERNEL_H
#define VQ_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a call gives back. */
typedef enum {
    VQ_DONE,
    VQ_DAMAGED, /* no symbols can give this stream */
    VQ_SYMBOL,  /* an index is outside of its alphabet */
    VQ_REFUSED, /* the arguments do not fit together */
    VQ_ROOM,    /* the scratch memory is too small; nothing has been done */
} vq_status;

typedef struct {
    void *data;
    size_t size; /* in bytes */
    bool writable;
} vq_buffer;

/* The arguments of a call: whole numbers and buffers, each in their order. */
typedef struct {
    const int64_t *numbers;
    const vq_buffer *buffers;
    vq_buffer scratch;
} vq_arguments;

/* What processors do differently; all give the same integers. */
typedef struct vq_operations vq_operations;
extern const vq_operations vq_scalar, vq_avx2, vq_neon;

typedef vq_status vq_function(const vq_operations *operations, const vq_arguments *arguments);

typedef struct {
    const char *name;
    vq_function *call;
    int32_t numbers, buffers; /* how many it takes */
} vq_entry;

/* All functions, and their number. Each is described where it is defined: the files calls_*.c. */
extern const vq_entry vq_entries[];
extern const int32_t vq_entry_count;

#endif
