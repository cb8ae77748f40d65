/* Planes of a picture, decoded or drawn a diagonal at a time. */
#include "heads.h"
#include "planes.h"
#include "wavefront.h"

/* numbers */
enum { RATE_POINT, HEIGHT, WIDTH, FIRST_T, LAST_T, BEGIN, STRIDE, PLANES, ALPHABET, DIMENSION };
/* buffers */
enum { CAUSAL, HEADS, GATES, EXP, SIZES, CODES, CONTEXT, WORDS, SOURCE, RINGS, INDICES, VOLUME };

enum { KEPT = 4 }; /* diagonals: the current one and three before it */

typedef struct {
    vq_evaluation with;
    vq_tables tables;
    vq_stack causal, heads;
    int32_t rate_point, height, width, planes, alphabet, dimension, hidden;
    const int32_t *sizes;
    const int8_t *codes;
    vq_plane context; /* without a context, that has no channels */
    vq_source *source;
    const uint32_t *words;
    uint64_t words_size;
    int16_t *rings;    /* for each layer, what it reads of the diagonals: [KEPT][1 + height][channels] */
    int16_t *diagonal; /* hidden activations [height][hidden] */
    int32_t *indices;
    int8_t *volume;
    int32_t begin, stride;
} wavefront;

static int32_t channels_of(const wavefront *run, int32_t layer)
{
    return layer ? run->hidden : run->planes * run->dimension;
}

/* What a layer reads of a row on a diagonal; row -1 is all zeros. */
static int16_t *ring_at(const wavefront *run, int32_t layer, int32_t t, int32_t row)
{
    const ptrdiff_t rows = 1 + (ptrdiff_t)run->height;
    const ptrdiff_t before = layer ? channels_of(run, 0) + (ptrdiff_t)(layer - 1) * run->hidden : 0;
    return run->rings + KEPT * rows * before + ((t % KEPT) * rows + 1 + row) * channels_of(run, layer);
}

/* The causal neighbours of a position, in the order of `vq_causal`. */
static int16_t *neighbours(const wavefront *run, int32_t layer, int32_t t, int32_t row, int16_t *x)
{
    const int32_t channels = channels_of(run, layer);
    x = vq_copied(ring_at(run, layer, t + KEPT - 1, row), channels, x);
    x = vq_copied(ring_at(run, layer, t + KEPT - 3, row - 1), channels, x);
    x = vq_copied(ring_at(run, layer, t + KEPT - 2, row - 1), channels, x);
    return vq_copied(ring_at(run, layer, t + KEPT - 1, row - 1), channels, x);
}

/* One layer at `count` rows of the diagonal t: from the state before it [count][hidden] to that after it. */
static void one_layer(const wavefront *run, int32_t number, int32_t t, int32_t first, int32_t count, int16_t *state)
{
    const vq_layer *layer = &run->causal.layers[number];
    int16_t *x = run->with.room.x;
    for (int32_t row = first; row < first + count; row++) {
        x = neighbours(run, number, t, row, x);
        if (number)
            x = vq_copied(state + (ptrdiff_t)(row - first) * run->hidden, run->hidden, x);
        else if (run->context.channels)
            x = vq_copy(&run->context, vq_position(t, row, run->width), x);
        if (layer->inputs % 2)
            *x++ = 0;
    }
    vq_multiply(run->with.operations, layer, run->rate_point, run->with.room.x, count, run->with.room.y);
    for (int32_t row = 0; row < count; row++) {
        int16_t *own = state + (ptrdiff_t)row * run->hidden;
        vq_gate(
            run->with.room.y + (ptrdiff_t)row * layer->columns, run->hidden, number ? own : NULL, &run->tables, own);
        if (number + 1 < run->causal.count)
            vq_copied(own, run->hidden, ring_at(run, number + 1, t, first + row));
    }
}

