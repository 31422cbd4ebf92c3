// Matrix products with 256-bit vectors. Tiles of 6 x 16 float 32: 12 sums, two vectors of B and a broadcast of A
// are 15 of the 16 registers.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define TARGET __attribute__((target("avx2,fma")))

typedef float v8f __attribute__((vector_size(32), aligned(4)));
typedef double v4d __attribute__((vector_size(32), aligned(8)));

// The first n lanes are those where n exceeds the lane's number.
TARGET static inline __m256i lanes_f32(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

TARGET static inline __m256i lanes_f64(size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x((int64_t)n), _mm256_setr_epi64x(0, 1, 2, 3));
}

#define T float
#define V v8f
#define LANES 8
#define VECTORS 2
#define ROWS 6
#define DIRECT_ROWS 6
#define DEPTH_BLOCK 768
#define ROW_VECTORS 8
#define NAME(x) x##_f32_avx2
#define V_LOAD_N(p, n) ((v8f)_mm256_maskload_ps(p, lanes_f32(n)))
#define V_STORE_N(p, v, n) _mm256_maskstore_ps(p, lanes_f32(n), (__m256)(v))
#define V_FMA(a, b, c) ((v8f)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define V_SET(x) ((v8f)_mm256_set1_ps(x))
#define V_PIN(v) __asm__ volatile("" : "+x"(v))
#define V_TRANSPOSE TRANSPOSE_8
#include "gemm_micro.h"

#define T double
#define V v4d
#define LANES 4
#define VECTORS 2
#define ROWS 6
#define DIRECT_ROWS 6
#define DEPTH_BLOCK 256
#define ROW_VECTORS 8
#define NAME(x) x##_f64_avx2
#define V_LOAD_N(p, n) ((v4d)_mm256_maskload_pd(p, lanes_f64(n)))
#define V_STORE_N(p, v, n) _mm256_maskstore_pd(p, lanes_f64(n), (__m256d)(v))
#define V_FMA(a, b, c) ((v4d)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define V_SET(x) ((v4d)_mm256_set1_pd(x))
#define V_PIN(v) __asm__ volatile("" : "+x"(v))
#define V_TRANSPOSE TRANSPOSE_4
#include "gemm_micro.h"
#endif
