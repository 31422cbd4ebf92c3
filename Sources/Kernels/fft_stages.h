// The stages of transforms, one table for each instruction set.
#ifndef MARTLET_FFT_STAGES_H
#define MARTLET_FFT_STAGES_H

#include <stddef.h>

/// One stage of Stockham's transform: `count` groups of `radix` runs of `run` adjacent numbers, `count * run` apart,
/// become runs next to each other, multiplied by `roots` (real and imaginary part by turns, `radix - 1` pairs a group).
typedef void (*fft_stage)(size_t radix, size_t count, size_t run, const void *roots, const void *real,
                          const void *imaginary, void *result_real, void *result_imaginary);

/// Brings `lanes` lines of `count` numbers side by side: number k of line q, which lies at `q * step + k * stride`, goes
/// to `a[k * lanes + q]`. With `b`, even numbers go to `a` and odd ones to `b`, each in its order.
typedef void (*fft_load)(const void *from, size_t count, size_t step, size_t stride, size_t lanes, void *a, void *b);

/// The other way round.
typedef void (*fft_store)(const void *a, const void *b, size_t count, size_t step, size_t stride, size_t lanes, void *to);

/// The transform of 2 `h` real numbers from that of their `h` pairs, or the pairs from the transform; `turns` are the
/// roots of unity of 2 `h`, real and imaginary part by turns.
typedef void (*fft_pairs)(size_t h, size_t lanes, const void *turns, const void *real, const void *imaginary,
                          void *result_real, void *result_imaginary);

/// `lanes` adjacent numbers of each row, times as many roots; rows of roots and results lie `stride` apart.
typedef void (*fft_twist)(size_t rows, size_t lanes, size_t stride, const void *roots_real,
                          const void *roots_imaginary, const void *real, const void *imaginary, void *result_real,
                          void *result_imaginary);

/// 2 `h` numbers into those of even and those of odd place, and back.
typedef void (*fft_split)(size_t h, const void *from, void *even, void *odd);
typedef void (*fft_merge)(size_t h, const void *even, const void *odd, void *to);

typedef struct fft_kernels {
  fft_stage stage;
  fft_load load;
  fft_store store;
  fft_pairs part, join;
  fft_twist twist;
  fft_split split;
  fft_merge merge;
} fft_kernels;

typedef struct fft_table {
  fft_kernels f32, f64;
} fft_table;

extern const fft_table martlet_fft_scalar;
#if defined(__x86_64__)
extern const fft_table martlet_fft_avx2, martlet_fft_avx512;
#endif

/// Largest factor that has a stage; lengths with greater prime factors go by Bluestein's way.
enum { fft_largest_radix = 13 };

#endif
