// Factorizations for AVX2 and FMA.
#if defined(__x86_64__)
#define TABLE_F32 martlet_algebra_avx2_f32
#define TABLE_F64 martlet_algebra_avx2_f64
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "algebra_isa.h"
#pragma clang attribute pop
#endif
