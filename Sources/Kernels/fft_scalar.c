// The stages of Fourier transforms for any machine.
#define FFT_TABLE martlet_fft_scalar
#include "fft_isa.h"
