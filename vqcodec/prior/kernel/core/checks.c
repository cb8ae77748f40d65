#include "checks.h"

enum { ALIGNMENT = 32, MOST_WIDTH = 1 << 24, MOST_SHIFT = 20, MOST_OFFSET = 1 << 24, MOST_EXP = 1 << 16 };

vq_arena vq_arena_of(vq_buffer scratch)
{
    const size_t skipped = (ALIGNMENT - (uintptr_t)scratch.data % ALIGNMENT) % ALIGNMENT;
    if (scratch.size < skipped)
        return (vq_arena){NULL, 0, true};
    return (vq_arena){(char *)scratch.data + skipped, scratch.size - skipped, false};
}

void *vq_take(vq_arena *arena, size_t count, size_t size)
{
    if (arena->is_full || count > arena->left / size) {
        arena->is_full = true;
        return NULL;
    }
    size_t bytes = count * size;
    bytes += (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT;
    void *piece = arena->next;
    if (bytes > arena->left) {
        arena->is_full = true;
        return NULL;
    }
    arena->next += bytes;
    arena->left -= bytes;
    return piece;
}

bool vq_has(const vq_buffer *buffer, uint64_t count, size_t size)
{
    return buffer->size / size == count && buffer->size % size == 0;
}

bool vq_can_write(const vq_buffer *buffer, uint64_t count, size_t size)
{
    return buffer->writable && vq_has(buffer, count, size);
}

/* The layer that begins at *at, which moves behind it. */
static bool read_layer(const int32_t **at, const int32_t *end, vq_layer *layer)
{
    if (end - *at < 3)
        return false;
    layer->inputs = (*at)[0], layer->outputs = (*at)[1], layer->rate_points = (*at)[2];
    *at += 3;
    if (!vq_within(layer->inputs, 1, MOST_WIDTH) || !vq_within(layer->outputs, 1, MOST_WIDTH)
        || !vq_within(layer->rate_points, 1, 256))
        return false;
    layer->pairs = (layer->inputs + 1) / 2;
    layer->columns = (layer->outputs + VQ_PANEL - 1) / VQ_PANEL * VQ_PANEL;
    const int64_t head = ((int64_t)layer->rate_points + 1) * layer->columns;
    const int64_t weights = (int64_t)layer->columns * layer->pairs / 2; /* in int32 */
    if (end - *at < head || end - *at - head < weights)
        return false;
    layer->offsets = *at;
    layer->shifts = *at + (ptrdiff_t)layer->rate_points * layer->columns;
    layer->weights = (const int8_t *)(*at + head);
    *at += head + weights;
    bool fits = true;
    for (int32_t i = 0; i < layer->columns; i++)
        fits &= vq_within(layer->shifts[i], 0, MOST_SHIFT);
    for (int64_t i = 0; i < (int64_t)layer->rate_points * layer->columns; i++)
        fits &= vq_within(layer->offsets[i], -MOST_OFFSET, MOST_OFFSET);
    return fits;
}

vq_status vq_read_stack(const vq_buffer *buffer, vq_arena *arena, vq_stack *stack)
{
    const int32_t *at = buffer->data, *end = at ? at + buffer->size / sizeof *at : at;
    if (buffer->size % sizeof *at || (uintptr_t)at % sizeof *at || at == end)
        return VQ_REFUSED;
    stack->count = *at++;
    if (stack->count < 0 || stack->count > end - at)
        return VQ_REFUSED;
    vq_layer *layers = vq_take(arena, (size_t)stack->count, sizeof *layers);
    if (arena->is_full)
        return VQ_ROOM;
    stack->layers = layers;
    for (int32_t number = 0; number < stack->count; number++)
        if (!read_layer(&at, end, &layers[number]))
            return VQ_REFUSED;
    return at == end ? VQ_DONE : VQ_REFUSED;
}

bool vq_read_exp(const vq_buffer *buffer, const int32_t **exp)
{
    if (!vq_has(buffer, EXP_RANGE + 1, sizeof(int32_t)))
        return false;
    *exp = buffer->data;
    for (int32_t i = 0; i <= EXP_RANGE; i++)
        if (!vq_within((*exp)[i], 0, MOST_EXP))
            return false;
    return (*exp)[0] == MOST_EXP;
}

bool vq_read_tables(const vq_buffer *gates, const vq_buffer *exp, vq_tables *tables)
{
    const size_t gate = 2 * GATE_RANGE + 1;
    if (!vq_has(gates, 2 * gate, sizeof(int16_t)))
        return false;
    tables->tanh = gates->data;
    tables->sigmoid = tables->tanh + gate;
    return vq_read_exp(exp, &tables->exp);
}

bool vq_is_gated(const vq_stack *stack, int64_t inputs, int32_t taps, int64_t rate_point)
{
    for (int32_t number = 0; number < stack->count; number++) {
        const vq_layer *layer = &stack->layers[number];
        if (layer->inputs != inputs || layer->outputs != stack->layers[0].outputs || layer->outputs % 2
            || !vq_within(rate_point, 0, layer->rate_points - 1))
            return false;
        inputs = (int64_t)taps * (layer->outputs / 2);
    }
    return stack->count > 0;
}

bool vq_fits_heads(const vq_stack *heads, int32_t inputs, const int32_t *sizes, int32_t planes, int64_t most)
{
    int32_t found = 0;
    for (int32_t plane = 0; plane < planes; plane++) {
        if (!vq_within(sizes[plane], 1, most))
            return false;
        if (sizes[plane] == 1)
            continue;
        if (found == heads->count || heads->layers[found].inputs != inputs
            || heads->layers[found].outputs != sizes[plane])
            return false;
        found++;
    }
    return found == heads->count;
}

int32_t vq_widest(const vq_stack *stack)
{
    int32_t most = 0;
    for (int32_t number = 0; number < stack->count; number++)
        most = stack->layers[number].columns > most ? stack->layers[number].columns : most;
    return most;
}

int32_t vq_longest(const vq_stack *stack)
{
    int32_t most = 0;
    for (int32_t number = 0; number < stack->count; number++)
        most = stack->layers[number].pairs > most ? stack->layers[number].pairs : most;
    return 2 * most;
}
