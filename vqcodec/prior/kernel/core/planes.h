/* Positions of a picture's planes, and the neighbours that layers see. */
#ifndef VQ_PLANES_H
#define VQ_PLANES_H

#include "checks.h"

/* The neighbour (row, column) in its order; 4 is the position itself where there are more. */
typedef struct {
    int8_t row, column;
} vq_tap;

/* All around; the causal ones; the causal ones and the position itself. */
extern const vq_tap vq_around[9], vq_causal[5];

/* Values [positions][stride] of a slice, those from `begin` on, of 8 bits; or activations [positions][channels]. */
typedef struct {
    const int8_t *values;
    const int16_t *activations;
    int32_t begin, channels, stride;
} vq_plane;

/* Write numbers, those of a plane at a position, or zeros; the end of what was written is returned. */
int16_t *vq_copied(const int16_t *from, int32_t count, int16_t *to);
int16_t *vq_copy(const vq_plane *plane, ptrdiff_t position, int16_t *x);
int16_t *vq_zeros(int64_t count, int16_t *x);

#endif
