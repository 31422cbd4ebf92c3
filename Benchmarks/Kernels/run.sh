#!/bin/sh
# Builds and runs the kernel benchmarks: run.sh [threads]. CC names the compiler; clang by default.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels="$here/../../Sources/Kernels"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
for name in gemm conv attention; do
  "${CC:-clang}" -O2 -std=gnu11 -Wall -Wextra -I"$kernels/include" "$here/${name}_bench.c" "$kernels"/*.c \
    -o "$build/$name" -lpthread -lm
  echo "== $name"
  "$build/$name" "${1:-1}"
done
