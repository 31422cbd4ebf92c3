// Loops over float32 and float64. A part of row_kernels_body.h.

#define UNARY(T, suffix, name, expression)                                  \
  static void unary_##name##_##suffix(void *out, const void *a, size_t n) { \
    T *o = out;                                                             \
    const T *p = a;                                                         \
    ROW_LOOP for (size_t i = 0; i < n; i++) {                               \
      T x = p[i];                                                           \
      o[i] = (expression);                                                  \
    }                                                                       \
  }

// Two vectors at a time, for long chains of operations that wait for each other; they share the constants.
#define UNARY_TWICE(T, suffix, name, expression)                                        \
  static void unary_##name##_##suffix(void *out, const void *a, size_t n) {             \
    T *o = out;                                                                         \
    const T *p = a;                                                                     \
    _Pragma("clang loop vectorize(assume_safety) interleave_count(2)")                  \
    for (size_t i = 0; i < n; i++) {                                                    \
      T x = p[i];                                                                       \
      o[i] = (expression);                                                              \
    }                                                                                   \
  }

#define UNARY_TO_BOOL(T, suffix, name, expression)                          \
  static void unary_##name##_##suffix(void *out, const void *a, size_t n) { \
    uint8_t *o = out;                                                       \
    const T *p = a;                                                         \
    ROW_LOOP for (size_t i = 0; i < n; i++) {                               \
      T x = p[i];                                                           \
      o[i] = (uint8_t)(expression);                                         \
    }                                                                       \
  }

// Three loops, so that a broadcast operand costs a register and not a tile.
#define BINARY(T, R, family, suffix, name, expression)                                                          \
  static void family##_##name##_##suffix(void *out, const void *a, const void *b, size_t n, unsigned uniform) { \
    R *o = out;                                                                                                 \
    const T *p = a, *q = b;                                                                                     \
    if (uniform & ROW_UNIFORM_A) {                                                                              \
      T x = *p;                                                                                                 \
      ROW_LOOP for (size_t i = 0; i < n; i++) {                                                                 \
        T y = q[i];                                                                                             \
        o[i] = (R)(expression);                                                                                 \
      }                                                                                                         \
    } else if (uniform & ROW_UNIFORM_B) {                                                                       \
      T y = *q;                                                                                                 \
      ROW_LOOP for (size_t i = 0; i < n; i++) {                                                                 \
        T x = p[i];                                                                                             \
        o[i] = (R)(expression);                                                                                 \
      }                                                                                                         \
    } else {                                                                                                    \
      ROW_LOOP for (size_t i = 0; i < n; i++) {                                                                 \
        T x = p[i], y = q[i];                                                                                   \
        o[i] = (R)(expression);                                                                                 \
      }                                                                                                         \
    }                                                                                                           \
  }

// For functions too costly for a second loop: the interpreter expands broadcasts first.
#define BINARY_PLAIN(T, suffix, name, expression)                                                             \
  static void binary_##name##_##suffix(void *out, const void *a, const void *b, size_t n, unsigned uniform) { \
    (void)uniform;                                                                                            \
    T *o = out;                                                                                               \
    const T *p = a, *q = b;                                                                                   \
    ROW_LOOP for (size_t i = 0; i < n; i++) {                                                                 \
      T x = p[i], y = q[i];                                                                                   \
      o[i] = (expression);                                                                                    \
    }                                                                                                         \
  }

#define COMPARISONS(T, suffix)                         \
  BINARY(T, uint8_t, compare, suffix, eq, x == y)      \
  BINARY(T, uint8_t, compare, suffix, ne, x != y)      \
  BINARY(T, uint8_t, compare, suffix, lt, x < y)       \
  BINARY(T, uint8_t, compare, suffix, le, x <= y)      \
  BINARY(T, uint8_t, compare, suffix, gt, x > y)       \
  BINARY(T, uint8_t, compare, suffix, ge, x >= y)

// A comparison and the selection of either operand by it.
#define REPLACEMENTS(T, suffix)                                           \
  BINARY(T, T, binary, suffix, if_less, x < y ? y : x)                    \
  BINARY(T, T, binary, suffix, if_less_or_equal, x <= y ? y : x)          \
  BINARY(T, T, binary, suffix, if_greater, x > y ? y : x)                 \
  BINARY(T, T, binary, suffix, if_greater_or_equal, x >= y ? y : x)

