// The inner loops of row programs for AVX-512 (F, DQ, VL, BW).
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "row_kernels.h"

#define ROW_ISA 2
#define ROW_TABLE martlet_row_kernels_avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma,f16c"))), apply_to = function)
#include "row_kernels_body.h"
#pragma clang attribute pop
#endif
