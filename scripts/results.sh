#!/usr/bin/env bash
# Every figure of docs/RESULTS.md and every plot of the documentation:
#   scripts/results.sh KODAK CIFAR10_TEST.npy RESULTS
# KODAK is the folder of the 24 pictures, CIFAR10_TEST.npy uint8 [N, 32, 32, 3]. About an hour on 2 cores, on which
# nothing else should run. What `eval rd` measured is kept in RESULTS, and not measured again.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$3"
broken=0

section() { # a title, and a command whose Markdown goes below it
    printf '\n## %s\n\n    %s\n\n' "$1" "${*:2}"
    "${@:2}" || broken=1
}

{
    section "Rate and distortion" vqcodec eval rd "$1" --out "$3/rd"
    section "Files and prior" python scripts/checks.py "$1"
    section "Bits per dim, photographs" vqcodec eval bpd "$1" --csv "$3/bpd_photo.csv" --force
    section "Bits per dim, small pictures" vqcodec eval bpd "$2" --model small -q 75 --lossless --csv "$3/bpd_small.csv" --force
    section "Samples, photographs" python scripts/samples.py "$1"
    section "Samples, small pictures" python scripts/samples.py "$2" --model small --quality 75
    section "Speed" python scripts/speed.py "$1" --out "$3"
} | tee "$3/results.md"

vqcodec sample small docs/samples.png --size 32x32 -q 75 -n 64 --force
cp "$3/rd/curves.png" docs/rd.png
cp "$3/size.png" docs/size.png
exit "$broken"
