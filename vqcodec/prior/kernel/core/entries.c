#include "kernel.h"

vq_function vq_everywhere, vq_costs, vq_chances, vq_encode_diagonals, vq_decode_diagonals, vq_known_frames, vq_encode_steps,
    vq_decode_steps;

const vq_entry vq_entries[] = {
    {"everywhere", vq_everywhere, 10, 6},
    {"costs", vq_costs, 1, 5},
    {"chances", vq_chances, 1, 5},
    {"encode_diagonals", vq_encode_diagonals, 6, 7},
    {"decode_diagonals", vq_decode_diagonals, 10, 12},
    {"known_frames", vq_known_frames, 8, 7},
    {"encode_steps", vq_encode_steps, 7, 8},
    {"decode_steps", vq_decode_steps, 8, 15},
};

const int32_t vq_entry_count = sizeof vq_entries / sizeof *vq_entries;
