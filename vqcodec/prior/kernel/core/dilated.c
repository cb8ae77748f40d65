#include "dilated.h"
#include "planes.h"

enum { MOST_DILATION = 4096 };

int32_t vq_block(int32_t rows)
{
    return rows < VQ_ROWS ? VQ_ROWS / rows : 1;
}

uint64_t vq_memory(const int32_t *dilations, int32_t count, int32_t rows, int32_t channels)
{
    uint64_t frames = 0;
    for (int32_t i = 0; i < count; i++) {
        if (!vq_within(dilations[i], 1, MOST_DILATION))
            return 0;
        frames += (uint64_t)(dilations[i] + vq_block(rows));
    }
    return frames * (uint64_t)rows * (uint64_t)channels;
}

bool vq_fits_dilated(const vq_dilated *slice, int64_t rate_point)
{
    const vq_stack stack = {slice->layers, slice->depth};
    const int64_t window = 3 * (int64_t)slice->begin + 2 * (int64_t)slice->own; /* see window_of */
    return vq_is_gated(&stack, window, 2, rate_point) && slice->layers->outputs == 2 * slice->channels;
}

/* The window of a row: earlier slices at the frames -1, 0 and 1, own planes at -2 and -1. */
static int16_t *window_of(const vq_dilated *slice, const vq_window *window, int64_t frame, int32_t row, int16_t *x)
{
    const int64_t size = (int64_t)slice->rows * slice->total;
    for (int32_t tap = -2; tap <= 1; tap++) {
        const vq_plane seen = {
            .values = vq_frame(window, frame + tap, size) + (ptrdiff_t)row * slice->total,
            .begin = tap == -2 ? slice->begin : 0,
            .channels = (tap >= -1 ? slice->begin : 0) + (tap < 0 ? slice->own : 0),
        };
        x = vq_copy(&seen, 0, x);
    }
    return x;
}

/* What a layer read `dilation` frames before; `memory` is its own. */
static int16_t *remembered(const vq_dilated *slice, int32_t dilation, int64_t frame, int32_t row, int16_t *memory)
{
    const int64_t place = frame % (dilation + vq_block(slice->rows));
    return memory + (place * slice->rows + row) * slice->channels;
}

static void first_inputs(
    const vq_dilated *slice, const vq_window *window, int64_t frame, int32_t first, int32_t count, int16_t *x)
{
    for (int32_t i = first; i < first + count; i++) {
        x = window_of(slice, window, frame + i / slice->rows, i % slice->rows, x);
        if (slice->layers->inputs % 2)
            *x++ = 0;
    }
}

static void dilated_inputs(
    const vq_dilated *slice, int32_t dilation, int16_t *memory, int64_t frame, int32_t first, int32_t count,
    const int16_t *hidden, int16_t *x)
{
    for (int32_t i = first; i < first + count; i++) {
        const int64_t own = frame + i / slice->rows;
        const int32_t row = i % slice->rows;
        x = vq_copied(hidden + (ptrdiff_t)i * slice->channels, slice->channels, x);
        if (own < dilation)
            x = vq_zeros(slice->channels, x);
        else
            x = vq_copied(remembered(slice, dilation, own - dilation, row, memory), slice->channels, x);
    }
}

void vq_dilated_frames(
    const vq_evaluation *with, const vq_tables *tables, const vq_dilated *slice, int32_t rate_point,
    const vq_window *window, int64_t frame, int32_t count, int16_t *hidden)
{
    int16_t *memory = slice->memory;
    for (int32_t depth = 0; depth < slice->depth; depth++) {
        const vq_layer *layer = &slice->layers[depth];
        const int32_t dilation = depth ? slice->dilations[depth - 1] : 0;
        for (int32_t i = 0; depth && i < count * slice->rows; i++)
            vq_copied(
                hidden + (ptrdiff_t)i * slice->channels, slice->channels,
                remembered(slice, dilation, frame + i / slice->rows, i % slice->rows, memory));
        for (int32_t first = 0; first < count * slice->rows; first += VQ_ROWS) {
            const int32_t left = count * slice->rows - first, some = left < VQ_ROWS ? left : VQ_ROWS;
            if (depth)
                dilated_inputs(slice, dilation, memory, frame, first, some, hidden, with->room.x);
            else
                first_inputs(slice, window, frame, first, some, with->room.x);
            vq_multiply(with->operations, layer, rate_point, with->room.x, some, with->room.y);
            for (int32_t row = 0; row < some; row++) {
                int16_t *state = hidden + (ptrdiff_t)(first + row) * slice->channels;
                vq_gate(
                    with->room.y + (ptrdiff_t)row * layer->columns, slice->channels, depth ? state : NULL, tables, state);
            }
        }
        if (depth)
            memory += (ptrdiff_t)(dilation + vq_block(slice->rows)) * slice->rows * slice->channels;
    }
}
