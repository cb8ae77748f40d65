#include "layer.h"

static int32_t clamped(int32_t value, int32_t most)
{
    return value < -most ? -most : value > most ? most : value;
}

void vq_gate(const int32_t *preactivations, int32_t channels, const int16_t *residual, const vq_tables *tables, int16_t *out)
{
    for (int32_t i = 0; i < channels; i++) {
        int32_t tanh = tables->tanh[clamped(preactivations[i], GATE_RANGE) + GATE_RANGE];
        int32_t sigmoid = tables->sigmoid[clamped(preactivations[channels + i], GATE_RANGE) + GATE_RANGE];
        int32_t gated = (tanh * sigmoid + 64) >> 7;
        out[i] = (int16_t)(residual ? clamped(residual[i] + gated, ACTIVATION_MAX) : gated);
    }
}

uint32_t vq_reciprocal(int32_t size, uint32_t total)
{
    return (uint32_t)((((UINT64_C(1) << PRECISION) - (uint64_t)size) << PRECISION) / total);
}
