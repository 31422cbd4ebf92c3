// The stages of transforms, one table for each instruction set.
#ifndef MARTLET_FFT_STAGES_H
#define MARTLET_FFT_STAGES_H

#include <stddef.h>

/// One stage of Stockham's transform: `count` groups of `radix` runs of `run` adjacent numbers, `count * run` apart,
/// become runs next to each other, multiplied by `roots` (real and imaginary part by turns, `radix - 1` pairs a group).
typedef void (*fft_stage)(size_t radix, size_t count, size_t run, const void *roots, const void *real,
                          const void *imaginary, void *result_real, void *result_imaginary);

typedef struct fft_table {
  fft_stage f32, f64;
} fft_table;

extern const fft_table martlet_fft_scalar;
#if defined(__x86_64__)
extern const fft_table martlet_fft_avx2, martlet_fft_avx512;
#endif

/// Largest factor that has a stage; lengths with greater prime factors go by Bluestein's way.
enum { fft_largest_radix = 13 };

#endif
