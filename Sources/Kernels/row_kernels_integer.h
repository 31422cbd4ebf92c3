// Loops over integers and bool. A part of row_kernels_body.h. Arithmetic is done unsigned, so that it
// wraps; divisors of 0 give 0 here and are reported by the interpreter.

#define INTEGER_POWER(T, U, suffix)                                       \
  static inline T power_##suffix(T x, T y) {                              \
    if (y < 0) return x == 1 ? 1 : x == (T)-1 ? ((y & 1) ? (T)-1 : 1) : 0; \
    U base = (U)x, result = 1;                                            \
    for (T e = y; e > 0; e >>= 1) {                                       \
      if (e & 1) result = (U)((uint64_t)result * base);                   \
      base = (U)((uint64_t)base * base);                                  \
    }                                                                     \
    return (T)result;                                                     \
  }

#define INTEGER_POWER_UNSIGNED(T, suffix)                    \
  static inline T power_##suffix(T x, T y) {                 \
    T base = x, result = 1;                                  \
    for (T e = y; e > 0; e >>= 1) {                          \
      if (e & 1) result = (T)((uint64_t)result * base);      \
      base = (T)((uint64_t)base * base);                     \
    }                                                        \
    return result;                                           \
  }

#define SIGNED_DIVISION(T, U, suffix)                                                            \
  static inline T divide_##suffix(T x, T y) { return y == 0 ? 0 : y == -1 ? (T)(0 - (U)x) : (T)(x / y); } \
  static inline T remainder_##suffix(T x, T y) { return y == 0 || y == -1 ? 0 : (T)(x % y); }    \
  static inline T modulo_##suffix(T x, T y) {                                                    \
    T r = remainder_##suffix(x, y);                                                              \
    return r != 0 && (r < 0) != (y < 0) ? (T)(r + y) : r;                                        \
  }                                                                                              \
  static inline T floor_divide_##suffix(T x, T y) {                                              \
    T r = remainder_##suffix(x, y);                                                              \
    return (T)(divide_##suffix(x, y) - (r != 0 && (r < 0) != (y < 0)));                          \
  }

#define UNSIGNED_DIVISION(T, suffix)                                                           \
  static inline T divide_##suffix(T x, T y) { return y == 0 ? 0 : (T)(x / y); }                \
  static inline T remainder_##suffix(T x, T y) { return y == 0 ? 0 : (T)(x % y); }             \
  static inline T modulo_##suffix(T x, T y) { return remainder_##suffix(x, y); }               \
  static inline T floor_divide_##suffix(T x, T y) { return divide_##suffix(x, y); }

#define COMMON_DIVISOR(T, U, suffix)                             \
  static inline T gcd_##suffix(T x, T y) {                       \
    U a = x < 0 ? (U)(0 - (U)x) : (U)x, b = y < 0 ? (U)(0 - (U)y) : (U)y; \
    while (b != 0) {                                             \
      U rest = (U)(a % b);                                       \
      a = b;                                                     \
      b = rest;                                                  \
    }                                                            \
    return (T)a;                                                 \
  }

