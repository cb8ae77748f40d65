/* The operations for processors with AVX2. */
#if defined(__x86_64__) || defined(_M_X64)

#include "layer.h"
#include <immintrin.h>
#include <string.h>

#ifdef _MSC_VER
#define AVX2
#else
#define AVX2 __attribute__((target("avx2")))
#endif

/* Eight outputs of a pair of inputs: weights as int16. */
AVX2 static inline __m256i weights_of(const int8_t *packed)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)packed));
}

/* Two inputs, side by side, eight times. */
AVX2 static inline __m256i pair_of(const int16_t *x)
{
    int32_t both;
    memcpy(&both, x, sizeof both);
    return _mm256_set1_epi32(both);
}

AVX2 static inline __m256i added(__m256i sum, __m256i weights, __m256i pair)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(weights, pair));
}

AVX2 static inline __m256i loaded(const int32_t *numbers)
{
    return _mm256_loadu_si256((const __m256i *)numbers);
}

AVX2 static inline void store_shifted(int32_t *y, __m256i sum, const int32_t *shifts)
{
    _mm256_storeu_si256((__m256i *)y, _mm256_srav_epi32(sum, loaded(shifts)));
}

AVX2 static void multiply_one(const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t *y)
{
    const int32_t *offsets = layer->offsets + (ptrdiff_t)rate_point * layer->columns;
    const int8_t *weights = layer->weights;
    for (int32_t first = 0; first < layer->columns; first += VQ_PANEL) {
        __m256i low = loaded(offsets + first), high = loaded(offsets + first + 8);
        for (int32_t pair = 0; pair < layer->pairs; pair++, weights += 2 * VQ_PANEL) {
            __m256i both = pair_of(x + 2 * pair);
            low = added(low, weights_of(weights), both);
            high = added(high, weights_of(weights + VQ_PANEL), both);
        }
        store_shifted(y + first, low, layer->shifts + first);
        store_shifted(y + first + 8, high, layer->shifts + first + 8);
    }
}

/* A panel of outputs for VQ_STRIP rows: eight registers of sums. */
AVX2 static inline void multiply_strip(
    const vq_layer *layer, const int32_t *offsets, int32_t first, const int16_t *x, int32_t *y)
{
    const int8_t *weights = layer->weights + (ptrdiff_t)first * 2 * layer->pairs;
    const ptrdiff_t stride = 2 * (ptrdiff_t)layer->pairs;
    __m256i low0 = loaded(offsets + first), high0 = loaded(offsets + first + 8);
    __m256i low1 = low0, low2 = low0, low3 = low0, high1 = high0, high2 = high0, high3 = high0;
    for (int32_t pair = 0; pair < layer->pairs; pair++, weights += 2 * VQ_PANEL, x += 2) {
        __m256i left = weights_of(weights), right = weights_of(weights + VQ_PANEL);
        __m256i x0 = pair_of(x), x1 = pair_of(x + stride), x2 = pair_of(x + 2 * stride), x3 = pair_of(x + 3 * stride);
        low0 = added(low0, left, x0), high0 = added(high0, right, x0);
        low1 = added(low1, left, x1), high1 = added(high1, right, x1);
        low2 = added(low2, left, x2), high2 = added(high2, right, x2);
        low3 = added(low3, left, x3), high3 = added(high3, right, x3);
    }
    const __m256i sums[VQ_STRIP][2] = {{low0, high0}, {low1, high1}, {low2, high2}, {low3, high3}};
    for (int32_t row = 0; row < VQ_STRIP; row++, y += layer->columns) {
        store_shifted(y + first, sums[row][0], layer->shifts + first);
        store_shifted(y + first + 8, sums[row][1], layer->shifts + first + 8);
    }
}

AVX2 static void multiply(const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t rows, int32_t *y)
{
    const int32_t *offsets = layer->offsets + (ptrdiff_t)rate_point * layer->columns;
    for (int32_t first = 0; first < layer->columns; first += VQ_PANEL)
        for (int32_t row = 0; row < rows; row += VQ_STRIP)
            multiply_strip(
                layer, offsets, first, x + (ptrdiff_t)row * 2 * layer->pairs, y + (ptrdiff_t)row * layer->columns);
}

AVX2 static uint32_t sum_of(__m256i eight)
{
    uint32_t lanes[8], sum = 0;
    _mm256_storeu_si256((__m256i *)lanes, eight);
    for (int32_t i = 0; i < 8; i++)
        sum += lanes[i];
    return sum;
}

AVX2 static int32_t highest_of(const int32_t *logits, int32_t size)
{
    __m256i most = loaded(logits);
    for (int32_t i = 8; i + 8 <= size; i += 8)
        most = _mm256_max_epi32(most, loaded(logits + i));
    most = _mm256_max_epi32(most, loaded(logits + size - 8));
    int32_t lanes[8], highest;
    _mm256_storeu_si256((__m256i *)lanes, most);
    highest = lanes[0];
    for (int32_t i = 1; i < 8; i++)
        highest = lanes[i] > highest ? lanes[i] : highest;
    return highest;
}

