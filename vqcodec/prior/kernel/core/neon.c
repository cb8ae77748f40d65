/* The operations for 64-bit ARM, all of which has NEON. */
#if defined(__aarch64__) || defined(_M_ARM64)

#include "layer.h"
#include <arm_neon.h>

/* Sixteen weights of an input, as int16. */
typedef struct {
    int16x8_t low, high;
} weights16;

static inline weights16 widened(int8x16_t weights)
{
    return (weights16){vmovl_s8(vget_low_s8(weights)), vmovl_high_s8(weights)};
}

/* The sums of a panel. */
typedef struct {
    int32x4_t parts[4];
} sums16;

static inline void add(sums16 *sums, weights16 weights, int16_t x)
{
    sums->parts[0] = vmlal_n_s16(sums->parts[0], vget_low_s16(weights.low), x);
    sums->parts[1] = vmlal_high_n_s16(sums->parts[1], weights.low, x);
    sums->parts[2] = vmlal_n_s16(sums->parts[2], vget_low_s16(weights.high), x);
    sums->parts[3] = vmlal_high_n_s16(sums->parts[3], weights.high, x);
}

static inline void store_shifted(int32_t *y, const sums16 *sums, const int32_t *shifts)
{
    for (int32_t part = 0; part < 4; part++)
        vst1q_s32(y + 4 * part, vshlq_s32(sums->parts[part], vnegq_s32(vld1q_s32(shifts + 4 * part))));
}

/* A panel of outputs for `rows` rows, at most VQ_STRIP. */
static inline void multiply_strip(
    const vq_layer *layer, const int32_t *offsets, int32_t first, const int16_t *x, int32_t rows, int32_t *y)
{
    const int8_t *weights = layer->weights + (ptrdiff_t)first * 2 * layer->pairs;
    const ptrdiff_t stride = 2 * (ptrdiff_t)layer->pairs;
    sums16 sums[VQ_STRIP];
    for (int32_t row = 0; row < rows; row++)
        for (int32_t part = 0; part < 4; part++)
            sums[row].parts[part] = vld1q_s32(offsets + first + 4 * part);
    for (int32_t pair = 0; pair < layer->pairs; pair++, weights += 2 * VQ_PANEL, x += 2) {
        const int8x16x2_t both = vld2q_s8(weights);
        const weights16 even = widened(both.val[0]), odd = widened(both.val[1]);
        for (int32_t row = 0; row < rows; row++) {
            add(&sums[row], even, x[row * stride]);
            add(&sums[row], odd, x[row * stride + 1]);
        }
    }
    for (int32_t row = 0; row < rows; row++, y += layer->columns)
        store_shifted(y + first, &sums[row], layer->shifts + first);
}

static void multiply_one(const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t *y)
{
    for (int32_t first = 0; first < layer->columns; first += VQ_PANEL)
        multiply_strip(layer, layer->offsets + (ptrdiff_t)rate_point * layer->columns, first, x, 1, y);
}

static void multiply(const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t rows, int32_t *y)
{
    const int32_t *offsets = layer->offsets + (ptrdiff_t)rate_point * layer->columns;
    for (int32_t first = 0; first < layer->columns; first += VQ_PANEL)
        for (int32_t row = 0; row < rows; row += VQ_STRIP)
            multiply_strip(
                layer, offsets, first, x + (ptrdiff_t)row * 2 * layer->pairs, VQ_STRIP,
                y + (ptrdiff_t)row * layer->columns);
}

static void softmax(const int32_t *logits, int32_t size, const int32_t *exp, uint32_t *frequencies)
{
    vq_scalar.softmax(logits, size, exp, frequencies);
}

static void code_lengths(const uint32_t *frequencies, int32_t size, const int32_t *logarithms, float *lengths)
{
    vq_scalar.code_lengths(frequencies, size, logarithms, lengths);
}

const vq_operations vq_neon = {multiply, multiply_one, softmax, code_lengths};

#else
typedef int vq_no_neon; /* a file of C has at least one declaration */
#endif
