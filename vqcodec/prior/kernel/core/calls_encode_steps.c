/* A stream of sound, encoded step by step from known activations. */
#include "dilated.h"

/* numbers */
enum { FIRST_STEP, LAST_STEP, FRAMES, ROWS, CHANNELS, FIRST_SLICE, SLICES };
/* buffers */
enum { HEADS, EXP, PLANES, SIZES, HIDDEN, WORDS, SINK, INDICES };

typedef struct {
    vq_evaluation with;
    vq_stack heads;
    int64_t first, last, frames;
    int32_t rows, channels, first_slice, slices, planes;
    const int32_t *planes_of, *sizes, *indices;
    const int16_t *hidden;
    uint32_t *words;
    vq_sink *sink;
} encoding;

/* The frame of a slice of the stream at a step; -1 if it has none. */
static int64_t frame_of(const encoding *run, int32_t number, int64_t step)
{
    const int64_t frame = step - (int64_t)VQ_LAG * (run->first_slice + number);
    return frame < run->frames ? frame : -1;
}

static const int32_t *symbols_of(const encoding *run, int32_t plane, int64_t frame)
{
    return run->indices + ((ptrdiff_t)plane * run->frames + frame) * run->rows;
}

static void one_step(const encoding *run, int64_t step)
{
    const vq_layer *head = run->heads.layers;
    const int64_t steps = run->last - run->first;
    int32_t plane = 0;
    for (int32_t number = 0; number < run->slices; number++) {
        const int64_t frame = frame_of(run, number, step);
        const int16_t *hidden = run->hidden + (number * steps + step - run->first) * run->rows * run->channels;
        for (const int32_t last = plane + run->planes_of[number]; plane < last; plane++) {
            if (run->sizes[plane] == 1)
                continue;
            if (frame >= 0)
                vq_encode_rows(
                    &run->with, head, hidden, run->rows, run->sink, run->words, symbols_of(run, plane, frame), 1);
            head++;
        }
    }
}

/* Symbols of these steps; VQ_SYMBOL for one that is outside of its alphabet. */
static vq_status count_symbols(const encoding *run, uint64_t *count)
{
    *count = 0;
    for (int64_t step = run->first; step < run->last; step++) {
        int32_t plane = 0;
        for (int32_t number = 0; number < run->slices; number++) {
            const int64_t frame = frame_of(run, number, step);
            for (const int32_t last = plane + run->planes_of[number]; plane < last; plane++) {
                for (int32_t row = 0; frame >= 0 && row < run->rows; row++)
                    if (!vq_within(symbols_of(run, plane, frame)[row], 0, run->sizes[plane] - 1))
                        return VQ_SYMBOL;
                *count += frame >= 0 ? (uint64_t)run->rows : 0;
            }
        }
    }
    return VQ_DONE;
}

static bool read_numbers(const int64_t *numbers, encoding *run)
{
    if (!vq_within(numbers[FRAMES], 1, VQ_MOST_FRAMES) || !vq_within(numbers[ROWS], 1, VQ_MOST_ROWS)
        || !vq_within(numbers[CHANNELS], 1, 1 << 24) || !vq_within(numbers[FIRST_SLICE], 0, 4096)
        || !vq_within(numbers[SLICES], 1, 4096) || !vq_within(numbers[FIRST_STEP], 0, VQ_MOST_FRAMES)
        || !vq_within(numbers[LAST_STEP], numbers[FIRST_STEP], 2 * (int64_t)VQ_MOST_FRAMES))
        return false;
    run->first = numbers[FIRST_STEP], run->last = numbers[LAST_STEP], run->frames = numbers[FRAMES];
    run->rows = (int32_t)numbers[ROWS], run->channels = (int32_t)numbers[CHANNELS];
    run->first_slice = (int32_t)numbers[FIRST_SLICE], run->slices = (int32_t)numbers[SLICES];
    return true;
}

static bool read_buffers(const vq_buffer *buffers, encoding *run)
{
    if (!vq_has(&buffers[PLANES], (uint64_t)run->slices, sizeof(int32_t)))
        return false;
    run->planes_of = buffers[PLANES].data, run->sizes = buffers[SIZES].data, run->indices = buffers[INDICES].data;
    run->hidden = buffers[HIDDEN].data, run->words = buffers[WORDS].data, run->sink = buffers[SINK].data;
    for (int32_t number = 0; number < run->slices; number++) {
        if (!vq_within(run->planes_of[number], 1, 4096))
            return false;
        run->planes += run->planes_of[number];
    }
    const uint64_t rows = (uint64_t)run->rows, steps = (uint64_t)(run->last - run->first);
    return vq_has(&buffers[SIZES], (uint64_t)run->planes, sizeof(int32_t)) && vq_read_exp(&buffers[EXP], &run->with.exp)
        && vq_fits_heads(&run->heads, run->channels, run->sizes, run->planes, 1 << 15)
        && vq_has(&buffers[HIDDEN], (uint64_t)run->slices * steps * rows * (uint64_t)run->channels, sizeof(int16_t))
        && vq_has(&buffers[INDICES], (uint64_t)run->planes * (uint64_t)run->frames * rows, sizeof(int32_t))
        && vq_can_write(&buffers[SINK], 1, sizeof(vq_sink)) && run->sink->range >> 32;
}

/* encode_steps(steps first..last, frames, rows, channels, the first slice of the stream, how many; heads of its planes
 * with a choice, exp, planes int32 [slices], sizes int32 [P'], hidden int16 [slices][steps][rows][channels], words uint32,
 * sink, indices int32 [P'][frames][rows])
 *
 * There is room in `words` for one more of each symbol. */
vq_status vq_encode_steps(const vq_operations *operations, const vq_arguments *arguments)
{
    vq_arena arena = vq_arena_of(arguments->scratch);
    encoding run = {.with = {.operations = operations}};
    vq_status status = vq_read_stack(&arguments->buffers[HEADS], &arena, &run.heads);
    if (status != VQ_DONE)
        return status;
    if (!read_numbers(arguments->numbers, &run) || !read_buffers(arguments->buffers, &run))
        return VQ_REFUSED;
    uint64_t symbols;
    status = count_symbols(&run, &symbols);
    if (status != VQ_DONE)
        return status;
    if (!vq_has_room(run.sink, &arguments->buffers[WORDS], symbols))
        return VQ_REFUSED;
    run.with.room = vq_take_room(&arena, &(vq_stack){NULL, 0}, &run.heads);
    if (arena.is_full)
        return VQ_ROOM;
    for (int64_t step = run.first; step < run.last; step++)
        one_step(&run, step);
    return VQ_DONE;
}
