// Factorizations for AVX-512.
#if defined(__x86_64__)
#define TABLE_F32 martlet_algebra_avx512_f32
#define TABLE_F64 martlet_algebra_avx512_f64
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,fma"))), apply_to = function)
#include "algebra_isa.h"
#pragma clang attribute pop
#endif
