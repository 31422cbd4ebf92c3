#!/bin/sh
# Measures the elementary functions: run.sh [step], every step-th of all floats (61 by default; 1 takes
# about an hour). MARTLET_ISA chooses the instruction set. Needs clang, by name or in $CC.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels="$here/../../Sources/Kernels"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
"${CC:-clang}" -std=c11 -O2 -I"$kernels" "$here/accuracy.c" "$kernels"/row_*.c "$kernels"/pool*.c "$kernels"/cpu.c \
  -lm -lpthread -o "$build/accuracy"
"$build/accuracy" "$@"