/* Values of the indices that are known now, for the diagonals and slices that follow. */
static void put_values(const wavefront *run, int32_t t, vq_rows rows)
{
    for (int32_t row = rows.first; row < rows.last; row++) {
        const int64_t position = vq_position(t, row, run->width);
        int16_t *kept = ring_at(run, 0, t, row);
        int8_t *values = run->volume + position * run->stride + run->begin;
        for (int32_t plane = 0; plane < run->planes; plane++) {
            const int32_t *own = run->indices + (ptrdiff_t)plane * run->height * run->width;
            const int32_t index = run->sizes[plane] == 1 ? 0 : own[position];
            const int8_t *code = run->codes + ((ptrdiff_t)plane * run->alphabet + index) * run->dimension;
            for (int32_t i = 0; i < run->dimension; i++)
                *kept++ = *values++ = code[i];
        }
    }
}

static vq_status one_diagonal(const wavefront *run, int32_t t)
{
    const vq_rows rows = vq_rows_of(t, run->height, run->width);
    for (int32_t layer = 0; layer < run->causal.count; layer++)
        vq_zeros((1 + (int64_t)run->height) * channels_of(run, layer), ring_at(run, layer, t, -1));
    for (int32_t first = rows.first; first < rows.last; first += VQ_ROWS) {
        const int32_t count = rows.last - first < VQ_ROWS ? rows.last - first : VQ_ROWS;
        for (int32_t layer = 0; layer < run->causal.count; layer++)
            one_layer(run, layer, t, first, count, run->diagonal + (ptrdiff_t)(first - rows.first) * run->hidden);
    }
    const vq_layer *head = run->heads.layers;
    for (int32_t plane = 0; plane < run->planes; plane++) {
        if (run->sizes[plane] == 1)
            continue; /* all of its indices are 0, as they came */
        int32_t *symbols =
            run->indices + (ptrdiff_t)plane * run->height * run->width + vq_position(t, rows.first, run->width);
        const vq_status status = vq_decode_rows(
            &run->with, head++, run->diagonal, rows.last - rows.first, run->source, run->words, run->words_size,
            symbols, (ptrdiff_t)run->width - 2);
        if (status != VQ_DONE)
            return status;
    }
    put_values(run, t, rows);
    return VQ_DONE;
}

static bool read_numbers(const int64_t *numbers, wavefront *run)
{
    if (!vq_within(numbers[HEIGHT], 1, 1 << 24) || !vq_within(numbers[WIDTH], 1, 1 << 24)
        || !vq_within(numbers[FIRST_T], 0, 1 << 26) || !vq_within(numbers[LAST_T], numbers[FIRST_T], 1 << 26)
        || numbers[LAST_T] > numbers[WIDTH] + 2 * (numbers[HEIGHT] - 1) || !vq_within(numbers[PLANES], 1, 4096)
        || !vq_within(numbers[ALPHABET], 1, 1 << 15) || !vq_within(numbers[DIMENSION], 1, 1 << 20)
        || !vq_within(numbers[STRIDE], 1, 1 << 24)
        || !vq_within(numbers[BEGIN], 0, numbers[STRIDE] - numbers[PLANES] * numbers[DIMENSION]))
        return false;
    run->height = (int32_t)numbers[HEIGHT], run->width = (int32_t)numbers[WIDTH];
    run->planes = (int32_t)numbers[PLANES], run->dimension = (int32_t)numbers[DIMENSION];
    run->alphabet = (int32_t)numbers[ALPHABET];
    run->begin = (int32_t)numbers[BEGIN], run->stride = (int32_t)numbers[STRIDE];
    return true;
}

