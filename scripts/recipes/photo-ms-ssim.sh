#!/usr/bin/env bash
# The bundled model `photo-ms-ssim`:  scripts/recipes/photo-ms-ssim.sh PICTURES MODEL.safetensors START.safetensors
# START has the networks of version 2 of `photo` after its noise stage:
#   git show be266b1:scripts/photo_2.safetensors > START.safetensors
# Every 50th photograph is held out of the training, for the evaluation. Run it in the root of a clone. An interrupted run
# goes on from its checkpoints in MODEL.safetensors.training when it is called again.
set -euo pipefail
pictures="$1" model="$2" start="$3" data="$2.data"

python -m scripts.recipes.hold_out "$pictures" "$data/training" "$data/held_out"

vqcodec train image "$data/training" --out "$model" --recipe photo-ms-ssim --start "$start"
vqcodec fit-prior "$model" "$data/training" --recipe photo-ms-ssim

vqcodec eval rd "$data/held_out" --model "$model" --out "$data/report"
