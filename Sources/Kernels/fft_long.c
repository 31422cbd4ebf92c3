// Long lines: n = n1 n2 numbers as n1 rows of n2. Transforms of the columns, a turn of each number, and transforms of the
// rows, all of them short, pass over the line twice and not once for each factor (Bailey, *J. Supercomputing* 4, 1990).
#include <stdlib.h>

#include "fft_plan.h"

/// Bytes of the parts of a line from which on it counts as long, and the least factor that is worth it.
enum { long_bytes = 1 << 15, least_factor = 16, lane_bytes = 64 };

// The greatest divisor up to the square root.
static size_t near_root(size_t n) {
  size_t best = 1;
  for (size_t d = 2; d * d <= n; d++) {
    if (n % d == 0) best = d;
  }
  return best;
}

static void put(const martlet_fft *fft, void *array, size_t at, double value) {
  if (fft->is_double) {
    ((double *)array)[at] = value;
  } else {
    ((float *)array)[at] = (float)value;
  }
}

int fft_plan_long(martlet_fft *fft) {
  size_t n = fft->length, width = width_of(fft);
  if (2 * n * width < long_bytes) return 1;
  size_t n1 = near_root(n), n2 = n / n1;
  if (n1 < least_factor) return 1;
  fft->first = fft_make_complex(n1, fft->is_double);
  fft->second = fft_make_complex(n2, fft->is_double);
  fft->twist_real = malloc(n * width);
  fft->twist_imaginary = malloc(n * width);
  if (!fft->first || !fft->second || !fft->twist_real || !fft->twist_imaginary) return 0;
  for (size_t k = 0; k < n1; k++) {
    for (size_t j = 0; j < n2; j++) {
      double c, s;
      fft_turn(j * k, n, &c, &s);
      put(fft, fft->twist_real, k * n2 + j, c);
      put(fft, fft->twist_imaginary, k * n2 + j, s);
    }
  }
  return 1;
}

static size_t block_bytes(const martlet_fft *fft) {
  size_t n1 = fft->first->length, n2 = fft->second->length;
  return (n1 > n2 ? n1 : n2) * lane_bytes;
}

size_t fft_long_bytes(const martlet_fft *fft) { return 4 * block_bytes(fft) + 2 * fft->length * width_of(fft); }

void fft_run_long(const martlet_fft *fft, const void *real, const void *imaginary, void *result_real,
                  void *result_imaginary, void *work) {
  const fft_kernels *use = fft_kernels_of(fft);
  size_t width = width_of(fft), n1 = fft->first->length, n2 = fft->second->length, most = lane_bytes / width;
  size_t block = block_bytes(fft);
  char *memory = work, *tr = memory + 4 * block, *ti = tr + fft->length * width;
  const char *xr = real, *xi = imaginary, *wr = fft->twist_real, *wi = fft->twist_imaginary;
  char *yr = result_real, *yi = result_imaginary;
  for (size_t c = 0; c < n2; c += most) {
    size_t lanes = n2 - c < most ? n2 - c : most, at = c * width;
    buffers b = {memory, memory + block, memory + 2 * block, memory + 3 * block};
    use->load(xr + at, n1, 1, n2, lanes, b.ar, NULL);
    use->load(xi + at, n1, 1, n2, lanes, b.ai, NULL);
    fft_run_stages(fft->first, lanes, &b);
    use->twist(n1, lanes, n2, wr + at, wi + at, b.ar, b.ai, tr + at, ti + at);
  }
  for (size_t k = 0; k < n1; k += most) {
    size_t lanes = n1 - k < most ? n1 - k : most, at = k * width;
    buffers b = {memory, memory + block, memory + 2 * block, memory + 3 * block};
    use->load(tr + n2 * at, n2, n2, 1, lanes, b.ar, NULL);
    use->load(ti + n2 * at, n2, n2, 1, lanes, b.ai, NULL);
    fft_run_stages(fft->second, lanes, &b);
    use->store(b.ar, NULL, n2, 1, n1, lanes, yr + at);
    use->store(b.ai, NULL, n2, 1, n1, lanes, yi + at);
  }
}
