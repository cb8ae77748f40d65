#!/usr/bin/env bash
# The commands that make the bundled model `speech`:  scripts/train_speech.sh SOUNDS MODEL.safetensors
# SOUNDS are recordings of speech. An interrupted run goes on from its checkpoints.
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
vqcodec train audio "$1" --out "$2" --config "$here/speech.toml"
vqcodec fit-prior "$2" "$1" --config "$here/speech_prior.toml"