#define FLOAT_KERNELS(T, suffix)                                                              \
  UNARY(T, suffix, negate, -x)                                                                \
  UNARY(T, suffix, abs, __builtin_elementwise_abs(x))                                         \
  UNARY(T, suffix, sign, x > 0 ? (T)1 : x < 0 ? (T) - 1 : x)                                  \
  UNARY(T, suffix, sqrt, __builtin_elementwise_sqrt(x))                                       \
  UNARY(T, suffix, rsqrt, (T)(1.0 / __builtin_elementwise_sqrt((double)x)))                   \
  UNARY(T, suffix, floor, __builtin_elementwise_floor(x))                                     \
  UNARY(T, suffix, ceil, __builtin_elementwise_ceil(x))                                       \
  UNARY(T, suffix, round, __builtin_elementwise_roundeven(x))                                 \
  UNARY(T, suffix, trunc, __builtin_elementwise_trunc(x))                                     \
  UNARY(T, suffix, reciprocal, (T)1 / x)                                                      \
  UNARY_TO_BOOL(T, suffix, logical_not, x == 0)                                               \
  UNARY_TO_BOOL(T, suffix, isnan, x != x)                                                     \
  UNARY_TO_BOOL(T, suffix, isinf, __builtin_elementwise_abs(x) == (T)INFINITY)                \
  UNARY_TO_BOOL(T, suffix, isfinite, __builtin_elementwise_abs(x) < (T)INFINITY)              \
  BINARY(T, T, binary, suffix, add, x + y)                                                    \
  BINARY(T, T, binary, suffix, subtract, x - y)                                               \
  BINARY(T, T, binary, suffix, multiply, x *y)                                                \
  BINARY(T, T, binary, suffix, divide, x / y)                                                 \
  BINARY(T, T, binary, suffix, maximum, x > y || x != x ? x : y)                              \
  BINARY(T, T, binary, suffix, minimum, x < y || x != x ? x : y)                              \
  BINARY_PLAIN(T, suffix, copysign, __builtin_elementwise_copysign(x, y))                     \
  COMPARISONS(T, suffix)                                                                      \
  REPLACEMENTS(T, suffix)                                                                     \
  static void multiply_add_##suffix(void *out, const void *a, const void *b, const void *c, size_t n) { \
    T *o = out;                                                                               \
    const T *p = a, *q = b, *r = c;                                                           \
    ROW_LOOP for (size_t i = 0; i < n; i++) o[i] = MATH_FMA(p[i], q[i], r[i]);                \
  }

#define PAIR_LOOP(X, Y, Z, expression)            \
  {                                               \
    ROW_LOOP for (size_t i = 0; i < n; i++) {     \
      float x = X, y = Y, z = Z;                  \
      o[i] = (expression);                        \
    }                                             \
    return;                                       \
  }

// Two operations in one loop, both rounded. A loop for each way in which operands may be single values.
#define PAIR(name, expression)                                                                                  \
  static void pair_##name(void *out, const void *a, const void *b, const void *c, size_t n, unsigned uniform) { \
    float *o = out;                                                                                             \
    const float *p = a, *q = b, *r = c;                                                                         \
    const float u = *p, v = *q, w = *r;                                                                         \
    switch (uniform) {                                                                                          \
      case 0: PAIR_LOOP(p[i], q[i], r[i], expression)                                                           \
      case 1: PAIR_LOOP(u, q[i], r[i], expression)                                                              \
      case 2: PAIR_LOOP(p[i], v, r[i], expression)                                                              \
      case 3: PAIR_LOOP(u, v, r[i], expression)                                                                 \
      case 4: PAIR_LOOP(p[i], q[i], w, expression)                                                              \
      case 5: PAIR_LOOP(u, q[i], w, expression)                                                                 \
      case 6: PAIR_LOOP(p[i], v, w, expression)                                                                 \
      default: PAIR_LOOP(u, v, w, expression)                                                                   \
    }                                                                                                           \
  }
