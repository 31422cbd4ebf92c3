#!/bin/sh
# Builds and runs the row-program benchmark: run.sh [threads]. Needs clang, by name or in $CC.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels="$here/../../Sources/Kernels"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
"${CC:-clang}" -std=c11 -O2 -I"$kernels/include" "$here/rows.c" "$kernels"/row_*.c "$kernels"/pool*.c \
  "$kernels"/cpu.c -lm -lpthread -o "$build/rows"
"$build/rows" "$@"
