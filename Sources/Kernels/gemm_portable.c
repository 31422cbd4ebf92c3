// Matrix products in portable C: the scalar twin, written with 128-bit vectors of the compiler's own, which are
// NEON on ARM. Multiplication and addition are fused where the compiler finds that for free.
#include <stddef.h>
#include <string.h>

#define TARGET

typedef float v4f __attribute__((vector_size(16), aligned(4)));
typedef double v2d __attribute__((vector_size(16), aligned(8)));

static inline v4f load_f32(const float *from, size_t count) {
  v4f value = {0};
  memcpy(&value, from, count * sizeof(float));
  return value;
}

static inline v2d load_f64(const double *from, size_t count) {
  v2d value = {0};
  memcpy(&value, from, count * sizeof(double));
  return value;
}

static inline void store_f32(float *to, v4f value, size_t count) { memcpy(to, &value, count * sizeof(float)); }
static inline void store_f64(double *to, v2d value, size_t count) { memcpy(to, &value, count * sizeof(double)); }

#if defined(__aarch64__)
// 32 registers: 24 sums, 3 of B, one of A.
#define PORTABLE_ROWS 8
#define PORTABLE_VECTORS 3
#define PORTABLE_DIRECT_ROWS 8
#else
#define PORTABLE_ROWS 6
#define PORTABLE_VECTORS 2
#define PORTABLE_DIRECT_ROWS 6
#endif

#define T float
#define V v4f
#define LANES 4
#define VECTORS PORTABLE_VECTORS
#define ROWS PORTABLE_ROWS
#define DIRECT_ROWS PORTABLE_DIRECT_ROWS
#define DEPTH_BLOCK 384
#define ROW_VECTORS 8
#define NAME(x) x##_f32_portable
#define V_LOAD_N(p, n) load_f32(p, n)
#define V_STORE_N(p, v, n) store_f32(p, v, n)
#define V_FMA(a, b, c) ((a) * (b) + (c))
#define V_SET(x) ((v4f){x, x, x, x})
#define V_PIN(v)
#define V_TRANSPOSE TRANSPOSE_4
#include "gemm_micro.h"

#define T double
#define V v2d
#define LANES 2
#define VECTORS PORTABLE_VECTORS
#define ROWS PORTABLE_ROWS
#define DIRECT_ROWS PORTABLE_DIRECT_ROWS
#define DEPTH_BLOCK 256
#define ROW_VECTORS 8
#define NAME(x) x##_f64_portable
#define V_LOAD_N(p, n) load_f64(p, n)
#define V_STORE_N(p, v, n) store_f64(p, v, n)
#define V_FMA(a, b, c) ((a) * (b) + (c))
#define V_SET(x) ((v2d){x, x})
#define V_PIN(v)
#define V_TRANSPOSE TRANSPOSE_2
#include "gemm_micro.h"
