/* Frames of sound whose indices are known. */
#include "dilated.h"

/* known_frames(rate point, rows, the slice's first value of a frame, how many, of how many, first frame, count, first
 * frame of the values; layers, gates, exp, dilations int32, values int8 [frames][rows][total], memory int16, hidden int16
 * [count][rows][channels])
 *
 * Values have the frames first - 2 to first + count. The memory is zeros before frame 0, and frames come in order. */
vq_status vq_known_frames(const vq_operations *operations, const vq_arguments *arguments)
{
    enum { RATE_POINT, ROWS, BEGIN, OWN, TOTAL, FIRST, COUNT, FIRST_VALUES };
    enum { LAYERS, GATES, EXP, DILATIONS, VALUES, MEMORY, HIDDEN };
    const int64_t *numbers = arguments->numbers;
    const vq_buffer *buffers = arguments->buffers;
    vq_arena arena = vq_arena_of(arguments->scratch);
    vq_evaluation with = {.operations = operations};
    vq_tables tables;
    vq_stack stack;
    const vq_status status = vq_read_stack(&buffers[LAYERS], &arena, &stack);
    if (status != VQ_DONE)
        return status;
    if (!stack.count || !vq_within(numbers[ROWS], 1, VQ_MOST_ROWS) || !vq_within(numbers[TOTAL], 1, VQ_MOST_VALUES)
        || !vq_within(numbers[BEGIN], 0, numbers[TOTAL]) || !vq_within(numbers[OWN], 1, numbers[TOTAL] - numbers[BEGIN])
        || !vq_within(numbers[FIRST], 0, VQ_MOST_FRAMES) || !vq_within(numbers[COUNT], 0, VQ_MOST_FRAMES)
        || !vq_within(numbers[FIRST_VALUES], -2, numbers[FIRST] - 2))
        return VQ_REFUSED;
    const vq_dilated slice = {
        stack.layers, buffers[DILATIONS].data, stack.count, stack.layers->outputs / 2, (int32_t)numbers[BEGIN],
        (int32_t)numbers[OWN], (int32_t)numbers[TOTAL], (int32_t)numbers[ROWS], buffers[MEMORY].data};
    const uint64_t frame = (uint64_t)slice.rows * (uint64_t)slice.total, remembered = (uint64_t)stack.count - 1;
    const vq_window window = {buffers[VALUES].data, numbers[FIRST_VALUES], (int64_t)(buffers[VALUES].size / frame)};
    if (!vq_fits_dilated(&slice, numbers[RATE_POINT]) || !vq_has(&buffers[DILATIONS], remembered, sizeof(int32_t))
        || !vq_read_tables(&buffers[GATES], &buffers[EXP], &tables)
        || !vq_has(&buffers[VALUES], (uint64_t)window.frames * frame, 1)
        || window.first + window.frames < numbers[FIRST] + numbers[COUNT] + 1
        || (remembered && !vq_memory(slice.dilations, (int32_t)remembered, slice.rows, slice.channels))
        || !vq_can_write(
            &buffers[MEMORY], vq_memory(slice.dilations, (int32_t)remembered, slice.rows, slice.channels), 2)
        || !vq_can_write(
            &buffers[HIDDEN], (uint64_t)numbers[COUNT] * (uint64_t)slice.rows * (uint64_t)slice.channels, 2))
        return VQ_REFUSED;
    with.room = vq_take_room(&arena, &stack, &(vq_stack){NULL, 0});
    if (arena.is_full)
        return VQ_ROOM;
    int16_t *hidden = buffers[HIDDEN].data;
    for (int64_t done = 0; done < numbers[COUNT];) {
        const int64_t left = numbers[COUNT] - done, most = vq_block(slice.rows), count = left < most ? left : most;
        vq_dilated_frames(
            &with, &tables, &slice, (int32_t)numbers[RATE_POINT], &window, numbers[FIRST] + done, (int32_t)count,
            hidden + done * slice.rows * slice.channels);
        done += count;
    }
    return VQ_DONE;
}
