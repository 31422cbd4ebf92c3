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
// only. At least 2 rows, and ROW_FOLD_COLUMNS columns: the last vector overlaps the one before. Narrow rows go some at a
// time, as they lie in memory, and the chains of a vector of columns wait in `kept` meanwhile.
enum { FOLD_ROWS = 32, FOLD_KEPT = 16 };

#define TAKE_PLAIN(x, at) memcpy(&x, p + (at), sizeof x)
#define TAKE_SQUARE(x, at) memcpy(&x, p + (at), sizeof x), x *= x
#define TAKE_SQUARED_DIFFERENCE(x, at) memcpy(&x, p + (at), sizeof x), memcpy(&y, q + (at), sizeof y), x -= y, x *= x

#define FLOAT_FOLD(T, V, W, suffix, name, COMBINE, TAKE)                                                      \
  static void fold_##name##_##suffix(void *out, const void *a, const void *b, size_t rows, size_t columns) {  \
    V kept[FOLD_KEPT][4];                                                                                     \
    size_t step = (columns + W - 1) / W <= FOLD_KEPT ? FOLD_ROWS : rows;                                      \
    for (size_t first = 0; first < rows; first += step) {                                                     \
      for (size_t c = 0, vector = 0; c < columns; c += W, vector++) {                                         \
        if (c + W > columns) c = columns - W;                                                                 \
        const T *p = (const T *)a + first * columns + c, *q = (const T *)b + (b ? first * columns + c : 0);   \
        V s0, s1, s2, s3, x, y;                                                                               \
        size_t left = rows - first < step ? rows - first : step, at = 0;                                      \
        (void)q, (void)y;                                                                                     \
        if (rows < 4) {                                                                                       \
          TAKE(s0, 0), TAKE(s1, columns), s0 = COMBINE(s0, s1);                                               \
          if (rows == 3) TAKE(x, 2 * columns), s0 = COMBINE(s0, x);                                           \
          memcpy((T *)out + c, &s0, sizeof x);                                                                \
          continue;                                                                                           \
        }                                                                                                     \
        if (first == 0) {                                                                                     \
          TAKE(s0, 0), TAKE(s1, columns), TAKE(s2, 2 * columns), TAKE(s3, 3 * columns);                       \
          left -= 4, at = 4 * columns;                                                                        \
        } else {                                                                                              \
          s0 = kept[vector][0], s1 = kept[vector][1], s2 = kept[vector][2], s3 = kept[vector][3];             \
        }                                                                                                     \
        for (; left >= 4; left -= 4, at += 4 * columns) {                                                     \
          TAKE(x, at), s0 = COMBINE(s0, x);                                                                   \
          TAKE(x, at + columns), s1 = COMBINE(s1, x);                                                         \
          TAKE(x, at + 2 * columns), s2 = COMBINE(s2, x);                                                     \
          TAKE(x, at + 3 * columns), s3 = COMBINE(s3, x);                                                     \
        }                                                                                                     \
        if (first + step < rows) {                                                                            \
          kept[vector][0] = s0, kept[vector][1] = s1, kept[vector][2] = s2, kept[vector][3] = s3;             \
          continue;                                                                                           \
        }                                                                                                     \
        if (left > 0) TAKE(x, at), s0 = COMBINE(s0, x);                                                       \
        if (left > 1) TAKE(x, at + columns), s1 = COMBINE(s1, x);                                             \
        if (left > 2) TAKE(x, at + 2 * columns), s2 = COMBINE(s2, x);                                         \
        s0 = COMBINE(s0, s1), s2 = COMBINE(s2, s3), s0 = COMBINE(s0, s2);                                     \
        memcpy((T *)out + c, &s0, sizeof x);                                                                  \
      }                                                                                                       \
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

// As the sum of float32, with every value squared first: its difference from `center`, which is 0 where there is none.
static void squares_f32(const void *a, float center, size_t n, row_accumulator *accumulator) {
  const float *p = a;
  const lanes_f32 c = (lanes_f32)center;
  for (size_t start = 0; start < n; start += ROW_REDUCTION_BLOCK) {
    size_t count = n - start < ROW_REDUCTION_BLOCK ? n - start : ROW_REDUCTION_BLOCK;
    const float *q = p + start;
    lanes_f32 s0 = (lanes_f32)0.0f, s1 = s0, s2 = s0, s3 = s0, x;
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
      memcpy(&x, q + i, sizeof x), x -= c, s0 += x * x;
      memcpy(&x, q + i + 16, sizeof x), x -= c, s1 += x * x;
      memcpy(&x, q + i + 32, sizeof x), x -= c, s2 += x * x;
      memcpy(&x, q + i + 48, sizeof x), x -= c, s3 += x * x;
    }
    for (; i + 16 <= count; i += 16) memcpy(&x, q + i, sizeof x), x -= c, s0 += x * x;
    if (i < count) {
      x = c;
      for (size_t j = 0; i + j < count; j++) x[j] = q[i + j];
      x -= c, s1 += x * x;
    }
    s0 += s1, s2 += s3, s0 += s2;
    float block = FOLD_LANES_16(s0, SUM_OF);
    accumulator->d += (double)block;
  }
}

#define FLOAT_REDUCTIONS(T, V, W, suffix)                               \
  FLOAT_ACCUMULATION(T, suffix, sum, SUM_OF)                            \
  FLOAT_ACCUMULATION(T, suffix, product, PRODUCT_OF)                    \
  FLOAT_ACCUMULATION(T, suffix, max, MAXIMUM_OF)                        \
  FLOAT_ACCUMULATION(T, suffix, min, MINIMUM_OF)                        \
  FLOAT_FOLD(T, V, W, suffix, sum, SUM_OF, TAKE_PLAIN)                  \
  FLOAT_FOLD(T, V, W, suffix, product, PRODUCT_OF, TAKE_PLAIN)          \
  FLOAT_FOLD(T, V, W, suffix, max, MAXIMUM_OF, TAKE_PLAIN)              \
  FLOAT_FOLD(T, V, W, suffix, min, MINIMUM_OF, TAKE_PLAIN)              \
  FLOAT_REDUCTION(T, V, W, suffix, sum, 0, SUM_OF)                      \
  FLOAT_REDUCTION(T, V, W, suffix, product, 1, PRODUCT_OF)              \
  FLOAT_EXTREME(T, V, W, suffix, max, -INFINITY, MAXIMUM_OF, GREATER)   \
  FLOAT_EXTREME(T, V, W, suffix, min, INFINITY, MINIMUM_OF, LESSER)
FLOAT_REDUCTIONS(float, lanes_f32, 16, f32)
FLOAT_REDUCTIONS(double, lanes_f64, 8, f64)
FLOAT_FOLD(float, lanes_f32, 16, f32, squares, SUM_OF, TAKE_SQUARE)
FLOAT_FOLD(float, lanes_f32, 16, f32, squared_differences, SUM_OF, TAKE_SQUARED_DIFFERENCE)

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
