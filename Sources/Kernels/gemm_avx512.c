// Matrix products with 512-bit vectors. Tiles of 14 x 32 float 32: 28 sums, two vectors of B and a broadcast of A
// are 31 of the 32 registers.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma")))

typedef float v16f __attribute__((vector_size(64), aligned(4)));
typedef double v8d __attribute__((vector_size(64), aligned(8)));

#define T float
#define V v16f
#define LANES 16
#define VECTORS 2
#define ROWS 14
#define DIRECT_ROWS 8
#define DEPTH_BLOCK 384
#define ROW_VECTORS 16
#define NAME(x) x##_f32_avx512
#define V_LOAD_N(p, n) ((v16f)_mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p))
#define V_STORE_N(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), (__m512)(v))
#define V_FMA(a, b, c) ((v16f)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define V_SET(x) ((v16f)_mm512_set1_ps(x))
#define V_PIN(v) __asm__ volatile("" : "+v"(v))
#define V_TRANSPOSE TRANSPOSE_16
#include "gemm_micro.h"

#define T double
#define V v8d
#define LANES 8
#define VECTORS 2
#define ROWS 14
#define DIRECT_ROWS 8
#define DEPTH_BLOCK 256
#define ROW_VECTORS 16
#define NAME(x) x##_f64_avx512
#define V_LOAD_N(p, n) ((v8d)_mm512_maskz_loadu_pd((__mmask8)((1u << (n)) - 1), p))
#define V_STORE_N(p, v, n) _mm512_mask_storeu_pd(p, (__mmask8)((1u << (n)) - 1), (__m512d)(v))
#define V_FMA(a, b, c) ((v8d)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define V_SET(x) ((v8d)_mm512_set1_pd(x))
#define V_PIN(v) __asm__ volatile("" : "+v"(v))
#define V_TRANSPOSE TRANSPOSE_8
#include "gemm_micro.h"
#endif
