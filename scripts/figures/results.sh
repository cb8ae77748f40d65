#!/usr/bin/env bash
# Measure every figure of docs/RESULTS.md, and make every plot of the documents:
#   scripts/figures/results.sh KODAK CIFAR10_TEST.npy SPEECH OUT
# KODAK is the folder of the 24 pictures, CIFAR10_TEST.npy uint8 [N, 32, 32, 3], SPEECH a folder of recordings. Hours on
# 2 cores, on which nothing else should run. What `eval rd` measured is kept in OUT, not measured again.
# Beside this, `npm install @wasm-audio-decoders/opus-ml` here gives Opus its neural enhancement.
#
# All tables are printed, and kept in OUT/results.md. They are to be taken into docs/results, with their commit and machine
# in measurements.csv; `python -m scripts.figures.results` then writes docs/RESULTS.md. Fuzzing is apart, as it takes long:
# its commands are in docs/RESULTS.md.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p "$4"
broken=0
mapfile -t pictures < <(find "$1" -name '*.png' | sort)
speech="$(find "$3" -type f | sort | tail -n 1)"

section() { # a title, and a command whose Markdown goes below it
    printf '\n## %s\n\n    %s\n\n' "$1" "${*:2}"
    "${@:2}" || broken=1
}

{
    section "Rate and distortion" vqcodec eval rd "$1" --out "$4/rd" --qualities "$(seq -s, 5 10 95)"
    mkdir -p "$4/rd_high" && cp -n "$4/rd/cache.jsonl" "$4/rd_high" # of the others nothing has to be measured again
    section "Rate and distortion, high effort" vqcodec eval rd "$1" --out "$4/rd_high" --effort high --qualities 22,25,40,48,55,63,70,81
    for effort in "fast 5,15,25,35,45,55,65,75,85,95" "high 25,40,55,70,85"; do
        report="$4/rd_ms_ssim_${effort% *}"
        mkdir -p "$report" && cp -n "$4/rd/cache.jsonl" "$report"
        section "For MS-SSIM, ${effort% *} effort" vqcodec eval rd "$1" --out "$report" --model photo-ms-ssim --effort "${effort% *}" --qualities "${effort#* }"
    done
    section "Drawings" python -m scripts.benchmarks.colours photo --effort fast --quality 20 60 95 --size 384 256
    section "Flat colours" python -m scripts.benchmarks.colours photo photo-ms-ssim --effort high --quality 20 60 95 --size 192 128 --no-drawings
    section "Files and prior" pytest -q -rP tests/promises --pictures "$1"
    section "Bits per dim, photographs" vqcodec eval bpd "$1" --csv "$4/bpd_photo.csv" --force
    section "Bits per dim, small pictures" vqcodec eval bpd "$2" --model small -q 75 --lossless --csv "$4/bpd_small.csv" --force
    section "Files and prior, small pictures" pytest -q -rP tests/promises --pictures "$2" --model small --quality 75
    section "A thousand bytes" python -m scripts.figures.preview examples/coffee.png docs/preview.png
    section "Files that are cut" python -m scripts.figures.progressive "$1" docs/progressive.png
    section "Speed" python -m scripts.benchmarks.speed "$1" --out "$4"
    section "Kernel and numpy" python -m scripts.benchmarks.prior "${pictures[0]}" "$speech"
    section "Other codecs on a core" python -m scripts.benchmarks.peers "${pictures[@]:0:4}"
    section "Large pictures" python -m scripts.benchmarks.huge "$1"/*.png --out "$4/huge"
    section "Rate and distortion, speech" vqcodec eval rd "$3" --out "$4/speech"
    section "Files and prior, speech" pytest -q -rP tests/promises --sounds "$3"
    section "Bits per sample, speech" vqcodec eval bpd "$3" --model speech --lossless --csv "$4/bpd_speech.csv" --force
    section "A long recording" python -m scripts.benchmarks.long_sound "$3"
} | tee "$4/results.md"

vqcodec sample small docs/samples.png --size 32x32 -q 75 -n 64 --force
python -m scripts.figures.spectrograms "$speech" docs/speech.png
python -m scripts.figures.losses docs/runs/losses.csv docs/runs/losses.png
cp "$4/rd/curves.png" docs/rd.png
cp "$4/rd_high/curves.png" docs/rd_high.png
cp "$4/rd_ms_ssim_fast/curves.png" docs/rd_ms_ssim.png
cp "$4/speech/curves.png" docs/rd_speech.png
exit "$broken"
