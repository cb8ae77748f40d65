/* Sound, decoded or drawn step by step: all slices advance together. */
#include "dilated.h"

/* numbers and buffers of decode_steps */
enum { RATE_POINT, FIRST_STEP, LAST_STEP, FRAMES, ROWS, SLICES, ALPHABET, DIMENSION };
enum {
    LAYERS,
    HEADS,
    GATES,
    EXP,
    DILATIONS,
    PLANES,
    SIZES,
    CODES,
    STREAMS,
    WORDS,
    BOUNDS,
    SOURCES,
    WINDOW,
    MEMORY,
    INDICES
};

typedef struct {
    vq_evaluation with;
    vq_tables tables;
    vq_stack layers, heads;
    vq_dilated *slices;
    vq_window window;
    int32_t count, rate_point, rows, planes, alphabet, dimension;
    int64_t frames;
    const int32_t *planes_of, *sizes, *streams;
    const int8_t *codes;
    const uint32_t *words;
    const int64_t *bounds;
    vq_source *sources;
    int16_t *hidden;
    int32_t *symbols, *indices;
} decoding;

/* Keep the indices of a plane at a frame, and their values for the frames that follow. */
static void put(const decoding *run, int32_t plane, int64_t frame)
{
    const int32_t total = run->planes * run->dimension;
    int8_t *values = vq_frame(&run->window, frame, (int64_t)run->rows * total) + (ptrdiff_t)plane * run->dimension;
    for (int32_t row = 0; row < run->rows; row++, values += total) {
        const int32_t index = run->sizes[plane] == 1 ? 0 : run->symbols[row];
        const int8_t *code = run->codes + ((ptrdiff_t)plane * run->alphabet + index) * run->dimension;
        run->indices[((ptrdiff_t)plane * run->frames + frame) * run->rows + row] = index;
        for (int32_t i = 0; i < run->dimension; i++)
            values[i] = code[i];
    }
}

static vq_status one_frame(const decoding *run, int32_t number, int32_t plane, const vq_layer *head, int64_t frame)
{
    vq_dilated_frames(
        &run->with, &run->tables, &run->slices[number], run->rate_point, &run->window, frame, 1, run->hidden);
    const int32_t stream = run->streams[number], last = plane + run->planes_of[number];
    const uint32_t *words = run->words + run->bounds[stream];
    const uint64_t size = (uint64_t)(run->bounds[stream + 1] - run->bounds[stream]);
    for (; plane < last; plane++) {
        if (run->sizes[plane] > 1) {
            const vq_status status = vq_decode_rows(
                &run->with, head++, run->hidden, run->rows, &run->sources[stream], words, size, run->symbols, 1);
            if (status != VQ_DONE)
                return status;
        }
        put(run, plane, frame);
    }
    return VQ_DONE;
}

/* All slices that are at a frame of the recording; each is VQ_LAG frames behind the one before it. */
static vq_status one_step(const decoding *run, int64_t step)
{
    const int64_t size = (int64_t)run->rows * run->planes * run->dimension;
    int8_t *newest = vq_frame(&run->window, step, size);
    for (int64_t i = 0; i < size; i++)
        newest[i] = 0;
    const vq_layer *head = run->heads.layers;
    int32_t plane = 0;
    for (int32_t number = 0; number < run->count; number++) {
        const int64_t frame = step - (int64_t)VQ_LAG * number;
        if (frame >= 0 && frame < run->frames) {
            const vq_status status = one_frame(run, number, plane, head, frame);
            if (status != VQ_DONE)
                return status;
        }
        for (const int32_t last = plane + run->planes_of[number]; plane < last; plane++)
            head += run->sizes[plane] > 1;
    }
    return VQ_DONE;
}

static bool read_numbers(const int64_t *numbers, decoding *run)
{
    if (!vq_within(numbers[FRAMES], 1, VQ_MOST_FRAMES) || !vq_within(numbers[ROWS], 1, VQ_MOST_ROWS)
        || !vq_within(numbers[SLICES], 1, 4096) || !vq_within(numbers[ALPHABET], 1, 1 << 15)
        || !vq_within(numbers[DIMENSION], 1, 1 << 20) || !vq_within(numbers[FIRST_STEP], 0, VQ_MOST_FRAMES)
        || !vq_within(numbers[LAST_STEP], numbers[FIRST_STEP], numbers[FRAMES] + VQ_LAG * (numbers[SLICES] - 1)))
        return false;
    run->frames = numbers[FRAMES], run->rows = (int32_t)numbers[ROWS], run->count = (int32_t)numbers[SLICES];
    run->alphabet = (int32_t)numbers[ALPHABET], run->dimension = (int32_t)numbers[DIMENSION];
    return true;
}

/* The planes of the slices; at least one each, as many as there are alphabets. */
static bool read_planes(const vq_buffer *buffers, decoding *run)
{
    if (!vq_has(&buffers[PLANES], (uint64_t)run->count, sizeof(int32_t)))
        return false;
    run->planes_of = buffers[PLANES].data, run->sizes = buffers[SIZES].data, run->codes = buffers[CODES].data;
    for (int32_t number = 0; number < run->count; number++) {
        if (!vq_within(run->planes_of[number], 1, 4096))
            return false;
        run->planes += run->planes_of[number];
    }
    return (int64_t)run->planes * run->dimension <= VQ_MOST_VALUES
        && vq_has(&buffers[SIZES], (uint64_t)run->planes, sizeof(int32_t))
        && vq_has(&buffers[CODES], (uint64_t)run->planes * (uint64_t)run->alphabet * (uint64_t)run->dimension, 1);
}

