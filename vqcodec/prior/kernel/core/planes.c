#include "planes.h"

const vq_tap vq_around[9] = {{-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 0}, {0, 1}, {1, -1}, {1, 0}, {1, 1}};
const vq_tap vq_causal[5] = {{0, -1}, {-1, -1}, {-1, 0}, {-1, 1}, {0, 0}};

int16_t *vq_copied(const int16_t *from, int32_t count, int16_t *to)
{
    for (int32_t i = 0; i < count; i++)
        to[i] = from[i];
    return to + count;
}

int16_t *vq_copy(const vq_plane *plane, ptrdiff_t position, int16_t *x)
{
    const int32_t channels = plane->channels;
    if (!plane->values)
        return vq_copied(plane->activations + position * channels, channels, x);
    const int8_t *values = plane->values + position * plane->stride + plane->begin;
    for (int32_t i = 0; i < channels; i++)
        x[i] = values[i];
    return x + channels;
}

int16_t *vq_zeros(int64_t count, int16_t *x)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = 0;
    return x + count;
}
