/* The gated, dilated causal layers of a slice of sound: see vqcodec/prior/dilated.py. */
#ifndef VQ_DILATED_H
#define VQ_DILATED_H

#include "heads.h"

/* What is known of frames [frames][rows][total] from frame `first` on, over and over. */
typedef struct {
    int8_t *values;
    int64_t first, frames;
} vq_window;

/* One slice, and what it remembers: for each dilated layer, its inputs [dilation + block][rows][channels]. */
typedef struct {
    const vq_layer *layers;
    const int32_t *dilations; /* of the layers after the first */
    int32_t depth;            /* of all layers */
    int32_t channels;
    int32_t begin, own, total; /* of the values of a frame: those of earlier slices, own ones, all */
    int32_t rows;              /* of the recording */
    int16_t *memory;
} vq_dilated;

/* Frames that can be taken at once. */
int32_t vq_block(int32_t rows);

/* Numbers that a slice remembers; 0 if a dilation is out of range. */
uint64_t vq_memory(const int32_t *dilations, int32_t count, int32_t rows, int32_t channels);

enum { VQ_MOST_FRAMES = 1 << 30, VQ_MOST_ROWS = 1 << 16, VQ_MOST_VALUES = 1 << 24, VQ_LAG = 2 };

/* Whether the layers of a slice fit: the first reads its window, others two frames of activations. */
bool vq_fits_dilated(const vq_dilated *slice, int64_t rate_point);

static inline int8_t *vq_frame(const vq_window *window, int64_t frame, int64_t size)
{
    return window->values + (frame - window->first) % window->frames * size;
}

/* Activations [count][rows][channels] of at most a block of frames, which follow those before. */
void vq_dilated_frames(
    const vq_evaluation *with, const vq_tables *tables, const vq_dilated *slice, int32_t rate_point,
    const vq_window *window, int64_t frame, int32_t count, int16_t *hidden);

#endif
