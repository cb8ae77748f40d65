#!/usr/bin/env bash
# The commands that make version 2 of `photo-ms-ssim`:
#   scripts/train_photo_ms_ssim.sh PICTURES MODEL.safetensors START.safetensors
# START are the networks of version 2 of `photo` after its first stage (docs/TRAINING.md says where they are). An
# interrupted run goes on from its checkpoints in MODEL.safetensors.training when it is called again.
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
networks="${2%.safetensors}_networks.safetensors"
vqcodec train image "$1" --out "$networks" --config "$here/photo_ms_ssim_networks.toml" --start "$3"
vqcodec train image "$1" --out "$2" --config "$here/photo_ms_ssim.toml" --start "$networks"
vqcodec fit-prior "$2" "$1" --config "$here/photo_ms_ssim_prior.toml"
