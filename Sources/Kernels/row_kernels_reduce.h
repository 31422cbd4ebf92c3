// Reductions of a run of values into an accumulator, and of a row into one accumulator a column. A part
// of row_kernels_body.h.

typedef float lanes_f32 __attribute__((ext_vector_type(16)));
typedef double lanes_f64 __attribute__((ext_vector_type(8)));
typedef int32_t flags_f32 __attribute__((ext_vector_type(16)));
typedef int64_t flags_f64 __attribute__((ext_vector_type(8)));

// Lane j with lane j + half, until one is left.
#define FOLD_LANES_8(v, COMBINE)                                                                              \
  __extension__({                                                                                             \
    __auto_type four = COMBINE(v.lo, v.hi);                                                                   \
    __auto_type two = COMBINE(four.lo, four.hi);                                                              \
    COMBINE##_ONE(two.x, two.y);                                                                              \
  })
#define FOLD_LANES_16(v, COMBINE)                                                                             \
  __extension__({                                                                                             \
    __auto_type eight = COMBINE(v.lo, v.hi);                                                                  \
    FOLD_LANES_8(eight, COMBINE);                                                                             \
  })

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
      T block = FOLD_LANES_##W(s0, COMBINE);                                                                  \
      accumulator->d = COMBINE##_ONE(accumulator->d, (double)block);                                          \
    }                                                                                                         \
  }

#define FLOAT_ACCUMULATION(T, suffix, name, COMBINE)                                                          \
  static void accumulate_##name##_##suffix(row_accumulator *accumulators, const void *a, size_t n) {          \
    const T *p = a;                                                                                           \
    double *s = &accumulators->d;                                                                             \
    ROW_LOOP for (size_t i = 0; i < n; i++) s[i] = COMBINE##_ONE(s[i], (double)p[i]);                         \
  }

// As above, with NaN looked for apart: the comparisons leave it out.
#define FLOAT_EXTREME(T, V, W, suffix, name, identity, COMBINE, CHOOSE)                                       \
  static void reduce_##name##_##suffix(const void *a, size_t n, row_accumulator *accumulator) {               \
    const T *p = a;                                                                                           \
    V s0 = (V)(T)(identity), s1 = s0, s2 = s0, s3 = s0, x, y;                                                 \
    flags_##suffix odd = 0, even = 0;                                                                         \
    size_t i = 0;                                                                                             \
    for (; i + 4 * W <= n; i += 4 * W) {                                                                      \
      memcpy(&x, p + i, sizeof x), memcpy(&y, p + i + W, sizeof y);                                           \
      s0 = CHOOSE(s0, x), s1 = CHOOSE(s1, y), even |= (x != x) | (y != y);                                    \
      memcpy(&x, p + i + 2 * W, sizeof x), memcpy(&y, p + i + 3 * W, sizeof y);                               \
      s2 = CHOOSE(s2, x), s3 = CHOOSE(s3, y), odd |= (x != x) | (y != y);                                     \
    }                                                                                                         \
    for (; i + W <= n; i += W) memcpy(&x, p + i, sizeof x), s0 = CHOOSE(s0, x), even |= x != x;               \
    s0 = CHOOSE(s0, s1), s2 = CHOOSE(s2, s3), s0 = CHOOSE(s0, s2);                                            \
    T best = FOLD_LANES_##W(s0, CHOOSE);                                                                      \
    even |= odd;                                                                                              \
    int has_nan = FOLD_LANES_##W(even, ANY) != 0;                                                             \
    for (; i < n; i++) best = CHOOSE##_ONE(best, p[i]), has_nan |= p[i] != p[i];                              \
    accumulator->d = COMBINE##_ONE(accumulator->d, has_nan ? (double)NAN : (double)best);                     \
  }
