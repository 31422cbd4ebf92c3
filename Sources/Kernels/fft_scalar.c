// The stages of Fourier transforms for any machine.
#include <string.h>

#define FFT_TABLE martlet_fft_scalar
#include "fft_isa.h"
