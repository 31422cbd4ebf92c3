// Reductions of a run of values into an accumulator, and of a row into one accumulator a column. A part
// of row_kernels_body.h.

typedef float lanes_f32 __attribute__((ext_vector_type(16)));
typedef double lanes_f64 __attribute__((ext_vector_type(8)));

// A block of at most 512 values goes over four vectors of lanes, value i to lane i modulo their number,
// and the lanes come together by halves: the order depends on the count only, and is the same for every
// instruction set. Blocks are then combined in float64.
#define FLOAT_REDUCTION(T, V, W, suffix, name, identity, COMBINE)                                             \
  static void reduce_##name##_##suffix(const void *a, size_t n, row_accumulator *accumulator) {               \
    const T *p = a;                                                                                           \
    for (size_t start = 0; start < n; start += ROW_REDUCTION_BLOCK) {                                         \
      size_t count = n - start < ROW_REDUCTION_BLOCK ? n - start : ROW_REDUCTION_BLOCK;                       \
      const T *q = p + start;                                                                                 \
      V s0 = (V)(T)(identity), s1 = s0, s2 = s0, s3 = s0, x;                                                  \
      size_t i = 0;                                                                                           \
      for (; i + 4 * W <= count; i += 4 * W) {                                                                \
        memcpy(&x, q + i, sizeof x), s0 = COMBINE(s0, x);                                                     \
        memcpy(&x, q + i + W, sizeof x), s1 = COMBINE(s1, x);                                                 \
        memcpy(&x, q + i + 2 * W, sizeof x), s2 = COMBINE(s2, x);                                             \
        memcpy(&x, q + i + 3 * W, sizeof x), s3 = COMBINE(s3, x);                                             \
      }                                                                                                       \
      for (; i + W <= count; i += W) memcpy(&x, q + i, sizeof x), s0 = COMBINE(s0, x);                        \
      if (i < count) {                                                                                        \
        x = (V)(T)(identity);                                                                                 \
        for (size_t j = 0; i + j < count; j++) x[j] = q[i + j];                                               \
        s1 = COMBINE(s1, x);                                                                                  \
      }                                                                                                       \
      s0 = COMBINE(s0, s1), s2 = COMBINE(s2, s3), s0 = COMBINE(s0, s2);                                       \
      T lanes[W];                                                                                             \
      memcpy(lanes, &s0, sizeof lanes);                                                                       \
      for (size_t half = W / 2; half > 0; half /= 2) {                                                        \
        for (size_t j = 0; j < half; j++) lanes[j] = COMBINE##_ONE(lanes[j], lanes[j + half]);                \
      }                                                                                                       \
      accumulator->d = COMBINE##_ONE(accumulator->d, (double)lanes[0]);                                       \
    }                                                                                                         \
  }                                                                                                           \
  static void accumulate_##name##_##suffix(row_accumulator *accumulators, const void *a, size_t n) {          \
    const T *p = a;                                                                                           \
    double *s = &accumulators->d;                                                                             \
    ROW_LOOP for (size_t i = 0; i < n; i++) s[i] = COMBINE##_ONE(s[i], (double)p[i]);                         \
  }

#define SUM_OF(x, y) ((x) + (y))
#define SUM_OF_ONE(x, y) ((x) + (y))
#define PRODUCT_OF(x, y) ((x) * (y))
#define PRODUCT_OF_ONE(x, y) ((x) * (y))
// NaN wins, on either side.
#define MAXIMUM_OF(x, y) ((((y) > (x)) | ((y) != (y))) ? (y) : (x))
#define MAXIMUM_OF_ONE(x, y) ((y) > (x) || (y) != (y) ? (y) : (x))
#define MINIMUM_OF(x, y) ((((y) < (x)) | ((y) != (y))) ? (y) : (x))
#define MINIMUM_OF_ONE(x, y) ((y) < (x) || (y) != (y) ? (y) : (x))

#define FLOAT_REDUCTIONS(T, V, W, suffix)                               \
  FLOAT_REDUCTION(T, V, W, suffix, sum, 0, SUM_OF)                      \
  FLOAT_REDUCTION(T, V, W, suffix, product, 1, PRODUCT_OF)              \
  FLOAT_REDUCTION(T, V, W, suffix, max, -INFINITY, MAXIMUM_OF)          \
  FLOAT_REDUCTION(T, V, W, suffix, min, INFINITY, MINIMUM_OF)
FLOAT_REDUCTIONS(float, lanes_f32, 16, f32)
FLOAT_REDUCTIONS(double, lanes_f64, 8, f64)

#define INTEGER_REDUCTION(T, A, field, suffix, name, COMBINE)                                          \
  static void reduce_##name##_##suffix(const void *a, size_t n, row_accumulator *accumulator) {        \
    const T *p = a;                                                                                    \
    A s = (A)accumulator->field;                                                                       \
    ROW_LOOP for (size_t i = 0; i < n; i++) s = COMBINE(s, (A)p[i]);                                   \
    accumulator->field = s;                                                                            \
  }                                                                                                    \
  static void accumulate_##name##_##suffix(row_accumulator *accumulators, const void *a, size_t n) {   \
    const T *p = a;                                                                                    \
    ROW_LOOP for (size_t i = 0; i < n; i++) {                                                          \
      A s = (A)accumulators[i].field;                                                                  \
      accumulators[i].field = COMBINE(s, (A)p[i]);                                                     \
    }                                                                                                  \
  }

// Sums and products are formed unsigned, which wraps; the low bits are those of the narrow type.
#define INTEGER_REDUCTIONS(T, A, field, suffix)                         \
  INTEGER_REDUCTION(T, uint64_t, u, suffix, sum, SUM_OF_ONE)            \
  INTEGER_REDUCTION(T, uint64_t, u, suffix, product, PRODUCT_OF_ONE)    \
  INTEGER_REDUCTION(T, A, field, suffix, max, LARGER_OF)                \
  INTEGER_REDUCTION(T, A, field, suffix, min, SMALLER_OF)
#define LARGER_OF(x, y) ((y) > (x) ? (y) : (x))
#define SMALLER_OF(x, y) ((y) < (x) ? (y) : (x))
INTEGER_REDUCTIONS(uint8_t, uint64_t, u, u8)
INTEGER_REDUCTIONS(uint16_t, uint64_t, u, u16)
INTEGER_REDUCTIONS(uint32_t, uint64_t, u, u32)
INTEGER_REDUCTIONS(uint64_t, uint64_t, u, u64)
INTEGER_REDUCTIONS(int8_t, int64_t, i, i8)
INTEGER_REDUCTIONS(int16_t, int64_t, i, i16)
INTEGER_REDUCTIONS(int32_t, int64_t, i, i32)
INTEGER_REDUCTIONS(int64_t, int64_t, i, i64)
