#include "heads.h"

vq_room vq_take_room(vq_arena *arena, const vq_stack *layers, const vq_stack *heads)
{
    const int32_t longest[2] = {vq_longest(layers), vq_longest(heads)};
    const int32_t widest[2] = {vq_widest(layers), vq_widest(heads)};
    const size_t inputs = (size_t)(longest[0] > longest[1] ? longest[0] : longest[1]);
    const size_t outputs = (size_t)(widest[0] > widest[1] ? widest[0] : widest[1]);
    return (vq_room){
        vq_take(arena, VQ_ROWS * inputs, sizeof(int16_t)),
        vq_take(arena, VQ_ROWS * outputs, sizeof(int32_t)),
        vq_take(arena, outputs, sizeof(uint32_t)),
    };
}

bool vq_has_room(const vq_sink *sink, const vq_buffer *words, uint64_t symbols)
{
    const uint64_t capacity = words->size / sizeof(uint32_t);
    return vq_can_write(words, capacity, sizeof(uint32_t)) && sink->count <= capacity
        && symbols <= capacity - sink->count;
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Logits of at most VQ_ROWS positions, into the room. */
static void logits_of(const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows)
{
    int16_t *x = with->room.x;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < head->inputs; i++)
            *x++ = *hidden++;
        if (head->inputs % 2)
            *x++ = 0;
    }
    vq_multiply(with->operations, head, 0, with->room.x, rows, with->room.y);
}

/* Frequencies of one of these positions, into the room. */
static const uint32_t *frequencies_of(const vq_evaluation *with, const vq_layer *head, int32_t row)
{
    const int32_t *logits = with->room.y + (ptrdiff_t)row * head->columns;
    with->operations->softmax(logits, head->outputs, with->exp, with->room.frequencies);
    return with->room.frequencies;
}

vq_status vq_decode_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, vq_source *source,
    const uint32_t *words, uint64_t size, int32_t *symbols, ptrdiff_t step)
{
    for (int32_t first = 0; first < rows; first += VQ_ROWS) {
        const int32_t count = least(VQ_ROWS, rows - first);
        logits_of(with, head, hidden + (ptrdiff_t)first * head->inputs, count);
        for (int32_t row = 0; row < count; row++) {
            const uint32_t *frequencies = frequencies_of(with, head, row);
            const vq_status status =
                vq_decode(source, words, size, frequencies, head->outputs, symbols + (first + row) * step);
            if (status != VQ_DONE)
                return status;
        }
    }
    return VQ_DONE;
}

void vq_encode_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, vq_sink *sink,
    uint32_t *words, const int32_t *symbols, ptrdiff_t step)
{
    for (int32_t first = 0; first < rows; first += VQ_ROWS) {
        const int32_t count = least(VQ_ROWS, rows - first);
        logits_of(with, head, hidden + (ptrdiff_t)first * head->inputs, count);
        for (int32_t row = 0; row < count; row++)
            vq_encode(sink, words, frequencies_of(with, head, row), symbols[(first + row) * step]);
    }
}

void vq_chance_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, const int32_t *symbols,
    uint32_t *chances)
{
    for (int32_t first = 0; first < rows; first += VQ_ROWS) {
        const int32_t count = least(VQ_ROWS, rows - first);
        logits_of(with, head, hidden + (ptrdiff_t)first * head->inputs, count);
        for (int32_t row = 0; row < count; row++)
            chances[first + row] = frequencies_of(with, head, row)[symbols[first + row]];
    }
}

void vq_cost_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, const int32_t *logarithms,
    float *costs)
{
    for (int32_t first = 0; first < rows; first += VQ_ROWS) {
        const int32_t count = least(VQ_ROWS, rows - first);
        logits_of(with, head, hidden + (ptrdiff_t)first * head->inputs, count);
        for (int32_t row = 0; row < count; row++) {
            with->operations->code_lengths(frequencies_of(with, head, row), head->outputs, logarithms, costs);
            costs += head->outputs;
        }
    }
}
