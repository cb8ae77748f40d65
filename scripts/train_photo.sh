#!/usr/bin/env bash
# The commands that make the bundled model:  scripts/train_photo.sh PICTURES MODEL.safetensors START.safetensors
# START is its former version, from the history of this repository (docs/TRAINING.md). From scratch it takes three times
# the steps, and kernel_rate = 0.01.  An interrupted run goes on from its checkpoints in MODEL.safetensors.training when
# it is called again.
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
vqcodec train image "$1" --out "$2" --config "$here/photo.toml" --start "$3"
vqcodec fit-prior "$2" "$1" --config "$here/photo_prior.toml"
