#!/usr/bin/env bash
# The bundled model `photo`, from photographs:  scripts/recipes/photo.sh PICTURES MODEL.safetensors
# Every 50th photograph is held out of the training, for the evaluation. Run it in the root of a clone. An interrupted run
# goes on from its checkpoints in MODEL.safetensors.training when it is called again.
set -euo pipefail
pictures="$1" model="$2" data="$2.data"

# Beside photographs there are pages of text, drawings and flat colours, of which photographs have too little.
python -m scripts.recipes.hold_out "$pictures" "$data/training" "$data/held_out"
[ -e "$data/training/synthetic.npy" ] ||
    python -m scripts.recipes.synthetic_crops "$data/training" "$data/training/synthetic.npy" --count 400

# It begins with networks whose noise stage has begun: docs/runs/2026-11-29-photo-4.md says how they were made.
vqcodec train image "$data/training" --out "$model" --recipe photo --start scripts/recipes/photo_4_networks.safetensors
vqcodec fit-prior "$model" "$data/training" --recipe photo
vqcodec fit-decoder "$model" "$data/training" --recipe photo

vqcodec eval rd "$data/held_out" --model "$model" --out "$data/report"
pytest tests/promises --pictures "$data/held_out" --model "$model"