PAIR(add_add, (x + y) + z)
PAIR(subtract_add, (x - y) + z)
PAIR(multiply_add, (x * y) + z)
PAIR(add_subtract, (x + y) - z)
PAIR(subtract_subtract, (x - y) - z)
PAIR(multiply_subtract, (x * y) - z)
PAIR(add_multiply, (x + y) * z)
PAIR(subtract_multiply, (x - y) * z)
PAIR(multiply_multiply, (x * y) * z)
PAIR(from_add, z - (x + y))
PAIR(from_subtract, z - (x - y))
PAIR(from_multiply, z - (x * y))

MATH_INLINE float larger_or_nan(float x, float y) { return x < y ? y : x; }
MATH_INLINE float smaller_or_nan(float x, float y) { return x > y ? y : x; }
PAIR(clip, smaller_or_nan(larger_or_nan(x, y), z))

FLOAT_KERNELS(float, f32)
FLOAT_KERNELS(double, f64)

// The sign of the divisor, and zero keeps that sign too.
MATH_INLINE double modulo_f64(double x, double y) {
  double m = __builtin_fmod(x, y);
  if (m == 0.0) return __builtin_copysign(0.0, y);
  return (m < 0.0) != (y < 0.0) ? m + y : m;
}

MATH_INLINE float modulo_f32(float x, float y) {
  float m = __builtin_fmodf(x, y);
  if (m == 0.0f) return __builtin_copysignf(0.0f, y);
  return (m < 0.0f) != (y < 0.0f) ? m + y : m;
}

// The floor of the exact quotient: the remainder tells whether the rounded one went past an integer.
MATH_INLINE double floor_divide_f64(double x, double y) {
  double quotient = x / y;
  if (!(__builtin_fabs(quotient) < INFINITY)) return quotient;
  double whole = __builtin_round((x - modulo_f64(x, y)) / y);
  return whole == 0.0 ? __builtin_copysign(0.0, quotient) : whole;
}

#define MATH_UNARY_F32(name) UNARY(float, f32, name, f32_##name(x))
MATH_UNARY_F32(exp)
MATH_UNARY_F32(exp2)
MATH_UNARY_F32(expm1)
MATH_UNARY_F32(log)
MATH_UNARY_F32(log2)
MATH_UNARY_F32(log1p)
MATH_UNARY_F32(cbrt)
MATH_UNARY_F32(asin)
MATH_UNARY_F32(acos)
MATH_UNARY_F32(atan)
MATH_UNARY_F32(sinh)
MATH_UNARY_F32(cosh)
MATH_UNARY_F32(tanh)
MATH_UNARY_F32(asinh)
MATH_UNARY_F32(acosh)
MATH_UNARY_F32(atanh)
UNARY_TWICE(float, f32, sigmoid, f32_sigmoid(x))
UNARY_TWICE(float, f32, erf, f32_erf(x))

// In two loops over a part that stays near: each is short enough for the processor to work on several vectors at once,
// which one loop for both is not (AVX2: 0.87 ns an element, not 1.12).
static void unary_erfc_f32(void *out, const void *a, size_t n) {
  enum { part = 256 };
  float scale[part];
  for (size_t start = 0; start < n; start += part) {
    float *o = (float *)out + start;
    const float *p = (const float *)a + start;
    const size_t count = n - start < part ? n - start : part;
    _Pragma("clang loop vectorize(assume_safety) interleave_count(4)")
    for (size_t i = 0; i < count; i++) scale[i] = f32_erfc_scale(p[i]);
    _Pragma("clang loop vectorize(assume_safety) interleave_count(2)")
    for (size_t i = 0; i < count; i++) o[i] = f32_erfc_scaled(p[i], scale[i]);
  }
}

MATH_UNARY_F32(log_gamma)
MATH_UNARY_F32(digamma)
MATH_UNARY_F32(bessel_i0_scaled)
MATH_UNARY_F32(bessel_i1_scaled)
BINARY_PLAIN(float, f32, floor_divide, f32_floor_divide(x, y))
BINARY_PLAIN(float, f32, power, f32_pow(x, y))
BINARY_PLAIN(float, f32, atan2, f32_atan2(x, y))
BINARY_PLAIN(float, f32, hypot, f32_hypot(x, y))

