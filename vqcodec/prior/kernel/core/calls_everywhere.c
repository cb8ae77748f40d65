/* A gated layer at every position of a picture's planes, from what is known of its neighbours. */
#include "heads.h"
#include "planes.h"

/* numbers */
enum { RATE_POINT, NUMBER, IS_CAUSAL, HEIGHT, WIDTH, FIRST_ROW, LAST_ROW, BEGIN, CHANNELS, STRIDE };
/* buffers */
enum { LAYERS, GATES, EXP, INPUT, CONTEXT, OUT };

typedef struct {
    vq_evaluation with;
    vq_tables tables;
    const vq_layer *layer;
    int32_t rate_point, height, width, taps;
    const vq_tap *tap;
    bool is_residual;
    vq_plane input, context; /* without a context, that has no channels */
    int16_t *out;
} everywhere;

static void one_row(const everywhere *all, int32_t i, int32_t first, int32_t count)
{
    const vq_layer *layer = all->layer;
    const int32_t channels = layer->outputs / 2;
    int16_t *x = all->with.room.x;
    for (int32_t j = first; j < first + count; j++) {
        for (int32_t tap = 0; tap < all->taps; tap++) {
            const int32_t row = i + all->tap[tap].row, column = j + all->tap[tap].column;
            const bool is_inside = row >= 0 && row < all->height && column >= 0 && column < all->width;
            x = is_inside ? vq_copy(&all->input, (ptrdiff_t)row * all->width + column, x)
                          : vq_zeros(all->input.channels, x);
        }
        if (all->context.channels)
            x = vq_copy(&all->context, (ptrdiff_t)i * all->width + j, x);
        if (layer->inputs % 2)
            *x++ = 0;
    }
    vq_multiply(all->with.operations, layer, all->rate_point, all->with.room.x, count, all->with.room.y);
    for (int32_t row = 0; row < count; row++) {
        const ptrdiff_t position = (ptrdiff_t)i * all->width + first + row;
        const int16_t *own = all->is_residual ? all->input.activations + position * channels : NULL;
        vq_gate(
            all->with.room.y + (ptrdiff_t)row * layer->columns, channels, own, &all->tables,
            all->out + position * channels);
    }
}

/* The input of the layer, checked. */
static bool read_input(const vq_arguments *arguments, everywhere *all, uint64_t positions)
{
    const int64_t *numbers = arguments->numbers;
    const vq_buffer *buffers = arguments->buffers;
    const int32_t channels = all->layer->outputs / 2;
    if (numbers[NUMBER]) {
        all->is_residual = true;
        all->input = (vq_plane){NULL, buffers[INPUT].data, 0, channels, channels};
        return vq_has(&buffers[INPUT], positions * (uint64_t)channels, sizeof(int16_t))
            && all->layer->inputs == (int64_t)all->taps * channels && !buffers[CONTEXT].size;
    }
    const int64_t beside = all->layer->inputs - all->taps * numbers[CHANNELS];
    if (beside < 0 || beside > all->layer->inputs)
        return false;
    all->input = (vq_plane){
        buffers[INPUT].data, NULL, (int32_t)numbers[BEGIN], (int32_t)numbers[CHANNELS], (int32_t)numbers[STRIDE]};
    all->context = (vq_plane){NULL, buffers[CONTEXT].data, 0, (int32_t)beside, (int32_t)beside};
    return vq_has(&buffers[INPUT], positions * (uint64_t)numbers[STRIDE], sizeof(int8_t))
        && vq_has(&buffers[CONTEXT], positions * (uint64_t)beside, sizeof(int16_t));
}

static bool read_numbers(const int64_t *numbers)
{
    return vq_within(numbers[HEIGHT], 1, 1 << 24) && vq_within(numbers[WIDTH], 1, 1 << 24)
        && vq_within(numbers[FIRST_ROW], 0, numbers[HEIGHT])
        && vq_within(numbers[LAST_ROW], numbers[FIRST_ROW], numbers[HEIGHT])
        && vq_within(numbers[STRIDE], 1, 1 << 24) && vq_within(numbers[BEGIN], 0, numbers[STRIDE])
        && vq_within(numbers[CHANNELS], 0, numbers[STRIDE] - numbers[BEGIN]);
}

/* everywhere(rate point, number of the layer, whether it is causal, height, width, rows first..last; and, for the first
 * layer, the channels that it sees: begin, how many, of how many; layers, gates, exp, input, context, out)
 *
 * The input of the first layer is values int8 [h w][stride], that of others activations int16 [h w][channels]; only a
 * first causal layer may have a context int16 [h w][C]. Rows first..last of out int16 [h w][channels] are written. */
vq_status vq_everywhere(const vq_operations *operations, const vq_arguments *arguments)
{
    const int64_t *numbers = arguments->numbers;
    const vq_buffer *buffers = arguments->buffers;
    vq_arena arena = vq_arena_of(arguments->scratch);
    everywhere all = {.with = {.operations = operations}};
    vq_stack stack;
    const vq_status status = vq_read_stack(&buffers[LAYERS], &arena, &stack);
    if (status != VQ_DONE)
        return status;
    if (!read_numbers(numbers) || !vq_read_tables(&buffers[GATES], &buffers[EXP], &all.tables)
        || !vq_within(numbers[NUMBER], 0, stack.count - 1))
        return VQ_REFUSED;
    all.layer = &stack.layers[numbers[NUMBER]];
    all.height = (int32_t)numbers[HEIGHT], all.width = (int32_t)numbers[WIDTH];
    all.tap = numbers[IS_CAUSAL] ? vq_causal : vq_around;
    all.taps = numbers[IS_CAUSAL] ? (numbers[NUMBER] ? 5 : 4) : 9;
    const uint64_t positions = (uint64_t)all.height * (uint64_t)all.width;
    if (!vq_within(numbers[RATE_POINT], 0, all.layer->rate_points - 1) || all.layer->outputs % 2
        || !read_input(arguments, &all, positions)
        || !vq_can_write(&buffers[OUT], positions * (uint64_t)(all.layer->outputs / 2), sizeof(int16_t)))
        return VQ_REFUSED;
    all.rate_point = (int32_t)numbers[RATE_POINT];
    all.out = buffers[OUT].data;
    all.with.room = vq_take_room(&arena, &stack, &(vq_stack){NULL, 0});
    if (arena.is_full)
        return VQ_ROOM;
    for (int32_t i = (int32_t)numbers[FIRST_ROW]; i < numbers[LAST_ROW]; i++)
        for (int32_t first = 0; first < all.width; first += VQ_ROWS)
            one_row(&all, i, first, all.width - first < VQ_ROWS ? all.width - first : VQ_ROWS);
    return VQ_DONE;
}
