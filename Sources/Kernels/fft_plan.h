// What the parts of Fourier transforms share: plans, and the buffers between which stages pass.
#ifndef MARTLET_FFT_PLAN_H
#define MARTLET_FFT_PLAN_H

#include "fft_stages.h"
#include "include/martlet_fft.h"

enum { fft_max_stages = 64 };

typedef struct stage_plan {
  size_t radix, count;
  void *roots;
} stage_plan;

struct martlet_fft {
  size_t n;
  martlet_fft_kind kind;
  int is_double;
  /// Length of the complex transform: half of n for real transforms of even length.
  size_t length;
  size_t stages;
  stage_plan stage[fft_max_stages];
  /// exp(-2 pi i k / n) for real transforms of even length, real and imaginary part by turns.
  void *turns;
  /// For Bluestein's way: the transform of the next power of two, exp(-pi i t^2 / length), and the transform of its
  /// conjugate.
  martlet_fft *longer;
  void *chirp, *spectrum;
  /// For long lines: the transforms of two factors, and exp(-2 pi i j k / length) for each index k of a result of the
  /// first and each j below the second; real and imaginary parts. Null for others.
  martlet_fft *first, *second;
  void *twist_real, *twist_imaginary;
};

typedef struct buffers {
  void *ar, *ai, *br, *bi;
} buffers;

static inline size_t width_of(const martlet_fft *fft) { return fft->is_double ? sizeof(double) : sizeof(float); }

/// The kernels for the instruction set in force.
const fft_kernels *fft_kernels_of(const martlet_fft *fft);

/// A plan for complex numbers; null when memory cannot be had.
martlet_fft *fft_make_complex(size_t n, int is_double);

/// cos and sin of -2 pi k / n, exact to the last place.
void fft_turn(size_t k, size_t n, double *cosine, double *sine);

/// Transforms `lanes` lines of stages, from `a` to wherever the last stage leaves them, which becomes `a`.
void fft_run_stages(const martlet_fft *fft, size_t lanes, buffers *b);

/// Gives a plan whose lines are long the transforms of two factors; returns 0 when memory cannot be had.
int fft_plan_long(martlet_fft *fft);

/// Bytes of memory that `fft_run_long` needs.
size_t fft_long_bytes(const martlet_fft *fft);

/// Transforms one line of a plan that has two factors.
void fft_run_long(const martlet_fft *fft, const void *real, const void *imaginary, void *result_real,
                  void *result_imaginary, void *work);

#endif
