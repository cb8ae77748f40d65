/* The range coder of docs/FORMAT.md, symbol by symbol. Its words are those of constriction's. */
#ifndef VQ_RANGE_CODER_H
#define VQ_RANGE_CODER_H

#include "layer.h"

/* What gives symbols: a stream, or draws of PRECISION bits. The caller keeps it between calls. */
typedef struct {
    uint64_t range, offset; /* of a stream */
    uint64_t position;      /* the next word or draw */
    uint64_t is_drawn;
} vq_source;

/* The end of a stream that is being written. The caller keeps it between calls, with all words so far. */
typedef struct {
    uint64_t range, low;
    uint64_t count; /* words so far */
} vq_sink;

/* The next symbol of `words` [size], given its frequencies [alphabet]; VQ_DAMAGED if there is none. */
vq_status vq_decode(
    vq_source *source, const uint32_t *words, uint64_t size, const uint32_t *frequencies, int32_t alphabet,
    int32_t *symbol);

/* Append a symbol; there is room for one more word. */
void vq_encode(vq_sink *sink, uint32_t *words, const uint32_t *frequencies, int32_t symbol);

#endif