#define GREATER(x, y) ((y) > (x) ? (y) : (x))
#define GREATER_ONE(x, y) ((y) > (x) ? (y) : (x))
#define LESSER(x, y) ((y) < (x) ? (y) : (x))
#define LESSER_ONE(x, y) ((y) < (x) ? (y) : (x))
#define ANY(x, y) ((x) | (y))
#define ANY_ONE(x, y) ((x) | (y))

// Row i goes into chain i modulo 4, and the chains come together in pairs: the order depends on the number of rows
// only. At least 2 rows, and ROW_FOLD_COLUMNS columns: the last vector overlaps the one before.
#define FLOAT_FOLD(T, V, W, suffix, name, COMBINE)                                                            \
  static void fold_##name##_##suffix(void *out, const void *a, size_t rows, size_t columns) {                 \
    T *o = out;                                                                                               \
    for (size_t c = 0; c < columns; c += W) {                                                                 \
      if (c + W > columns) c = columns - W;                                                                   \
      const T *p = (const T *)a + c;                                                                          \
      V s0, s1, s2, s3, x;                                                                                    \
      memcpy(&s0, p, sizeof x), memcpy(&s1, p + columns, sizeof x);                                           \
      if (rows < 4) {                                                                                         \
        s0 = COMBINE(s0, s1);                                                                                 \
        if (rows == 3) memcpy(&x, p + 2 * columns, sizeof x), s0 = COMBINE(s0, x);                            \
      } else {                                                                                                \
        memcpy(&s2, p + 2 * columns, sizeof x), memcpy(&s3, p + 3 * columns, sizeof x);                       \
        size_t left = rows - 4;                                                                               \
        for (p += 4 * columns; left >= 4; left -= 4, p += 4 * columns) {                                      \
          memcpy(&x, p, sizeof x), s0 = COMBINE(s0, x);                                                       \
          memcpy(&x, p + columns, sizeof x), s1 = COMBINE(s1, x);                                             \
          memcpy(&x, p + 2 * columns, sizeof x), s2 = COMBINE(s2, x);                                         \
          memcpy(&x, p + 3 * columns, sizeof x), s3 = COMBINE(s3, x);                                         \
        }                                                                                                     \
        if (left > 0) memcpy(&x, p, sizeof x), s0 = COMBINE(s0, x);                                           \
        if (left > 1) memcpy(&x, p + columns, sizeof x), s1 = COMBINE(s1, x);                                 \
        if (left > 2) memcpy(&x, p + 2 * columns, sizeof x), s2 = COMBINE(s2, x);                             \
        s0 = COMBINE(s0, s1), s2 = COMBINE(s2, s3), s0 = COMBINE(s0, s2);                                     \
      }                                                                                                       \
      memcpy(o + c, &s0, sizeof x);                                                                           \
    }                                                                                                         \
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
  FLOAT_ACCUMULATION(T, suffix, sum, SUM_OF)                            \
  FLOAT_ACCUMULATION(T, suffix, product, PRODUCT_OF)                    \
  FLOAT_ACCUMULATION(T, suffix, max, MAXIMUM_OF)                        \
  FLOAT_ACCUMULATION(T, suffix, min, MINIMUM_OF)                        \
  FLOAT_FOLD(T, V, W, suffix, sum, SUM_OF)                              \
  FLOAT_FOLD(T, V, W, suffix, product, PRODUCT_OF)                      \
  FLOAT_FOLD(T, V, W, suffix, max, MAXIMUM_OF)                          \
  FLOAT_FOLD(T, V, W, suffix, min, MINIMUM_OF)                          \
  FLOAT_REDUCTION(T, V, W, suffix, sum, 0, SUM_OF)                      \
  FLOAT_REDUCTION(T, V, W, suffix, product, 1, PRODUCT_OF)              \
  FLOAT_EXTREME(T, V, W, suffix, max, -INFINITY, MAXIMUM_OF, GREATER)   \
  FLOAT_EXTREME(T, V, W, suffix, min, INFINITY, MINIMUM_OF, LESSER)
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
