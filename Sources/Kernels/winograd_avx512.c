// Winograd's transforms with 512-bit vectors.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma")))

typedef float v16f __attribute__((vector_size(64), aligned(4)));

#define V v16f
#define LANES 16
#define NAME(x) x##_avx512
#define V_LOAD_N(p, n) ((v16f)_mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p))
#define V_STORE_N(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), (__m512)(v))
#include "winograd_body.h"
#endif
