// Casts, selects, fills, half precision and streaming stores. A part of row_kernels_body.h.

#define CAST(F, from, T, to, expression)                             \
  static void cast_##from##_##to(void *out, const void *a, size_t n) { \
    T *o = out;                                                      \
    const F *p = a;                                                  \
    ROW_LOOP for (size_t i = 0; i < n; i++) {                        \
      F x = p[i];                                                    \
      o[i] = (expression);                                           \
    }                                                                \
  }

// Saturates; NaN gives 0. The bounds are powers of two, so exact in either floating-point type.
#define CAST_FLOAT_TO_INTEGER(F, from, T, to, lowest, highest, bound) \
  CAST(F, from, T, to, x != x ? (T)0 : x < (F)(lowest) ? (T)(lowest) : x >= (F)(bound) ? (T)(highest) : (T)x)

#define CASTS_FROM_FLOAT(F, from)                                                                     \
  CAST(F, from, uint8_t, bool, x != 0)                                                                \
  CAST_FLOAT_TO_INTEGER(F, from, uint8_t, u8, 0, UINT8_MAX, 256.0)                                    \
  CAST_FLOAT_TO_INTEGER(F, from, uint16_t, u16, 0, UINT16_MAX, 65536.0)                               \
  CAST_FLOAT_TO_INTEGER(F, from, uint32_t, u32, 0, UINT32_MAX, 4294967296.0)                          \
  CAST_FLOAT_TO_INTEGER(F, from, uint64_t, u64, 0, UINT64_MAX, 18446744073709551616.0)                \
  CAST_FLOAT_TO_INTEGER(F, from, int8_t, i8, INT8_MIN, INT8_MAX, 128.0)                               \
  CAST_FLOAT_TO_INTEGER(F, from, int16_t, i16, INT16_MIN, INT16_MAX, 32768.0)                         \
  CAST_FLOAT_TO_INTEGER(F, from, int32_t, i32, INT32_MIN, INT32_MAX, 2147483648.0)                    \
  CAST_FLOAT_TO_INTEGER(F, from, int64_t, i64, INT64_MIN, INT64_MAX, 9223372036854775808.0)           \
  CAST(F, from, float, f32, (float)x)                                                                 \
  CAST(F, from, double, f64, (double)x)

#define CASTS_FROM_INTEGER(F, from)            \
  CAST(F, from, uint8_t, bool, x != 0)         \
  CAST(F, from, uint8_t, u8, (uint8_t)x)       \
  CAST(F, from, uint16_t, u16, (uint16_t)x)    \
  CAST(F, from, uint32_t, u32, (uint32_t)x)    \
  CAST(F, from, uint64_t, u64, (uint64_t)x)    \
  CAST(F, from, int8_t, i8, (int8_t)x)         \
  CAST(F, from, int16_t, i16, (int16_t)x)      \
  CAST(F, from, int32_t, i32, (int32_t)x)      \
  CAST(F, from, int64_t, i64, (int64_t)x)      \
  CAST(F, from, float, f32, (float)x)          \
  CAST(F, from, double, f64, (double)x)

CASTS_FROM_INTEGER(uint8_t, u8)
CASTS_FROM_INTEGER(uint16_t, u16)
CASTS_FROM_INTEGER(uint32_t, u32)
CASTS_FROM_INTEGER(uint64_t, u64)
CASTS_FROM_INTEGER(int8_t, i8)
CASTS_FROM_INTEGER(int16_t, i16)
CASTS_FROM_INTEGER(int32_t, i32)
CASTS_FROM_INTEGER(int64_t, i64)
CASTS_FROM_FLOAT(float, f32)
CASTS_FROM_FLOAT(double, f64)

#define COUNT(T, suffix, expression)                                      \
  static void count_##suffix(void *out, int64_t start, size_t n) {          \
    T *o = out;                                                           \
    ROW_LOOP for (size_t i = 0; i < n; i++) {                             \
      int64_t x = start + (int64_t)i;                                     \
      o[i] = (expression);                                                \
    }                                                                     \
  }
COUNT(uint8_t, bool, x != 0)
COUNT(uint8_t, u8, (uint8_t)x)
COUNT(uint16_t, u16, (uint16_t)x)
COUNT(uint64_t, u64, (uint64_t)x)
COUNT(float, f32, (float)x)
COUNT(double, f64, (double)x)

// Narrow enough for vectors all the way.
static void count_u32(void *out, int64_t start, size_t n) {
  uint32_t *o = out, first = (uint32_t)start, many = (uint32_t)n;
  ROW_LOOP for (uint32_t i = 0; i < many; i++) o[i] = first + i;
}

// Four loops, so that a broadcast operand costs a register and not a tile.
#define SELECT_LOOP(FIRST, SECOND)                                                                \
  ROW_LOOP for (size_t i = 0; i < n; i++) {                                                       \
    o[i] = p[i] ? FIRST : SECOND;                                                                 \
  }                                                                                               \
  return
#define SELECT(T, bits)                                                                           \
  static void select_##bits(void *out, const void *a, const void *b, const void *c, size_t n,     \
                            unsigned uniform) {                                                   \
    T *o = out;                                                                                   \
    const uint8_t *p = a;                                                                         \
    const T *q = b, *r = c;                                                                       \
    T x = *q, y = *r;                                                                             \
    switch (uniform) {                                                                            \
      case ROW_UNIFORM_A: SELECT_LOOP(x, r[i]);                                                   \
      case ROW_UNIFORM_B: SELECT_LOOP(q[i], y);                                                   \
      case ROW_UNIFORM_A | ROW_UNIFORM_B: SELECT_LOOP(x, y);                                      \
      default: SELECT_LOOP(q[i], r[i]);                                                           \
    }                                                                                             \
  }                                                                                               \
  static void fill_##bits(void *out, const void *a, size_t n) {                                   \
    T *o = out;                                                                                   \
    T x = *(const T *)a;                                                                          \
    for (size_t i = 0; i < n; i++) o[i] = x;                                                      \
  }
