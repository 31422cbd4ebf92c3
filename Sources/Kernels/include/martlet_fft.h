// Discrete Fourier transforms along an axis, of any length. Tensors are row-major and contiguous, [outer, n, inner];
// real and imaginary parts lie in arrays of their own.
#ifndef MARTLET_FFT_H
#define MARTLET_FFT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a transform takes and gives. None is scaled: forward and back again multiplies by n.
typedef enum martlet_fft_kind {
  /// n complex numbers to n: the sum of x[t] exp(-2 pi i k t / n).
  MARTLET_FFT_FORWARD = 0,
  /// n complex numbers to n: the sum of x[k] exp(+2 pi i k t / n).
  MARTLET_FFT_INVERSE = 1,
  /// n real numbers to the first n / 2 + 1 results of the forward transform; the imaginary source is not read.
  MARTLET_FFT_REAL_FORWARD = 2,
  /// n / 2 + 1 complex numbers to n real ones, as if the others were their conjugates; the imaginary parts of the
  /// first and, for even n, of the last are not read. The imaginary result is not written.
  MARTLET_FFT_REAL_INVERSE = 3,
} martlet_fft_kind;

/// Factors and roots of unity for one length.
typedef struct martlet_fft martlet_fft;

/// Prepares transforms of length `n` (at least 1) in float32, or in float64 when `is_double`. NULL when memory cannot
/// be had. Any thread may use the result.
martlet_fft *martlet_fft_make(size_t n, int is_double, martlet_fft_kind kind);

void martlet_fft_free(martlet_fft *fft);

/// Transforms all lines, in parallel on the pool. Results depend on the shape and the instruction set, never on the
/// number of threads. Sources and results must not overlap.
///
/// - Returns: 0, or 1 when memory could not be had.
int martlet_fft_run(const martlet_fft *fft, size_t outer, size_t inner, const void *real, const void *imaginary,
                    void *result_real, void *result_imaginary);

#ifdef __cplusplus
}
#endif

#endif