#define INTEGER_KERNELS(T, U, S, suffix)                                                              \
  UNARY(T, suffix, negate, (T)(0 - (U)x))                                                             \
  UNARY(T, suffix, abs, (T)(x < 0 ? 0 - (U)x : (U)x))                                                 \
  UNARY(T, suffix, sign, (T)((x > 0) - (x < 0)))                                                      \
  UNARY(T, suffix, bitwise_not, (T) ~x)                                                               \
  UNARY(T, suffix, bit_count, (T)__builtin_popcountll((uint64_t)(U)x))                                \
  UNARY_TO_BOOL(T, suffix, logical_not, x == 0)                                                       \
  BINARY(T, T, binary, suffix, add, (U)x + (U)y)                                                      \
  BINARY(T, T, binary, suffix, subtract, (U)x - (U)y)                                                 \
  BINARY(T, T, binary, suffix, multiply, (sizeof(U) < 4 ? (U)((uint32_t)(U)x * (U)y) : (U)x * (U)y))  \
  BINARY(T, T, binary, suffix, maximum, x > y ? x : y)                                                \
  BINARY(T, T, binary, suffix, minimum, x < y ? x : y)                                                \
  BINARY(T, T, binary, suffix, and, x &y)                                                             \
  BINARY(T, T, binary, suffix, or, x | y)                                                             \
  BINARY(T, T, binary, suffix, xor, x ^ y)                                                            \
  BINARY_PLAIN(T, suffix, shift_left, (U)y < 8 * sizeof(T) ? (T)((U)x << (U)y) : (T)0)                \
  BINARY_PLAIN(T, suffix, shift_right_logical, (U)y < 8 * sizeof(T) ? (T)((U)x >> (U)y) : (T)0)       \
  BINARY_PLAIN(T, suffix, shift_right_arithmetic,                                                     \
               (T)((S)x >> ((U)y < 8 * sizeof(T) ? (U)y : (U)(8 * sizeof(T) - 1))))                   \
  BINARY_SCALAR(T, suffix, divide)                                                                    \
  BINARY_SCALAR(T, suffix, floor_divide)                                                              \
  BINARY_SCALAR(T, suffix, remainder)                                                                 \
  BINARY_SCALAR(T, suffix, modulo)                                                                    \
  BINARY_SCALAR(T, suffix, power)                                                                     \
  BINARY_SCALAR(T, suffix, gcd)                                                                       \
  COMPARISONS(T, suffix)                                                                              \
  REPLACEMENTS(T, suffix)

#define BINARY_SCALAR(T, suffix, name)                                                                        \
  static void binary_##name##_##suffix(void *out, const void *a, const void *b, size_t n, unsigned uniform) { \
    (void)uniform;                                                                                            \
    T *o = out;                                                                                               \
    const T *p = a, *q = b;                                                                                   \
    for (size_t i = 0; i < n; i++) o[i] = name##_##suffix(p[i], q[i]);                                        \
  }

INTEGER_POWER_UNSIGNED(uint8_t, u8)
INTEGER_POWER_UNSIGNED(uint16_t, u16)
INTEGER_POWER_UNSIGNED(uint32_t, u32)
INTEGER_POWER_UNSIGNED(uint64_t, u64)
INTEGER_POWER(int8_t, uint8_t, i8)
INTEGER_POWER(int16_t, uint16_t, i16)
INTEGER_POWER(int32_t, uint32_t, i32)
INTEGER_POWER(int64_t, uint64_t, i64)
UNSIGNED_DIVISION(uint8_t, u8)
UNSIGNED_DIVISION(uint16_t, u16)
UNSIGNED_DIVISION(uint32_t, u32)
UNSIGNED_DIVISION(uint64_t, u64)
SIGNED_DIVISION(int8_t, uint8_t, i8)
SIGNED_DIVISION(int16_t, uint16_t, i16)
SIGNED_DIVISION(int32_t, uint32_t, i32)
SIGNED_DIVISION(int64_t, uint64_t, i64)
COMMON_DIVISOR(uint8_t, uint8_t, u8)
COMMON_DIVISOR(uint16_t, uint16_t, u16)
COMMON_DIVISOR(uint32_t, uint32_t, u32)
COMMON_DIVISOR(uint64_t, uint64_t, u64)
COMMON_DIVISOR(int8_t, uint8_t, i8)
COMMON_DIVISOR(int16_t, uint16_t, i16)
COMMON_DIVISOR(int32_t, uint32_t, i32)
COMMON_DIVISOR(int64_t, uint64_t, i64)
INTEGER_KERNELS(uint8_t, uint8_t, int8_t, u8)
INTEGER_KERNELS(uint16_t, uint16_t, int16_t, u16)
INTEGER_KERNELS(uint32_t, uint32_t, int32_t, u32)
INTEGER_KERNELS(uint64_t, uint64_t, int64_t, u64)
INTEGER_KERNELS(int8_t, uint8_t, int8_t, i8)
INTEGER_KERNELS(int16_t, uint16_t, int16_t, i16)
INTEGER_KERNELS(int32_t, uint32_t, int32_t, i32)
INTEGER_KERNELS(int64_t, uint64_t, int64_t, i64)
