/* Buffers and numbers of a call, checked. */
#ifndef VQ_CHECKS_H
#define VQ_CHECKS_H

#include "layer.h"

/* Scratch memory, given out piece by piece. */
typedef struct {
    char *next;
    size_t left;
    bool is_full; /* a piece did not fit */
} vq_arena;

vq_arena vq_arena_of(vq_buffer scratch);

/* `count` things of `size` bytes, for any type; NULL if there is no room. */
void *vq_take(vq_arena *arena, size_t count, size_t size);

/* Whether a buffer has `count` things of `size` bytes; counts are not negative. */
bool vq_has(const vq_buffer *buffer, uint64_t count, size_t size);
bool vq_can_write(const vq_buffer *buffer, uint64_t count, size_t size);

static inline bool vq_within(int64_t number, int64_t low, int64_t high)
{
    return low <= number && number <= high;
}

/* The layers that a buffer holds, in memory of the arena: VQ_DONE, VQ_REFUSED or VQ_ROOM. */
vq_status vq_read_stack(const vq_buffer *buffer, vq_arena *arena, vq_stack *stack);

/* exp [401] int32, from 2^16 down to 0; and with it tanh and sigmoid, [2][511] int16. */
bool vq_read_exp(const vq_buffer *buffer, const int32_t **exp);
bool vq_read_tables(const vq_buffer *gates, const vq_buffer *exp, vq_tables *tables);

/* Whether layers fit on top of each other and give gates: `inputs` into the first, `taps` times its half into others. */
bool vq_is_gated(const vq_stack *stack, int64_t inputs, int32_t taps, int64_t rate_point);

/* Whether there is one head for each alphabet above 1, of as many outputs; sizes are 1..most. */
bool vq_fits_heads(const vq_stack *heads, int32_t inputs, const int32_t *sizes, int32_t planes, int64_t most);

/* The most columns and the most inputs (rounded up to pairs) of a layer. */
int32_t vq_widest(const vq_stack *stack);
int32_t vq_longest(const vq_stack *stack);

#endif
