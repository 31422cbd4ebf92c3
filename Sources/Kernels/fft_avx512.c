// The stages of Fourier transforms for AVX-512.
#if defined(__x86_64__)
#include <string.h>

#define FFT_TABLE martlet_fft_avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,fma"))), apply_to = function)
#include "fft_isa.h"
#pragma clang attribute pop
#endif
