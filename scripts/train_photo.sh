#!/usr/bin/env bash
# The commands that make the bundled model:  scripts/train_photo.sh PICTURES MODEL.safetensors
# An interrupted run goes on from its checkpoints in MODEL.safetensors.training when it is called again.
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
vqcodec train image "$1" --out "$2" --config "$here/photo.toml"
vqcodec fit-prior "$2" "$1"
