#!/usr/bin/env bash
# The commands that make the bundled model `small`:  scripts/train_small.sh PICTURES CIFAR10_TRAIN.npy MODEL.safetensors
# PICTURES are photographs, CIFAR10_TRAIN.npy uint8 [N, 32, 32, 3]. An interrupted run goes on from its checkpoints.
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
data="$3.training/data"
mkdir -p "$data"
[ -e "$data/photographs.npy" ] || python "$here/small_pictures.py" "$1" "$data/photographs.npy"
cp "$2" "$data/cifar10.npy"
vqcodec train image "$data" --out "$3" --config "$here/small.toml"
vqcodec fit-prior "$3" "$data" --config "$here/small_prior.toml"
