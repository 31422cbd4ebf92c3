// Winograd's transforms with 256-bit vectors.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))

typedef float v8f __attribute__((vector_size(32), aligned(4)));

TARGET static inline __m256i first_lanes(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

#define V v8f
#define LANES 8
#define NAME(x) x##_avx2
#define V_LOAD_N(p, n) ((v8f)_mm256_maskload_ps(p, first_lanes(n)))
#define V_STORE_N(p, v, n) _mm256_maskstore_ps(p, first_lanes(n), (__m256)(v))
#include "winograd_body.h"
#endif
