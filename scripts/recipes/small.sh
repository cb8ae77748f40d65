#!/usr/bin/env bash
# The bundled model `small`:  scripts/recipes/small.sh PICTURES CIFAR10_TRAIN.npy CIFAR10_TEST.npy MODEL.safetensors
# PICTURES are photographs, the arrays uint8 [N, 32, 32, 3]. Run it in the root of a clone. An interrupted run goes on from
# its checkpoints in MODEL.safetensors.training when it is called again.
set -euo pipefail
pictures="$1" cifar10="$2" held_out="$3" model="$4" training="$4.data"

mkdir -p "$training"
[ -e "$training/photographs.npy" ] || python -m scripts.recipes.small_pictures "$pictures" "$training/photographs.npy"
cp "$cifar10" "$training/cifar10.npy"

vqcodec train image "$training" --out "$model" --recipe small
vqcodec fit-prior "$model" "$training" --recipe small

vqcodec eval bpd "$held_out" --model "$model" --quality 75 --lossless
pytest tests/promises --pictures "$held_out" --model "$model"