/* exp of all logits below the highest, and their sum. */
AVX2 static uint32_t exponentials(
    const int32_t *logits, int32_t size, int32_t highest, const int32_t *exp, uint32_t *out)
{
    const __m256i top = _mm256_set1_epi32(highest), range = _mm256_set1_epi32(EXP_RANGE);
    __m256i sums = _mm256_setzero_si256();
    int32_t i = 0;
    for (; i + 8 <= size; i += 8) {
        __m256i below = _mm256_min_epi32(_mm256_sub_epi32(top, loaded(logits + i)), range);
        __m256i weights = _mm256_i32gather_epi32((const int *)exp, below, 4);
        _mm256_storeu_si256((__m256i *)(out + i), weights);
        sums = _mm256_add_epi32(sums, weights);
    }
    uint32_t total = sum_of(sums);
    for (; i < size; i++) {
        int32_t below = highest - logits[i];
        out[i] = (uint32_t)exp[below < EXP_RANGE ? below : EXP_RANGE];
        total += out[i];
    }
    return total;
}

AVX2 static void softmax(const int32_t *logits, int32_t size, const int32_t *exp, uint32_t *frequencies)
{
    if (size < 8) {
        vq_scalar.softmax(logits, size, exp, frequencies);
        return;
    }
    const uint32_t total = exponentials(logits, size, highest_of(logits, size), exp, frequencies);
    const uint32_t reciprocal = vq_reciprocal(size, total);
    const __m256i factor = _mm256_set1_epi64x(reciprocal), one = _mm256_set1_epi32(1);
    __m256i sums = _mm256_setzero_si256();
    int32_t i = 0;
    for (; i + 8 <= size; i += 8) {
        __m256i weights = loaded((const int32_t *)frequencies + i);
        __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(weights, factor), PRECISION);
        __m256i odd = _mm256_srli_epi64(_mm256_mul_epu32(_mm256_srli_epi64(weights, 32), factor), PRECISION);
        __m256i shares = _mm256_add_epi32(_mm256_or_si256(even, _mm256_slli_epi64(odd, 32)), one);
        _mm256_storeu_si256((__m256i *)(frequencies + i), shares);
        sums = _mm256_add_epi32(sums, shares);
    }
    uint32_t sum = sum_of(sums);
    for (; i < size; i++) {
        frequencies[i] = 1 + (uint32_t)((uint64_t)frequencies[i] * reciprocal >> PRECISION);
        sum += frequencies[i];
    }
    frequencies[0] += (UINT32_C(1) << PRECISION) - sum;
}

AVX2 static void code_lengths(const uint32_t *frequencies, int32_t size, const int32_t *logarithms, float *lengths)
{
    const int32_t shift = 23 - LOGARITHM_BITS;
    const __m256i fraction = _mm256_set1_epi32(0x7fffff), rest = _mm256_set1_epi32((1 << shift) - 1);
    const __m256i top = _mm256_set1_epi32(PRECISION + 127), one = _mm256_set1_epi32(1);
    int32_t i = 0;
    for (; i + 8 <= size; i += 8) {
        const __m256i bits = _mm256_castps_si256(_mm256_cvtepi32_ps(loaded((const int32_t *)frequencies + i)));
        const __m256i above = _mm256_and_si256(bits, fraction), place = _mm256_srli_epi32(above, shift);
        const __m256i low = _mm256_i32gather_epi32((const int *)logarithms, place, 4);
        const __m256i high = _mm256_i32gather_epi32((const int *)logarithms, _mm256_add_epi32(place, one), 4);
        const __m256i part = _mm256_mullo_epi32(_mm256_sub_epi32(high, low), _mm256_and_si256(above, rest));
        const __m256i octaves = _mm256_sub_epi32(top, _mm256_srli_epi32(bits, 23));
        const __m256i whole = _mm256_sub_epi32(_mm256_slli_epi32(octaves, LENGTH_BITS), low);
        const __m256i length = _mm256_sub_epi32(whole, _mm256_srai_epi32(part, shift));
        const __m256 unit = _mm256_set1_ps(1.0f / (1 << LENGTH_BITS));
        _mm256_storeu_ps(lengths + i, _mm256_mul_ps(_mm256_cvtepi32_ps(length), unit));
    }
    vq_scalar.code_lengths(frequencies + i, size - i, logarithms, lengths + i);
}

const vq_operations vq_avx2 = {multiply, multiply_one, softmax, code_lengths};

#else
typedef int vq_no_avx2; /* a file of C has at least one declaration */
#endif
