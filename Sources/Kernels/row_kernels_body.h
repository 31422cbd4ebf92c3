// All inner loops, compiled once for each instruction set: the including file sets the target pragma,
// ROW_ISA (0 scalar, 1 AVX2, 2 AVX-512) and ROW_TABLE, the name of the table it defines.

#pragma STDC FP_CONTRACT OFF
#define ROW_LOOP_HINT _Pragma("clang loop vectorize(assume_safety)")
#define ROW_LOOP ROW_LOOP_HINT

#include "half.h"
#include "math_f32.h"
#include "math_special.h"
#include "row_kernels_float.h"
#include "row_kernels_integer.h"
#include "row_kernels_move.h"
#include "row_kernels_reduce.h"

#define FLOAT_UNARIES(s)                                                                                       \
  {unary_negate_##s, unary_abs_##s, unary_sign_##s, unary_exp_##s, unary_exp2_##s, unary_expm1_##s,            \
   unary_log_##s, unary_log2_##s, unary_log1p_##s, unary_sqrt_##s, unary_rsqrt_##s, unary_cbrt_##s,            \
   unary_sin_##s, unary_cos_##s, unary_tan_##s, unary_asin_##s, unary_acos_##s, unary_atan_##s,                \
   unary_sinh_##s, unary_cosh_##s, unary_tanh_##s, unary_asinh_##s, unary_acosh_##s, unary_atanh_##s,          \
   unary_sigmoid_##s, unary_erf_##s, unary_erfc_##s, unary_floor_##s, unary_ceil_##s, unary_round_##s,         \
   unary_trunc_##s, unary_reciprocal_##s, unary_logical_not_##s, 0, unary_isnan_##s, unary_isinf_##s,          \
   unary_isfinite_##s, unary_log_gamma_##s, unary_digamma_##s, unary_bessel_i0_scaled_##s,                     \
   unary_bessel_i1_scaled_##s, unary_bessel_j0_##s, unary_bessel_j1_##s, unary_bessel_y0_##s,                  \
   unary_bessel_y1_##s}
#define INTEGER_UNARIES(s)                                                                                     \
  {[MARTLET_UNARY_NEGATE] = unary_negate_##s,                                                                  \
   [MARTLET_UNARY_ABS] = unary_abs_##s,                                                                        \
   [MARTLET_UNARY_SIGN] = unary_sign_##s,                                                                      \
   [MARTLET_UNARY_LOGICAL_NOT] = unary_logical_not_##s,                                                        \
   [MARTLET_UNARY_BITWISE_NOT] = unary_bitwise_not_##s,                                                        \
   [MARTLET_UNARY_BIT_COUNT] = unary_bit_count_##s}
#define ALL_REPLACEMENTS(s)                                                                                    \
  [MARTLET_BINARY_IF_LESS] = binary_if_less_##s,                                                               \
  [MARTLET_BINARY_IF_LESS_OR_EQUAL] = binary_if_less_or_equal_##s,                                             \
  [MARTLET_BINARY_IF_GREATER] = binary_if_greater_##s,                                                         \
  [MARTLET_BINARY_IF_GREATER_OR_EQUAL] = binary_if_greater_or_equal_##s
#define FLOAT_BINARIES(s)                                                                                      \
  {binary_add_##s,       binary_subtract_##s,  binary_multiply_##s,     binary_divide_##s,                     \
   binary_maximum_##s,   binary_minimum_##s,   binary_floor_divide_##s, binary_remainder_##s,                  \
   binary_modulo_##s,    binary_power_##s,     binary_atan2_##s,        binary_hypot_##s,                      \
   binary_copysign_##s,  binary_nextafter_##s, [MARTLET_BINARY_ZETA] = binary_zeta_##s, ALL_REPLACEMENTS(s)}
#define INTEGER_BINARIES(s)                                                                                    \
  {binary_add_##s, binary_subtract_##s, binary_multiply_##s, binary_divide_##s, binary_maximum_##s,            \
   binary_minimum_##s, binary_floor_divide_##s, binary_remainder_##s, binary_modulo_##s, binary_power_##s,     \
   0, 0, 0, 0, binary_and_##s, binary_or_##s, binary_xor_##s, binary_shift_left_##s,                           \
   binary_shift_right_arithmetic_##s, binary_shift_right_logical_##s, binary_gcd_##s,                          \
   ALL_REPLACEMENTS(s)}
#define ALL_COMPARISONS(s)                                                                                     \
  {compare_eq_##s, compare_ne_##s, compare_lt_##s, compare_le_##s, compare_gt_##s, compare_ge_##s}
#define ALL_CASTS(s)                                                                                           \
  {cast_##s##_bool, cast_##s##_u8, cast_##s##_u16, cast_##s##_u32, cast_##s##_u64, cast_##s##_i8,              \
   cast_##s##_i16, cast_##s##_i32, cast_##s##_i64, cast_##s##_f32, cast_##s##_f32, cast_##s##_f32,             \
   cast_##s##_f64}
#define ALL_REDUCTIONS(family, s) {family##_sum_##s, family##_product_##s, family##_max_##s, family##_min_##s}
// In the order of the types; float16 and bfloat16 are float32 in registers.
#define BY_TYPE(FLOAT, INTEGER, BOOL)                                                                          \
  {BOOL, INTEGER(u8), INTEGER(u16), INTEGER(u32), INTEGER(u64), INTEGER(i8), INTEGER(i16), INTEGER(i32),       \
   INTEGER(i64), FLOAT(f32), FLOAT(f32), FLOAT(f32), FLOAT(f64)}
#define BOOL_UNARIES                                                                                           \
  {[MARTLET_UNARY_LOGICAL_NOT] = unary_logical_not_u8, [MARTLET_UNARY_BITWISE_NOT] = unary_logical_not_u8}
#define BOOL_BINARIES                                                                                          \
  {[MARTLET_BINARY_ADD] = binary_or_u8,      [MARTLET_BINARY_MULTIPLY] = binary_and_u8,                        \
   [MARTLET_BINARY_MAXIMUM] = binary_or_u8,  [MARTLET_BINARY_MINIMUM] = binary_and_u8,                         \
   [MARTLET_BINARY_AND] = binary_and_u8,     [MARTLET_BINARY_OR] = binary_or_u8,                               \
   [MARTLET_BINARY_XOR] = binary_xor_u8,     ALL_REPLACEMENTS(u8)}
// Any and all: the greatest and the least of 0 and 1.
#define BOOL_REDUCES(family) {family##_max_u8, family##_min_u8, family##_max_u8, family##_min_u8}
#define REDUCES(s) ALL_REDUCTIONS(reduce, s)
#define ACCUMULATES(s) ALL_REDUCTIONS(accumulate, s)

const row_kernels ROW_TABLE = {
    .unary = BY_TYPE(FLOAT_UNARIES, INTEGER_UNARIES, BOOL_UNARIES),
    .binary = BY_TYPE(FLOAT_BINARIES, INTEGER_BINARIES, BOOL_BINARIES),
    .compare = BY_TYPE(ALL_COMPARISONS, ALL_COMPARISONS, ALL_COMPARISONS(u8)),
    .select = {select_8, select_16, select_32, select_64},
    .squares = squares_f32,
    .pair = {[MARTLET_PAIR_CLIP] = pair_clip, [0] = pair_add_add, [1] = pair_subtract_add, [2] = pair_multiply_add,
             [4] = pair_add_subtract, [5] = pair_subtract_subtract, [6] = pair_multiply_subtract,
             [8] = pair_add_multiply, [9] = pair_subtract_multiply, [10] = pair_multiply_multiply,
             [20] = pair_from_add, [21] = pair_from_subtract, [22] = pair_from_multiply},
    .multiply_add = {[MARTLET_F16] = multiply_add_f32,
                     [MARTLET_BF16] = multiply_add_f32,
                     [MARTLET_F32] = multiply_add_f32,
                     [MARTLET_F64] = multiply_add_f64},
    .cast = BY_TYPE(ALL_CASTS, ALL_CASTS, ALL_CASTS(u8)),
    .count = {count_bool, count_u8, count_u16, count_u32, count_u64, count_u8, count_u16, count_u32, count_u64,
              count_f32, count_f32, count_f32, count_f64},
    .fill = {fill_8, fill_16, fill_32, fill_64},
    .widen = {widen_f16, widen_bf16},
    .narrow = {narrow_f16, narrow_bf16},
    .round = {round_f16, round_bf16},
    .reduce = BY_TYPE(REDUCES, REDUCES, BOOL_REDUCES(reduce)),
    .accumulate = BY_TYPE(ACCUMULATES, ACCUMULATES, BOOL_REDUCES(accumulate)),
    .fold = {ALL_REDUCTIONS(fold, f32), ALL_REDUCTIONS(fold, f64)},
    .fold_squares = {fold_squares_f32, fold_squared_differences_f32},
    .stream = stream_bytes,
};
