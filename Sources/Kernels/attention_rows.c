#include "attention_rows.h"

#include <math.h>
#include <stdint.h>

#include "include/martlet_cpu.h"

// All sets work on 16 numbers at a time, so that sums have the same order; the compiler splits them as needed.
typedef float vector __attribute__((vector_size(64)));
typedef int32_t integers __attribute__((vector_size(64)));

#define INLINE static inline __attribute__((always_inline))

// Vectors go by pointer: passed by value, their calling convention would depend on the instruction set.
INLINE void choose(vector *to, const integers *condition, const vector *other) {
  *to = (vector)((*condition & (integers)*other) | (~*condition & (integers)*to));
}

// exp(x) = 2^n exp(r) with |r| <= ln 2 / 2, by the Taylor polynomial of degree 7: its error there is 5e-9.
INLINE void exponential(vector *value) {
  const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number in the low bits
  const vector x = *value, shifted = x * 1.44269504f + shifter, n = shifted - shifter;
  const vector r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  vector sum = r * (1.0f / 5040) + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  vector result = sum * (vector)(((integers)shifted << 23) + (127 << 23));
  const integers is_tiny = x < -87.33654f, is_huge = x > 88.72283f;
  const vector zero = {0}, infinite = zero + INFINITY;
  choose(&result, &is_tiny, &zero);
  choose(&result, &is_huge, &infinite);
  *value = result;
}

#define DEFINE_ROWS(suffix, attributes)                                                                        \
  attributes static float largest_##suffix(const float *row, size_t count) {                                   \
    vector most = *(const vector *)row;                                                                        \
    for (size_t i = 16; i < count; i += 16) {                                                                  \
      const vector x = *(const vector *)(row + i);                                                             \
      const integers is_larger = (x > most) | (x != x);                                                        \
      choose(&most, &is_larger, &x);                                                                           \
    }                                                                                                          \
    float result = most[0];                                                                                    \
    for (int i = 1; i < 16; ++i) result = most[i] > result || most[i] != most[i] ? most[i] : result;           \
    return result;                                                                                             \
  }                                                                                                            \
  attributes static float exponentials_##suffix(float *row, size_t count, float shift) {                       \
    vector sums = {0};                                                                                         \
    for (size_t i = 0; i < count; i += 16) {                                                                   \
      vector x = *(const vector *)(row + i) - shift;                                                           \
      exponential(&x);                                                                                         \
      *(vector *)(row + i) = x;                                                                                \
      sums += x;                                                                                               \
    }                                                                                                          \
    float sum = 0;                                                                                             \
    for (int i = 0; i < 16; ++i) sum += sums[i];                                                               \
    return sum;                                                                                                \
  }                                                                                                            \
  attributes static void scale_##suffix(float *row, size_t count, float factor) {                              \
    for (size_t i = 0; i < count; i += 16) *(vector *)(row + i) *= factor;                                     \
  }                                                                                                            \
  attributes static void score_gradient_##suffix(float *gradient, const float *probability, size_t count,      \
                                                 float mean, float scale) {                                    \
    for (size_t i = 0; i < count; i += 16) {                                                                   \
      const vector p = *(const vector *)(probability + i), g = *(const vector *)(gradient + i);                \
      *(vector *)(gradient + i) = p * (g - mean) * scale;                                                      \
    }                                                                                                          \
  }                                                                                                            \
  static const martlet_attention_rows rows_##suffix = {largest_##suffix, exponentials_##suffix, scale_##suffix, \
                                                       score_gradient_##suffix};

DEFINE_ROWS(portable, )
#if defined(__x86_64__)
DEFINE_ROWS(avx2, __attribute__((target("avx2,fma"))))
DEFINE_ROWS(avx512, __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))))
#endif

const martlet_attention_rows *martlet_attention_rows_f32(void) {
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return &rows_avx512;
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return &rows_avx2;
#endif
  return &rows_portable;
}
