/* A stream of a picture, encoded a diagonal at a time from known activations. */
#include "heads.h"
#include "wavefront.h"

/* numbers */
enum { HEIGHT, WIDTH, FIRST_T, LAST_T, PLANES, CHANNELS };
/* buffers */
enum { HEADS, EXP, SIZES, HIDDEN, WORDS, SINK, INDICES };

typedef struct {
    vq_evaluation with;
    vq_stack heads;
    int32_t height, width, planes, channels;
    const int32_t *sizes, *indices;
    const int16_t *hidden;
    int16_t *diagonal; /* hidden activations [height][channels] */
    uint32_t *words;
    vq_sink *sink;
} encoding;

static void one_diagonal(const encoding *run, int32_t t)
{
    const vq_rows rows = vq_rows_of(t, run->height, run->width);
    int16_t *x = run->diagonal;
    for (int32_t row = rows.first; row < rows.last; row++) {
        const int16_t *own = run->hidden + vq_position(t, row, run->width) * run->channels;
        for (int32_t i = 0; i < run->channels; i++)
            *x++ = own[i];
    }
    const vq_layer *head = run->heads.layers;
    for (int32_t plane = 0; plane < run->planes; plane++) {
        if (run->sizes[plane] == 1)
            continue;
        const int32_t *symbols =
            run->indices + (ptrdiff_t)plane * run->height * run->width + vq_position(t, rows.first, run->width);
        vq_encode_rows(
            &run->with, head++, run->diagonal, rows.last - rows.first, run->sink, run->words, symbols,
            (ptrdiff_t)run->width - 2);
    }
}

/* Symbols of these diagonals; each takes a word at most. VQ_SYMBOL for one that is outside of its alphabet. */
static vq_status count_symbols(const encoding *run, const int64_t *numbers, uint64_t *count)
{
    *count = 0;
    for (int32_t t = (int32_t)numbers[FIRST_T]; t < numbers[LAST_T]; t++) {
        const vq_rows rows = vq_rows_of(t, run->height, run->width);
        *count += (uint64_t)(rows.last - rows.first) * (uint64_t)run->heads.count;
        for (int32_t plane = 0; plane < run->planes; plane++)
            for (int32_t row = rows.first; row < rows.last; row++)
                if (!vq_within(
                        run->indices[(ptrdiff_t)plane * run->height * run->width + vq_position(t, row, run->width)], 0,
                        run->sizes[plane] - 1))
                    return VQ_SYMBOL;
    }
    return VQ_DONE;
}

static bool read_encoding(const vq_arguments *arguments, encoding *run)
{
    const int64_t *numbers = arguments->numbers;
    const vq_buffer *buffers = arguments->buffers;
    if (!vq_within(numbers[HEIGHT], 1, 1 << 24) || !vq_within(numbers[WIDTH], 1, 1 << 24)
        || !vq_within(numbers[FIRST_T], 0, 1 << 26) || !vq_within(numbers[LAST_T], numbers[FIRST_T], 1 << 26)
        || numbers[LAST_T] > numbers[WIDTH] + 2 * (numbers[HEIGHT] - 1) || !vq_within(numbers[PLANES], 1, 4096)
        || !vq_within(numbers[CHANNELS], 1, 1 << 24))
        return false;
    run->height = (int32_t)numbers[HEIGHT], run->width = (int32_t)numbers[WIDTH];
    run->planes = (int32_t)numbers[PLANES], run->channels = (int32_t)numbers[CHANNELS];
    run->sizes = buffers[SIZES].data, run->indices = buffers[INDICES].data, run->hidden = buffers[HIDDEN].data;
    run->words = buffers[WORDS].data, run->sink = buffers[SINK].data;
    const uint64_t positions = (uint64_t)run->height * (uint64_t)run->width;
    return vq_read_exp(&buffers[EXP], &run->with.exp)
        && vq_has(&buffers[SIZES], (uint64_t)run->planes, sizeof(int32_t))
        && vq_fits_heads(&run->heads, run->channels, run->sizes, run->planes, 1 << 15)
        && vq_has(&buffers[HIDDEN], positions * (uint64_t)run->channels, sizeof(int16_t))
        && vq_has(&buffers[INDICES], positions * (uint64_t)run->planes, sizeof(int32_t))
        && vq_can_write(&buffers[SINK], 1, sizeof(vq_sink)) && run->sink->range >> 32;
}

/* encode_diagonals(height, width, diagonals first..last, planes, channels; heads of the planes with a choice, exp, sizes
 * int32 [planes], hidden int16 [h w][channels], words uint32, sink, indices int32 [planes][h w])
 *
 * There is room in `words` for one more of each symbol. */
vq_status vq_encode_diagonals(const vq_operations *operations, const vq_arguments *arguments)
{
    vq_arena arena = vq_arena_of(arguments->scratch);
    encoding run = {.with = {.operations = operations}};
    vq_status status = vq_read_stack(&arguments->buffers[HEADS], &arena, &run.heads);
    if (status != VQ_DONE)
        return status;
    if (!read_encoding(arguments, &run))
        return VQ_REFUSED;
    uint64_t symbols;
    status = count_symbols(&run, arguments->numbers, &symbols);
    if (status != VQ_DONE)
        return status;
    if (!vq_has_room(run.sink, &arguments->buffers[WORDS], symbols))
        return VQ_REFUSED;
    run.with.room = vq_take_room(&arena, &(vq_stack){NULL, 0}, &run.heads);
    run.diagonal = vq_take(&arena, (size_t)run.height * (size_t)run.channels, sizeof(int16_t));
    if (arena.is_full)
        return VQ_ROOM;
    for (int64_t t = arguments->numbers[FIRST_T]; t < arguments->numbers[LAST_T]; t++)
        one_diagonal(&run, (int32_t)t);
    return VQ_DONE;
}
