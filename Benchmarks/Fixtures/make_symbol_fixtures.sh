#!/bin/sh
# Makes a small library with debug information of DWARF 4 and 5, and what llvm-symbolizer says of each of its
# instructions. Needs the clang, lld and llvm-symbolizer of a Swift toolchain.
#
#     Benchmarks/Fixtures/make_symbol_fixtures.sh
set -eu
target=$(cd "$(dirname "$0")/../.." && pwd)/Tests/Fixtures/Symbols
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
mkdir parts

cat > parts/scale.h <<'EOF'
static inline __attribute__((always_inline)) int scaled(int value, volatile int *seen) {
  *seen = value;
  return value * 3;
}
static inline __attribute__((always_inline)) int shifted(int value, volatile int *seen) {
  int result = scaled(value, seen) + 1;
  *seen = result;
  return result;
}
EOF
cat > early.c <<'EOF'
#include "parts/scale.h"
static __attribute__((noinline)) int leaf(int value) { return value ^ 21; }
int early(int value, volatile int *seen) {
  if (value > 4) value = shifted(value, seen);
  for (int i = 0; i < value; ++i) *seen = leaf(scaled(i, seen));
  return shifted(value, seen);
}
EOF
cat > late.c <<'EOF'
#include "parts/scale.h"
int early(int value, volatile int *seen);
__attribute__((section(".text.apart"), cold, noinline)) int apart(int value, volatile int *seen) {
  return shifted(scaled(value, seen), seen);
}
int late(int value, volatile int *seen) {
  if (value < 0) return apart(value, seen);
  return early(value, seen) + shifted(value, seen);
}
EOF
cat > bare.c <<'EOF'
int bare(int value) { return value + 1; }
EOF

options="--target=x86_64-unknown-linux-gnu -O1 -fPIC -ffunction-sections -fdebug-compilation-dir=/source"
options="$options -fno-asynchronous-unwind-tables -fno-ident"
clang $options -gdwarf-4 -c early.c
clang $options -gdwarf-5 -c late.c
clang $options -g0 -c bare.c
clang --target=x86_64-unknown-linux-gnu -nostdlib -shared -fuse-ld=lld -Wl,-z,noseparate-code -Wl,-z,norelro \
  -Wl,--build-id=none -Wl,-z,max-page-size=4096 -o library.elf early.o late.o bare.o

# Every byte of every function is asked for.
llvm-nm --defined-only --print-size library.elf | while read -r start size kind name; do
  case $kind in [tT]) ;; *) continue ;; esac
  first=$(printf %d "0x$start")
  last=$((first + $(printf %d "0x$size") - 1))
  seq "$first" "$last"
done | sort -n > addresses.txt
llvm-symbolizer -e library.elf --inlines --functions=linkage --output-style=LLVM < addresses.txt > frames.txt

# One line a frame, `address function place`, in llvm-symbolizer's order: the innermost first.
awk 'NR == FNR { address[NR] = $1; next }
     $0 == "" { ++n; isPlace = 0; next }
     !isPlace { name = $0; isPlace = 1; next }
     { print address[n + 1], name, $0; isPlace = 0 }' addresses.txt frames.txt > calls.txt
mkdir -p "$target"
cp library.elf calls.txt "$target"