// A tile with an argument out of the vector reduction's range goes element by element.
#define TRIGONOMETRIC_F32(name)                                                           \
  static void unary_##name##_f32(void *out, const void *a, size_t n) {                    \
    float *o = out;                                                                       \
    const float *p = a;                                                                   \
    uint32_t huge = 0;                                                                    \
    for (size_t i = 0; i < n; i++) {                                                      \
      huge |= __builtin_elementwise_abs(p[i]) > MATH_TRIGONOMETRIC_LIMIT;                 \
    }                                                                                     \
    if (huge == 0) {                                                                      \
      ROW_LOOP for (size_t i = 0; i < n; i++) o[i] = f32_##name(p[i]);                    \
      return;                                                                             \
    }                                                                                     \
    for (size_t i = 0; i < n; i++) {                                                      \
      int is_huge = __builtin_elementwise_abs(p[i]) > MATH_TRIGONOMETRIC_LIMIT;           \
      o[i] = is_huge ? (float)__builtin_##name((double)p[i]) : f32_##name(p[i]);          \
    }                                                                                     \
  }
TRIGONOMETRIC_F32(sin)
TRIGONOMETRIC_F32(cos)
TRIGONOMETRIC_F32(tan)

MATH_INLINE double sigmoid_f64(double x) {
  double e = __builtin_exp(-__builtin_fabs(x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

#define MATH_UNARY_F64(name) UNARY(double, f64, name, __builtin_##name(x))
// Calls into the C library: nothing to vectorise, so no hint.
#undef ROW_LOOP
#define ROW_LOOP
MATH_UNARY_F64(exp)
MATH_UNARY_F64(exp2)
MATH_UNARY_F64(expm1)
MATH_UNARY_F64(log)
MATH_UNARY_F64(log2)
MATH_UNARY_F64(log1p)
MATH_UNARY_F64(cbrt)
MATH_UNARY_F64(sin)
MATH_UNARY_F64(cos)
MATH_UNARY_F64(tan)
MATH_UNARY_F64(asin)
MATH_UNARY_F64(acos)
MATH_UNARY_F64(atan)
MATH_UNARY_F64(sinh)
MATH_UNARY_F64(cosh)
MATH_UNARY_F64(tanh)
MATH_UNARY_F64(asinh)
MATH_UNARY_F64(acosh)
MATH_UNARY_F64(atanh)
UNARY(double, f64, sigmoid, sigmoid_f64(x))
MATH_UNARY_F64(erf)
MATH_UNARY_F64(erfc)
UNARY(double, f64, log_gamma, f64_log_gamma(x))
UNARY(double, f64, digamma, f64_digamma(x))
UNARY(double, f64, bessel_i0_scaled, f64_bessel_i_scaled(x, 0.0))
UNARY(double, f64, bessel_i1_scaled, f64_bessel_i_scaled(x, 1.0))
#define BESSEL(T, suffix)                         \
  UNARY(T, suffix, bessel_j0, (T)j0((double)x))   \
  UNARY(T, suffix, bessel_j1, (T)j1((double)x))   \
  UNARY(T, suffix, bessel_y0, (T)y0((double)x))   \
  UNARY(T, suffix, bessel_y1, (T)y1((double)x))   \
  BINARY_PLAIN(T, suffix, zeta, (T)f64_zeta((double)x, (double)y))
BESSEL(float, f32)
BESSEL(double, f64)
BINARY_PLAIN(float, f32, remainder, __builtin_fmodf(x, y))
BINARY_PLAIN(float, f32, modulo, modulo_f32(x, y))
BINARY_PLAIN(float, f32, nextafter, __builtin_nextafterf(x, y))
BINARY_PLAIN(double, f64, floor_divide, floor_divide_f64(x, y))
BINARY_PLAIN(double, f64, remainder, __builtin_fmod(x, y))
BINARY_PLAIN(double, f64, modulo, modulo_f64(x, y))
BINARY_PLAIN(double, f64, power, __builtin_pow(x, y))
BINARY_PLAIN(double, f64, atan2, __builtin_atan2(x, y))
BINARY_PLAIN(double, f64, hypot, __builtin_hypot(x, y))
BINARY_PLAIN(double, f64, nextafter, __builtin_nextafter(x, y))
#undef ROW_LOOP
#define ROW_LOOP ROW_LOOP_HINT
