// The stages of Fourier transforms for AVX2 and FMA.
#if defined(__x86_64__)
#include <string.h>

#define FFT_TABLE martlet_fft_avx2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "fft_isa.h"
#pragma clang attribute pop
#endif