SELECT(uint8_t, 8)
SELECT(uint16_t, 16)
SELECT(uint32_t, 32)
SELECT(uint64_t, 64)

#define HALF_KERNELS(suffix, decode, encode)                                   \
  static void widen_##suffix(void *out, const void *a, size_t n) {             \
    float *o = out;                                                            \
    const uint16_t *p = a;                                                     \
    size_t i = HALF_VECTORS(widen_##suffix)(o, p, n);                          \
    for (; i < n; i++) o[i] = decode(p[i]);                                    \
  }                                                                            \
  static void narrow_##suffix(void *out, const void *a, size_t n) {            \
    uint16_t *o = out;                                                         \
    const float *p = a;                                                        \
    size_t i = HALF_VECTORS(narrow_##suffix)(o, p, n);                         \
    for (; i < n; i++) o[i] = encode(p[i]);                                    \
  }                                                                            \
  static void round_##suffix(void *out, const void *a, size_t n) {             \
    float *o = out;                                                            \
    const float *p = a;                                                        \
    size_t i = HALF_VECTORS(round_##suffix)(o, p, n);                          \
    for (; i < n; i++) o[i] = decode(encode(p[i]));                            \
  }

#define HALF_VECTORS(name) name##_vectors
#if ROW_ISA > 0
static inline size_t widen_bf16_vectors(float *o, const uint16_t *p, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(p + i)));
    _mm256_storeu_si256((__m256i *)(o + i), _mm256_slli_epi32(wide, 16));
  }
  return i;
}
// The upper halves of eight floats, rounded to nearest even; NaN stays NaN.
static inline __m256i bf16_bits(__m256 x) {
  __m256i bits = _mm256_castps_si256(x), high = _mm256_srli_epi32(bits, 16);
  __m256i half = _mm256_add_epi32(_mm256_set1_epi32(0x7fff), _mm256_and_si256(high, _mm256_set1_epi32(1)));
  __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
  __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(rounded, _mm256_or_si256(high, _mm256_set1_epi32(0x40)), is_nan);
}
static inline size_t narrow_bf16_vectors(uint16_t *o, const float *p, size_t n) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m256i a = bf16_bits(_mm256_loadu_ps(p + i)), b = bf16_bits(_mm256_loadu_ps(p + i + 8));
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xd8);
    _mm256_storeu_si256((__m256i *)(o + i), packed);
  }
  return i;
}
static inline size_t round_bf16_vectors(float *o, const float *p, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm256_storeu_si256((__m256i *)(o + i), _mm256_slli_epi32(bf16_bits(_mm256_loadu_ps(p + i)), 16));
  }
  return i;
}
// Eight at a time by the F16C instructions.
static inline size_t widen_f16_vectors(float *o, const uint16_t *p, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(o + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + i))));
  return i;
}
static inline size_t narrow_f16_vectors(uint16_t *o, const float *p, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) _mm_storeu_si128((__m128i *)(o + i), _mm256_cvtps_ph(_mm256_loadu_ps(p + i), 0));
  return i;
}
static inline size_t round_f16_vectors(float *o, const float *p, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm256_storeu_ps(o + i, _mm256_cvtph_ps(_mm256_cvtps_ph(_mm256_loadu_ps(p + i), 0)));
  }
  return i;
}
#else
static inline size_t widen_bf16_vectors(float *o, const uint16_t *p, size_t n) { return (void)o, (void)p, (void)n, 0; }
static inline size_t narrow_bf16_vectors(uint16_t *o, const float *p, size_t n) { return (void)o, (void)p, (void)n, 0; }
static inline size_t round_bf16_vectors(float *o, const float *p, size_t n) { return (void)o, (void)p, (void)n, 0; }
static inline size_t widen_f16_vectors(float *o, const uint16_t *p, size_t n) { return (void)o, (void)p, (void)n, 0; }
static inline size_t narrow_f16_vectors(uint16_t *o, const float *p, size_t n) { return (void)o, (void)p, (void)n, 0; }
static inline size_t round_f16_vectors(float *o, const float *p, size_t n) { return (void)o, (void)p, (void)n, 0; }
#endif

HALF_KERNELS(f16, float_from_f16, f16_from_float)
HALF_KERNELS(bf16, float_from_bf16, bf16_from_float)

// Whole cache lines go past the caches; head and tail take the ordinary way.
static void stream_bytes(void *out, const void *a, size_t n) {
#if ROW_ISA > 0
  char *o = out;
  const char *p = a;
  size_t head = (64 - ((uintptr_t)o & 63)) & 63;
  if (n < head + 64) {
    memcpy(o, p, n);
    return;
  }
  memcpy(o, p, head);
  size_t i = head;
  for (; i + 64 <= n; i += 64) {
    __m256i x = _mm256_loadu_si256((const __m256i *)(p + i)), y = _mm256_loadu_si256((const __m256i *)(p + i + 32));
    _mm256_stream_si256((__m256i *)(o + i), x);
    _mm256_stream_si256((__m256i *)(o + i + 32), y);
  }
  memcpy(o + i, p + i, n - i);
#else
  memcpy(out, a, n);
#endif
}
