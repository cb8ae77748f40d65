/* The diagonals t = column + 2 row of a plane: see vqcodec/prior/wavefront.py. */
#ifndef VQ_WAVEFRONT_H
#define VQ_WAVEFRONT_H

#include <stdint.h>

/* The rows that have a position on a diagonal. */
typedef struct {
    int32_t first, last;
} vq_rows;

static inline vq_rows vq_rows_of(int32_t t, int32_t height, int32_t width)
{
    vq_rows rows = {t < width ? 0 : (t - width) / 2 + 1, t / 2 + 1};
    rows.last = rows.last < height ? rows.last : height;
    rows.first = rows.first < rows.last ? rows.first : rows.last;
    return rows;
}

/* The position in the flattened plane of a row's place on the diagonal t. */
static inline int64_t vq_position(int32_t t, int32_t row, int32_t width)
{
    return (int64_t)row * width + t - 2 * row;
}

#endif
