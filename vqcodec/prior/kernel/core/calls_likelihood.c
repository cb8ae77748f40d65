/* Likelihoods of a plane where activations are known. */
#include "heads.h"

/* What both functions take first: number of the head; heads, exp, hidden int16 [n][H]. */
enum { HEADS, EXP, HIDDEN };

typedef struct {
    vq_evaluation with;
    vq_stack heads;
    const vq_layer *head;
    int32_t rows;
} likelihood;

static vq_status read_likelihood(const vq_operations *operations, const vq_arguments *arguments, likelihood *out)
{
    const vq_buffer *buffers = arguments->buffers;
    vq_arena arena = vq_arena_of(arguments->scratch);
    const vq_status status = vq_read_stack(&buffers[HEADS], &arena, &out->heads);
    if (status != VQ_DONE)
        return status;
    if (!vq_within(arguments->numbers[0], 0, out->heads.count - 1))
        return VQ_REFUSED;
    out->head = &out->heads.layers[arguments->numbers[0]];
    const uint64_t inputs = (uint64_t)out->head->inputs, rows = buffers[HIDDEN].size / sizeof(int16_t) / inputs;
    if (!vq_read_exp(&buffers[EXP], &out->with.exp) || rows > INT32_MAX
        || !vq_has(&buffers[HIDDEN], rows * inputs, sizeof(int16_t)))
        return VQ_REFUSED;
    out->rows = (int32_t)rows;
    out->with.operations = operations;
    out->with.room = vq_take_room(&arena, &(vq_stack){NULL, 0}, &out->heads);
    return arena.is_full ? VQ_ROOM : VQ_DONE;
}

/* costs(number of the head; heads, exp, hidden int16 [n][H], logarithms int32 [2^12 + 1], costs float32 [n][K])
 *
 * Code lengths of all symbols: see `code_lengths` in exact.py. */
vq_status vq_costs(const vq_operations *operations, const vq_arguments *arguments)
{
    enum { LOGARITHMS = HIDDEN + 1, COSTS };
    const vq_buffer *buffers = arguments->buffers;
    likelihood of;
    const vq_status status = read_likelihood(operations, arguments, &of);
    if (status != VQ_DONE)
        return status;
    if (!vq_has(&buffers[LOGARITHMS], (1 << LOGARITHM_BITS) + 1, sizeof(int32_t))
        || !vq_can_write(&buffers[COSTS], (uint64_t)of.rows * (uint64_t)of.head->outputs, sizeof(float)))
        return VQ_REFUSED;
    vq_cost_rows(&of.with, of.head, buffers[HIDDEN].data, of.rows, buffers[LOGARITHMS].data, buffers[COSTS].data);
    return VQ_DONE;
}

/* chances(number of the head; heads, exp, hidden int16 [n][H], symbols int32 [n], frequencies uint32 [n])
 *
 * Frequencies of the symbols. */
vq_status vq_chances(const vq_operations *operations, const vq_arguments *arguments)
{
    enum { SYMBOLS = HIDDEN + 1, FREQUENCIES };
    const vq_buffer *buffers = arguments->buffers;
    likelihood of;
    const vq_status status = read_likelihood(operations, arguments, &of);
    if (status != VQ_DONE)
        return status;
    if (!vq_has(&buffers[SYMBOLS], (uint64_t)of.rows, sizeof(int32_t))
        || !vq_can_write(&buffers[FREQUENCIES], (uint64_t)of.rows, sizeof(uint32_t)))
        return VQ_REFUSED;
    const int32_t *symbols = buffers[SYMBOLS].data;
    for (int32_t row = 0; row < of.rows; row++)
        if (!vq_within(symbols[row], 0, of.head->outputs - 1))
            return VQ_SYMBOL;
    vq_chance_rows(&of.with, of.head, buffers[HIDDEN].data, of.rows, symbols, buffers[FREQUENCIES].data);
    return VQ_DONE;
}
