// The inner loops of row programs for AVX2, FMA and F16C.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "row_kernels.h"

#define ROW_ISA 1
#define ROW_TABLE martlet_row_kernels_avx2
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "row_kernels_body.h"
#pragma clang attribute pop
#endif