/* The layers, which fit each other and the context. */
static bool read_network(const vq_arguments *arguments, wavefront *run)
{
    const vq_buffer *buffers = arguments->buffers;
    if (!run->causal.count || !vq_has(&buffers[SIZES], (uint64_t)run->planes, sizeof(int32_t)))
        return false;
    const vq_layer *first = run->causal.layers;
    const int64_t own = 4 * (int64_t)channels_of(run, 0);
    run->hidden = first->outputs / 2;
    run->rate_point = (int32_t)arguments->numbers[RATE_POINT];
    run->sizes = buffers[SIZES].data;
    if (first->inputs < own
        || !vq_is_gated(&run->causal, first->inputs, 5, arguments->numbers[RATE_POINT])
        || !vq_fits_heads(&run->heads, run->hidden, run->sizes, run->planes, run->alphabet))
        return false;
    const int32_t beside = (int32_t)(first->inputs - own);
    run->context = (vq_plane){NULL, buffers[CONTEXT].data, 0, beside, beside};
    return vq_read_tables(&buffers[GATES], &buffers[EXP], &run->tables);
}

static bool read_buffers(const vq_buffer *buffers, wavefront *run)
{
    const uint64_t positions = (uint64_t)run->height * (uint64_t)run->width, planes = (uint64_t)run->planes;
    const uint64_t kept = (uint64_t)channels_of(run, 0) + (uint64_t)(run->causal.count - 1) * (uint64_t)run->hidden;
    run->codes = buffers[CODES].data;
    run->words = buffers[WORDS].data, run->words_size = buffers[WORDS].size / sizeof(uint32_t);
    run->source = buffers[SOURCE].data;
    run->rings = buffers[RINGS].data;
    run->indices = buffers[INDICES].data;
    run->volume = buffers[VOLUME].data;
    return vq_has(&buffers[CODES], planes * (uint64_t)run->alphabet * (uint64_t)run->dimension, sizeof(int8_t))
        && vq_has(&buffers[CONTEXT], positions * (uint64_t)run->context.channels, sizeof(int16_t))
        && vq_has(&buffers[WORDS], run->words_size, sizeof(uint32_t))
        && vq_can_write(&buffers[SOURCE], 1, sizeof(vq_source)) && run->source->range >> 32
        && vq_can_write(&buffers[RINGS], KEPT * (1 + (uint64_t)run->height) * kept, sizeof(int16_t))
        && vq_can_write(&buffers[INDICES], planes * positions, sizeof(int32_t))
        && vq_can_write(&buffers[VOLUME], positions * (uint64_t)run->stride, sizeof(int8_t));
}

/* decode_diagonals(rate point, height, width, diagonals first..last, the first of the channels of the slice in the
 * volume, of how many, planes, codes of a plane, dimension; causal layers, heads of the planes with a choice, gates, exp,
 * sizes int32 [planes], codes int8 [planes][K][D], context int16 [h w][C] or nothing, words uint32, source, rings int16,
 * indices int32 [planes][h w], volume int8 [h w][channels])
 *
 * Rings are zeros before the first diagonal, and indices are zeros where a plane has no choice. */
vq_status vq_decode_diagonals(const vq_operations *operations, const vq_arguments *arguments)
{
    vq_arena arena = vq_arena_of(arguments->scratch);
    wavefront run = {.with = {.operations = operations}};
    vq_status status = vq_read_stack(&arguments->buffers[CAUSAL], &arena, &run.causal);
    if (status == VQ_DONE)
        status = vq_read_stack(&arguments->buffers[HEADS], &arena, &run.heads);
    if (status != VQ_DONE)
        return status;
    if (!read_numbers(arguments->numbers, &run) || !read_network(arguments, &run)
        || !read_buffers(arguments->buffers, &run))
        return VQ_REFUSED;
    run.with.exp = run.tables.exp;
    run.with.room = vq_take_room(&arena, &run.causal, &run.heads);
    run.diagonal = vq_take(&arena, (size_t)run.height * (size_t)run.hidden, sizeof(int16_t));
    if (arena.is_full)
        return VQ_ROOM;
    for (int64_t t = arguments->numbers[FIRST_T]; t < arguments->numbers[LAST_T] && status == VQ_DONE; t++)
        status = one_diagonal(&run, (int32_t)t);
    return status;
}
