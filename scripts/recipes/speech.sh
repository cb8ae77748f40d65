#!/usr/bin/env bash
# The bundled model `speech`:  scripts/recipes/speech.sh SOUNDS HELD_OUT MODEL.safetensors
# SOUNDS are recordings of speech, HELD_OUT those of other speakers. Run it in the root of a clone. An interrupted run
# goes on from its checkpoints in MODEL.safetensors.training when it is called again.
set -euo pipefail
sounds="$1" held_out="$2" model="$3"

vqcodec train audio "$sounds" --out "$model" --recipe speech
vqcodec fit-prior "$model" "$sounds" --recipe speech

vqcodec eval rd "$held_out" --model "$model" --out "$model.report"
pytest tests/promises --sounds "$held_out" --model "$model"
