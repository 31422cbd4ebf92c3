// The inner loops of row programs: one table of them for each instruction set.
#ifndef MARTLET_ROW_KERNELS_H
#define MARTLET_ROW_KERNELS_H

#include "include/martlet_rows.h"

/// Bits of the `uniform` argument of binary and compare kernels: that operand is one value.
#define ROW_UNIFORM_A 1u
#define ROW_UNIFORM_B 2u

/// Columns whose sum is formed in the element type before it is added up in float64.
#define ROW_REDUCTION_BLOCK 512

/// Columns from which on rows are folded by a kernel.
#define ROW_FOLD_COLUMNS 16

/// Running value of a reduction: `d` for floating point, `i` or `u` for integers of that sign.
typedef union row_accumulator {
  double d;
  int64_t i;
  uint64_t u;
} row_accumulator;

typedef void (*row_unary)(void *out, const void *a, size_t n);
typedef void (*row_binary)(void *out, const void *a, const void *b, size_t n, unsigned uniform);
/// Bit `1 << k` of `uniform` says that operand k is one value.
typedef void (*row_pair)(void *out, const void *a, const void *b, const void *c, size_t n, unsigned uniform);
/// `uniform` says which of the two values is one for all: b by ROW_UNIFORM_A, c by ROW_UNIFORM_B.
typedef void (*row_select)(void *out, const void *a, const void *b, const void *c, size_t n, unsigned uniform);
typedef void (*row_ternary)(void *out, const void *a, const void *b, const void *c, size_t n);
/// What has no second operand leaves b alone.
typedef void (*row_fold)(void *out, const void *a, const void *b, size_t rows, size_t columns);
typedef void (*row_count)(void *out, int64_t start, size_t n);
typedef void (*row_reduce)(const void *a, size_t n, row_accumulator *accumulator);
typedef void (*row_squares)(const void *a, float center, size_t n, row_accumulator *accumulator);
typedef void (*row_accumulate)(row_accumulator *accumulators, const void *a, size_t n);

/// All kernels take any alignment and count. `out` may be one of the operands. Elements of float16 and
/// bfloat16 are float32 here, and use the float32 entries.
typedef struct row_kernels {
  row_unary unary[MARTLET_TYPE_COUNT][MARTLET_UNARY_COUNT];
  row_binary binary[MARTLET_TYPE_COUNT][MARTLET_BINARY_COUNT];
  row_binary compare[MARTLET_TYPE_COUNT][MARTLET_COMPARE_COUNT];
  /// By the base-2 logarithm of the width in bytes; a is bool.
  row_select select[4];
  /// Two operations in float32, by the `kind` of the instruction; null where there is no such pair.
  row_pair pair[32];
  row_ternary multiply_add[MARTLET_TYPE_COUNT];
  /// From (first) and to (second) the type in registers.
  row_unary cast[MARTLET_TYPE_COUNT][MARTLET_TYPE_COUNT];
  /// By the base-2 logarithm of the width in bytes; `a` is one value.
  row_unary fill[4];
  /// Numbers from `start` on, converted as casts of int64 are.
  row_count count[MARTLET_TYPE_COUNT];
  /// From memory to registers, from registers to memory, and rounding in place; float16, bfloat16.
  row_unary widen[2], narrow[2], round[2];
  row_reduce reduce[MARTLET_TYPE_COUNT][MARTLET_REDUCE_COUNT];
  /// Adds the squares of the differences from a value to a sum; float32.
  row_squares squares;
  /// Folds a row of values into accumulators, one for each column.
  row_accumulate accumulate[MARTLET_TYPE_COUNT][MARTLET_REDUCE_COUNT];
  /// Reduces at least 2 rows of a dense block to one row, in the element type; float32 and float64.
  row_fold fold[2][MARTLET_REDUCE_COUNT];
  /// By the kind of `martlet_squares` from the first on; float32.
  row_fold fold_squares[2];
  /// Copies bytes past the caches; `n` counts bytes.
  row_unary stream;
} row_kernels;

extern const row_kernels martlet_row_kernels_scalar;
#if defined(__x86_64__)
extern const row_kernels martlet_row_kernels_avx2;
extern const row_kernels martlet_row_kernels_avx512;
#endif

/// The table for the instruction set in force.
const row_kernels *martlet_row_kernels_current(void);

#endif
