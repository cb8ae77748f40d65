#include "range_coder.h"

static const uint64_t WORD = UINT64_C(1) << 32;

static uint32_t word_at(const uint32_t *words, uint64_t size, uint64_t position)
{
    return position < size ? words[position] : 0; /* zeros follow the last word */
}

/* The symbol whose share of 2^PRECISION holds `quantile`, and where that begins. */
static int32_t symbol_at(const uint32_t *frequencies, int32_t alphabet, uint32_t quantile, uint32_t *begin)
{
    int32_t symbol = 0;
    *begin = 0;
    while (symbol + 1 < alphabet && quantile - *begin >= frequencies[symbol])
        *begin += frequencies[symbol++];
    return symbol;
}

vq_status vq_decode(
    vq_source *source, const uint32_t *words, uint64_t size, const uint32_t *frequencies, int32_t alphabet,
    int32_t *symbol)
{
    uint32_t begin;
    if (source->is_drawn) {
        const uint32_t drawn = word_at(words, size, source->position++) & ((UINT32_C(1) << PRECISION) - 1);
        *symbol = symbol_at(frequencies, alphabet, drawn, &begin);
        return VQ_DONE;
    }
    const uint64_t scale = source->range >> PRECISION;
    const uint64_t quantile = source->offset / scale;
    if (quantile >> PRECISION)
        return VQ_DAMAGED;
    *symbol = symbol_at(frequencies, alphabet, (uint32_t)quantile, &begin);
    source->offset -= scale * begin;
    source->range = scale * frequencies[*symbol];
    if (source->range < WORD) {
        source->range <<= 32;
        source->offset = source->offset << 32 | word_at(words, size, source->position++);
    }
    return VQ_DONE;
}

void vq_encode(vq_sink *sink, uint32_t *words, const uint32_t *frequencies, int32_t symbol)
{
    const uint64_t scale = sink->range >> PRECISION, before = sink->low;
    uint32_t begin = 0;
    for (int32_t i = 0; i < symbol; i++)
        begin += frequencies[i];
    sink->low += scale * begin;
    sink->range = scale * frequencies[symbol];
    if (sink->low < before)
        for (uint64_t i = sink->count; i > 0 && ++words[i - 1] == 0; i--) {
        }
    if (sink->range < WORD) {
        words[sink->count++] = (uint32_t)(sink->low >> 32);
        sink->range <<= 32;
        sink->low <<= 32;
    }
}