static bool read_streams(const vq_buffer *buffers, decoding *run)
{
    const uint64_t streams = buffers[SOURCES].size / sizeof(vq_source), words = buffers[WORDS].size / sizeof(uint32_t);
    if (!streams || streams > 256 || !vq_can_write(&buffers[SOURCES], streams, sizeof(vq_source))
        || !vq_has(&buffers[BOUNDS], streams + 1, sizeof(int64_t)) || !vq_has(&buffers[WORDS], words, sizeof(uint32_t))
        || !vq_has(&buffers[STREAMS], (uint64_t)run->count, sizeof(int32_t)))
        return false;
    run->words = buffers[WORDS].data, run->bounds = buffers[BOUNDS].data, run->sources = buffers[SOURCES].data;
    run->streams = buffers[STREAMS].data;
    for (uint64_t stream = 0; stream < streams; stream++)
        if (!vq_within(run->bounds[stream], 0, run->bounds[stream + 1])
            || !vq_within(run->bounds[stream + 1], 0, (int64_t)words) || !(run->sources[stream].range >> 32))
            return false;
    for (int32_t number = 0; number < run->count; number++)
        if (!vq_within(run->streams[number], 0, (int64_t)streams - 1))
            return false;
    return true;
}

/* The networks of all slices, one behind the other, and what each remembers. */
static bool read_slices(const vq_arguments *arguments, decoding *run)
{
    const vq_buffer *buffers = arguments->buffers;
    const int32_t depth = run->layers.count / run->count;
    if (!depth || run->layers.count % run->count || !vq_has(&buffers[DILATIONS], (uint64_t)depth - 1, sizeof(int32_t)))
        return false;
    const int32_t *dilations = buffers[DILATIONS].data, channels = run->layers.layers->outputs / 2;
    const uint64_t each = vq_memory(dilations, depth - 1, run->rows, channels);
    if ((depth > 1 && !each) || !vq_can_write(&buffers[MEMORY], (uint64_t)run->count * each, sizeof(int16_t)))
        return false;
    int32_t begin = 0;
    for (int32_t number = 0; number < run->count; number++) {
        const int32_t own = run->planes_of[number] * run->dimension;
        run->slices[number] = (vq_dilated){
            run->layers.layers + (ptrdiff_t)number * depth, dilations, depth, channels, begin, own,
            run->planes * run->dimension, run->rows, (int16_t *)buffers[MEMORY].data + (ptrdiff_t)number * (ptrdiff_t)each};
        if (!vq_fits_dilated(&run->slices[number], arguments->numbers[RATE_POINT]))
            return false;
        begin += own;
    }
    run->rate_point = (int32_t)arguments->numbers[RATE_POINT];
    return vq_fits_heads(&run->heads, channels, run->sizes, run->planes, run->alphabet)
        && vq_read_tables(&buffers[GATES], &buffers[EXP], &run->tables);
}

static bool read_memory(const vq_buffer *buffers, decoding *run)
{
    const uint64_t frame = (uint64_t)run->rows * (uint64_t)(run->planes * run->dimension);
    run->window = (vq_window){buffers[WINDOW].data, -2 - (int64_t)VQ_LAG * run->count, VQ_LAG * run->count + 4};
    run->indices = buffers[INDICES].data;
    return vq_can_write(&buffers[WINDOW], (uint64_t)run->window.frames * frame, sizeof(int8_t))
        && vq_can_write(
            &buffers[INDICES], (uint64_t)run->planes * (uint64_t)run->frames * (uint64_t)run->rows, sizeof(int32_t));
}

/* decode_steps(rate point, steps first..last, frames, rows, slices, codes of a plane, dimension; layers of all slices, one
 * behind the other, heads of all planes with a choice, gates, exp, dilations int32, planes int32 [slices], sizes int32
 * [P], codes int8 [P][K][D], streams int32 [slices], words uint32 of all streams, their bounds int64 [streams + 1],
 * sources [streams], window int8 [2 slices + 4][rows][P D], memory int16 [slices][...], indices int32 [P][frames][rows])
 *
 * Window and memory are zeros before step 0. */
vq_status vq_decode_steps(const vq_operations *operations, const vq_arguments *arguments)
{
    const vq_buffer *buffers = arguments->buffers;
    vq_arena arena = vq_arena_of(arguments->scratch);
    decoding run = {.with = {.operations = operations}};
    vq_status status = vq_read_stack(&buffers[LAYERS], &arena, &run.layers);
    if (status == VQ_DONE)
        status = vq_read_stack(&buffers[HEADS], &arena, &run.heads);
    if (status != VQ_DONE)
        return status;
    if (!run.layers.count || !read_numbers(arguments->numbers, &run) || !read_planes(buffers, &run)
        || !read_streams(buffers, &run))
        return VQ_REFUSED;
    run.slices = vq_take(&arena, (size_t)run.count, sizeof *run.slices);
    if (arena.is_full)
        return VQ_ROOM;
    if (!read_slices(arguments, &run) || !read_memory(buffers, &run))
        return VQ_REFUSED;
    run.with.exp = run.tables.exp;
    run.with.room = vq_take_room(&arena, &run.layers, &run.heads);
    run.hidden = vq_take(&arena, (size_t)run.rows * (size_t)run.slices->channels, sizeof(int16_t));
    run.symbols = vq_take(&arena, (size_t)run.rows, sizeof(int32_t));
    if (arena.is_full)
        return VQ_ROOM;
    for (int64_t step = arguments->numbers[FIRST_STEP]; step < arguments->numbers[LAST_STEP] && status == VQ_DONE; step++)
        status = one_step(&run, step);
    return status;
}
