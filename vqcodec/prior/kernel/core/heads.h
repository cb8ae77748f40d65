/* From hidden activations to symbols, streams and code lengths, a plane at a time. */
#ifndef VQ_HEADS_H
#define VQ_HEADS_H

#include "checks.h"
#include "range_coder.h"

/* Memory for VQ_ROWS positions. */
typedef struct {
    int16_t *x;            /* inputs of a layer, [VQ_ROWS][longest] */
    int32_t *y;            /* its outputs, [VQ_ROWS][widest] */
    uint32_t *frequencies; /* [widest] */
} vq_room;

/* Room for layers and heads; see `vq_arena` for what happens if there is none. */
vq_room vq_take_room(vq_arena *arena, const vq_stack *layers, const vq_stack *heads);

/* What the heads need besides. */
typedef struct {
    const vq_operations *operations;
    const int32_t *exp;
    vq_room room;
} vq_evaluation;

/* Whether `words` can take one more of each of `symbols`. */
bool vq_has_room(const vq_sink *sink, const vq_buffer *words, uint64_t symbols);

/* Symbols of `rows` positions with hidden activations [rows][inputs], at symbols[0], [step], [2 step]... */
vq_status vq_decode_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, vq_source *source,
    const uint32_t *words, uint64_t size, int32_t *symbols, ptrdiff_t step);

/* Append the symbols of `rows` positions, likewise; each is in 0..outputs - 1, and takes at most a word. */
void vq_encode_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, vq_sink *sink,
    uint32_t *words, const int32_t *symbols, ptrdiff_t step);

/* The frequencies [rows] of given symbols, each in 0..outputs - 1. */
void vq_chance_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, const int32_t *symbols,
    uint32_t *chances);

/* Code lengths [rows][outputs] of all symbols: see `vq_operations`. */
void vq_cost_rows(
    const vq_evaluation *with, const vq_layer *head, const int16_t *hidden, int32_t rows, const int32_t *logarithms,
    float *costs);
#endif
