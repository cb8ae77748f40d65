#!/usr/bin/env bash
# The bundled model `photo-ms-ssim`:  scripts/recipes/photo-ms-ssim.sh PICTURES MODEL.safetensors
# It begins with the networks of a noise stage of the default settings, which is trained first, for squared error.
# Every 50th photograph is held out of the training, for the evaluation. Run it in the root of a clone. An interrupted run
# goes on from its checkpoints, beside the models, when it is called again.
set -euo pipefail
pictures="$1" model="$2" data="$2.data" start="$2.data/start.safetensors"

python -m scripts.recipes.hold_out "$pictures" "$data/training" "$data/held_out"

if [ ! -e "$start" ]; then
    echo 'codes = { steps = 0 }' > "$data/start.toml"
    vqcodec train image "$data/training" --out "$start" --config "$data/start.toml"
fi
vqcodec train image "$data/training" --out "$model" --recipe photo-ms-ssim --start "$start"
vqcodec fit-prior "$model" "$data/training" --recipe photo-ms-ssim

vqcodec eval rd "$data/held_out" --model "$model" --out "$data/report"
