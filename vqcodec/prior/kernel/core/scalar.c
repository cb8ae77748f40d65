/* The operations in plain C. Compilers vectorise the innermost loops. */
#include "layer.h"

#include <string.h>

/* A panel of outputs for some rows. Weights of even and of odd inputs are parted first, so that loops are simple. */
static inline void multiply_strip(
    const vq_layer *layer, const int32_t *offsets, int32_t first, const int16_t *x, int32_t rows, int32_t *y)
{
    const int8_t *weights = layer->weights + (ptrdiff_t)first * 2 * layer->pairs;
    int32_t sums[VQ_STRIP][VQ_PANEL];
    for (int32_t row = 0; row < rows; row++)
        for (int32_t j = 0; j < VQ_PANEL; j++)
            sums[row][j] = offsets[first + j];
    for (int32_t pair = 0; pair < layer->pairs; pair++, weights += 2 * VQ_PANEL) {
        int16_t even[VQ_PANEL], odd[VQ_PANEL];
        for (int32_t j = 0; j < VQ_PANEL; j++)
            even[j] = weights[2 * j], odd[j] = weights[2 * j + 1];
        for (int32_t row = 0; row < rows; row++) {
            const int16_t *both = x + (ptrdiff_t)row * 2 * layer->pairs + 2 * pair;
            for (int32_t j = 0; j < VQ_PANEL; j++)
                sums[row][j] += even[j] * both[0] + odd[j] * both[1];
        }
    }
    for (int32_t row = 0; row < rows; row++)
        for (int32_t j = 0; j < VQ_PANEL; j++)
            y[(ptrdiff_t)row * layer->columns + first + j] = sums[row][j] >> layer->shifts[first + j];
}

static void multiply_one(const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t *y)
{
    const int32_t *offsets = layer->offsets + (ptrdiff_t)rate_point * layer->columns;
    for (int32_t first = 0; first < layer->columns; first += VQ_PANEL)
        multiply_strip(layer, offsets, first, x, 1, y);
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

/* f = 1 + floor(exp (2^24 - K) / sum of exp), with one reciprocal for all. What the floors leave goes to the first. */
static void softmax(const int32_t *logits, int32_t size, const int32_t *exp, uint32_t *frequencies)
{
    int32_t highest = logits[0];
    for (int32_t i = 1; i < size; i++)
        highest = logits[i] > highest ? logits[i] : highest;
    uint32_t total = 0;
    for (int32_t i = 0; i < size; i++) {
        int32_t below = highest - logits[i];
        frequencies[i] = (uint32_t)exp[below < EXP_RANGE ? below : EXP_RANGE];
        total += frequencies[i];
    }
    uint64_t reciprocal = vq_reciprocal(size, total);
    uint32_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        frequencies[i] = 1 + (uint32_t)(frequencies[i] * reciprocal >> PRECISION);
        sum += frequencies[i];
    }
    frequencies[0] += (UINT32_C(1) << PRECISION) - sum;
}

static void code_lengths(const uint32_t *frequencies, int32_t size, const int32_t *logarithms, float *lengths)
{
    const int32_t shift = 23 - LOGARITHM_BITS;
    for (int32_t i = 0; i < size; i++) {
        const float exact = (float)(int32_t)frequencies[i]; /* its exponent and fraction are those of the integer */
        int32_t bits;
        memcpy(&bits, &exact, sizeof bits);
        const int32_t octave = (bits >> 23) - 127, above = bits & 0x7fffff;
        const int32_t *place = logarithms + (above >> shift);
        const int32_t between = ((place[1] - place[0]) * (above & ((1 << shift) - 1))) >> shift;
        const int32_t length = (PRECISION - octave) * (1 << LENGTH_BITS) - place[0] - between;
        lengths[i] = (float)length * (1.0f / (1 << LENGTH_BITS));
    }
}

const vq_operations vq_scalar = {multiply, multiply_one, softmax, code_lengths};
