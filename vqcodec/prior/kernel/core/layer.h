/* Exact layers: y = floor((x W + b) 2^-shift + 1/2), with int8 weights, int16 inputs and int32 sums. */
#ifndef VQ_LAYER_H
#define VQ_LAYER_H

#include "kernel.h"

enum {
    VQ_PANEL = 16, /* outputs that are computed together */
    VQ_ROWS = 16,  /* positions that are computed together, at most; a multiple of VQ_STRIP */
    VQ_STRIP = 4,  /* positions whose sums are held in registers */
    GATE_RANGE = 255,
    EXP_RANGE = 400,
    ACTIVATION_MAX = 255,
    PRECISION = 24,
    LOGARITHM_BITS = 12, /* log2 is known at 2^LOGARITHM_BITS + 1 places of an octave */
    LENGTH_BITS = 18,    /* code lengths are in units of 2^-LENGTH_BITS bit */
};

/* A layer as `vqcodec.prior.kernel.packing` writes it. Inputs come in pairs, outputs in panels; zeros fill both up. */
typedef struct {
    int32_t inputs, outputs, rate_points;
    int32_t pairs;          /* of inputs */
    int32_t columns;        /* of all panels */
    const int32_t *offsets; /* [rate_points][columns]: the bias, and half of what the shift divides by */
    const int32_t *shifts;  /* [columns] */
    const int8_t *weights;  /* [columns / VQ_PANEL][pairs][VQ_PANEL][2] */
} vq_layer;

typedef struct {
    const vq_layer *layers;
    int32_t count;
} vq_stack;

/* The integer functions of a model. */
typedef struct {
    const int16_t *tanh, *sigmoid; /* [2 GATE_RANGE + 1] */
    const int32_t *exp;            /* [EXP_RANGE + 1] */
} vq_tables;

struct vq_operations {
    /* Rows x [rows][2 pairs] to y [rows][columns]; rows is a multiple of VQ_STRIP. */
    void (*multiply)(const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t rows, int32_t *y);
    /* One row only, for sound, which comes frame by frame. */
    void (*multiply_one)(const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t *y);
    /* The integer softmax: logits [size] to frequencies [size], which sum to 2^PRECISION. */
    void (*softmax)(const int32_t *logits, int32_t size, const int32_t *exp, uint32_t *frequencies);
    /* PRECISION - log2 of frequencies [size]: see `code_lengths` in exact.py. */
    void (*code_lengths)(const uint32_t *frequencies, int32_t size, const int32_t *logarithms, float *lengths);
};

/* Any number of rows up to VQ_ROWS; x and y have room for a multiple of VQ_STRIP. */
static inline void vq_multiply(
    const vq_operations *operations, const vq_layer *layer, int32_t rate_point, const int16_t *x, int32_t rows, int32_t *y)
{
    if (rows == 1)
        operations->multiply_one(layer, rate_point, x, y);
    else
        operations->multiply(layer, rate_point, x, (rows + VQ_STRIP - 1) / VQ_STRIP * VQ_STRIP, y);
}

/* tanh(u) sigmoid(v) of preactivations (u, v) [2 channels], added to `residual` [channels] if there is one. */
void vq_gate(const int32_t *preactivations, int32_t channels, const int16_t *residual, const vq_tables *tables, int16_t *out);

/* The share of a symbol that is left after the softmax's floors; see softmax in scalar.c. */
uint32_t vq_reciprocal(int32_t size, uint32_t total);

#endif
