// Plans and lines of Fourier transforms. A block of lines is brought side by side, so that every stage works on
// adjacent numbers; then Stockham's stages pass between two buffers, which sorts by itself. Real transforms of even
// length are complex ones of half of it. Lengths with large prime factors are convolutions (Bluestein 1970), done by
// transforms of the next power of two.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fft_plan.h"
#include "include/martlet_cpu.h"
#include "row_runtime.h"

enum { lanes_f32 = 16, lanes_f64 = 8, block_elements = 1 << 17, first_cache = 1 << 15 };

static void put(const martlet_fft *fft, void *array, size_t at, double value) {
  if (fft->is_double) {
    ((double *)array)[at] = value;
  } else {
    ((float *)array)[at] = (float)value;
  }
}

// cos and sin of -2 pi k / n, exact to the last place by going back to the first eighth of the circle.
void fft_turn(size_t k, size_t n, double *cosine, double *sine) {
  k %= n;
  size_t eighths = 8 * k / n;
  // The distance to the nearest multiple of a quarter, in units of 1 / (4 n) of a turn.
  size_t quarter = (eighths + 1) / 2;
  double rest = ((double)(4 * k) - (double)(quarter * n)) / (double)n * 1.57079632679489661923;
  double c = cos(rest), s = sin(rest);
  switch (quarter % 4) {
    case 0: *cosine = c, *sine = -s; break;
    case 1: *cosine = -s, *sine = -c; break;
    case 2: *cosine = -c, *sine = s; break;
    default: *cosine = s, *sine = c; break;
  }
}

static void put_turn(const martlet_fft *fft, void *array, size_t at, size_t k, size_t n) {
  double c, s;
  fft_turn(k, n, &c, &s);
  put(fft, array, 2 * at, c);
  put(fft, array, 2 * at + 1, s);
}

// Fills the stages of a length without large prime factors. Fours come first: they have the fewest passes.
static int plan_stages(martlet_fft *fft) {
  static const size_t order[] = {4, 2, 3, 5, 7, 11, 13};
  size_t rest = fft->length;
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    while (rest % order[i] == 0) {
      stage_plan *stage = &fft->stage[fft->stages++];
      size_t radix = order[i], length = rest;
      rest /= radix;
      stage->radix = radix;
      stage->count = rest;
      stage->roots = malloc(2 * (rest * (radix - 1) + radix) * width_of(fft));
      if (stage->roots == NULL) return 0;
      for (size_t p = 0; p < rest; p++) {
        for (size_t k = 1; k < radix; k++) put_turn(fft, stage->roots, p * (radix - 1) + k - 1, p * k, length);
      }
      for (size_t k = 0; k < radix; k++) put_turn(fft, stage->roots, rest * (radix - 1) + k, k, radix);
    }
  }
  return rest == 1;
}

static int has_large_factor(size_t n) {
  static const size_t primes[] = {2, 3, 5, 7, 11, 13};
  for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
    while (n % primes[i] == 0) n /= primes[i];
  }
  return n > 1;
}

static const fft_table *table(void) {
#if defined(__x86_64__)
  int isa = rows_isa();
  if (isa == 2) return &martlet_fft_avx512;
  if (isa == 1) return &martlet_fft_avx2;
#endif
  return &martlet_fft_scalar;
}

const fft_kernels *fft_kernels_of(const martlet_fft *fft) { return fft->is_double ? &table()->f64 : &table()->f32; }

static void swap_pairs(buffers *b) {
  void *r = b->ar, *i = b->ai;
  b->ar = b->br, b->ai = b->bi;
  b->br = r, b->bi = i;
}

void fft_run_stages(const martlet_fft *fft, size_t lanes, buffers *b) {
  fft_stage stage = fft_kernels_of(fft)->stage;
  size_t run = lanes;
  for (size_t i = 0; i < fft->stages; i++) {
    const stage_plan *plan = &fft->stage[i];
    stage(plan->radix, plan->count, run, plan->roots, b->ar, b->ai, b->br, b->bi);
    swap_pairs(b);
    run *= plan->radix;
  }
}

#define BLUESTEIN(T)                                                                              \
  {                                                                                               \
    const T *w = fft->chirp, *f = fft->spectrum;                                                  \
    T *ar = b->ar, *ai = b->ai;                                                                   \
    for (size_t t = 0; t < n; t++) {                                                              \
      for (size_t q = t * lanes; q < (t + 1) * lanes; q++) {                                      \
        T r = ar[q], i = ai[q];                                                                   \
        ar[q] = r * w[2 * t] - i * w[2 * t + 1];                                                  \
        ai[q] = r * w[2 * t + 1] + i * w[2 * t];                                                  \
      }                                                                                           \
    }                                                                                             \
    memset(ar + n * lanes, 0, (m - n) * lanes * sizeof(T));                                       \
    memset(ai + n * lanes, 0, (m - n) * lanes * sizeof(T));                                       \
    fft_run_stages(fft->longer, lanes, b);                                                            \
    ar = b->ar, ai = b->ai;                                                                       \
    for (size_t t = 0; t < m; t++) {                                                              \
      for (size_t q = t * lanes; q < (t + 1) * lanes; q++) {                                      \
        T r = ar[q], i = ai[q];                                                                   \
        ar[q] = r * f[2 * t] - i * f[2 * t + 1];                                                  \
        ai[q] = r * f[2 * t + 1] + i * f[2 * t];                                                  \
      }                                                                                           \
    }                                                                                             \
    /* With the parts exchanged the same stages go back. */                                       \
    buffers back = {b->ai, b->ar, b->bi, b->br};                                                  \
    fft_run_stages(fft->longer, lanes, &back);                                                        \
    *b = (buffers){back.ai, back.ar, back.bi, back.br};                                           \
    ar = b->ar, ai = b->ai;                                                                       \
    T scale = (T)(1.0 / (double)m);                                                               \
    for (size_t t = 0; t < n; t++) {                                                              \
      for (size_t q = t * lanes; q < (t + 1) * lanes; q++) {                                      \
        T r = ar[q] * scale, i = ai[q] * scale;                                                   \
        ar[q] = r * w[2 * t] - i * w[2 * t + 1];                                                  \
        ai[q] = r * w[2 * t + 1] + i * w[2 * t];                                                  \
      }                                                                                           \
    }                                                                                             \
  }

// The forward transform of `lanes` lines in `a`; the result becomes `a`.
static void transform(const martlet_fft *fft, size_t lanes, buffers *b) {
  if (fft->longer == NULL) {
    fft_run_stages(fft, lanes, b);
    return;
  }
  size_t n = fft->length, m = fft->longer->length;
  if (fft->is_double) BLUESTEIN(double) else BLUESTEIN(float)
}

martlet_fft *fft_make_complex(size_t n, int is_double) {
  martlet_fft *fft = calloc(1, sizeof *fft);
  if (fft == NULL) return NULL;
  fft->n = fft->length = n;
  fft->is_double = is_double;
  if (!has_large_factor(n)) {
    if (plan_stages(fft) && fft_plan_long(fft)) return fft;
    martlet_fft_free(fft);
    return NULL;
  }
  size_t m = 1;
  while (m < 2 * n - 1) m *= 2;
  size_t width = width_of(fft);
  fft->longer = fft_make_complex(m, is_double);
  fft->chirp = malloc(2 * n * width);
  fft->spectrum = malloc(2 * m * width);
  char *work = malloc(4 * m * width);
  if (fft->longer == NULL || fft->chirp == NULL || fft->spectrum == NULL || work == NULL) {
    free(work);
    martlet_fft_free(fft);
    return NULL;
  }
  buffers b = {work, work + m * width, work + 2 * m * width, work + 3 * m * width};
  memset(work, 0, 2 * m * width);
  for (size_t t = 0; t < n; t++) {
    double c, s;
    // t^2 modulo 2 n, without overflow for any length that fits in memory.
    fft_turn((size_t)((unsigned __int128)t * t % (2 * n)), 2 * n, &c, &s);
    put(fft, fft->chirp, 2 * t, c);
    put(fft, fft->chirp, 2 * t + 1, s);
    put(fft, b.ar, t, c);
    put(fft, b.ai, t, -s);
    if (t > 0) {
      put(fft, b.ar, m - t, c);
      put(fft, b.ai, m - t, -s);
    }
  }
  fft_run_stages(fft->longer, 1, &b);
  for (size_t t = 0; t < m; t++) {
    memcpy((char *)fft->spectrum + 2 * t * width, (char *)b.ar + t * width, width);
    memcpy((char *)fft->spectrum + (2 * t + 1) * width, (char *)b.ai + t * width, width);
  }
  free(work);
  return fft;
}

martlet_fft *martlet_fft_make(size_t n, int is_double, martlet_fft_kind kind) {
  int is_half = kind >= MARTLET_FFT_REAL_FORWARD && n % 2 == 0;
  martlet_fft *fft = fft_make_complex(is_half ? n / 2 : n, is_double);
  if (fft == NULL) return NULL;
  fft->n = n;
  fft->kind = kind;
  if (is_half) {
    fft->turns = malloc(2 * (n / 2 + 1) * width_of(fft));
    if (fft->turns == NULL) {
      martlet_fft_free(fft);
      return NULL;
    }
    for (size_t k = 0; k <= n / 2; k++) put_turn(fft, fft->turns, k, k, n);
  }
  return fft;
}

void martlet_fft_free(martlet_fft *fft) {
  if (fft == NULL) return;
  for (size_t i = 0; i < fft->stages; i++) free(fft->stage[i].roots);
  martlet_fft_free(fft->longer);
  martlet_fft_free(fft->first);
  martlet_fft_free(fft->second);
  free(fft->twist_real);
  free(fft->twist_imaginary);
  free(fft->turns);
  free(fft->chirp);
  free(fft->spectrum);
  free(fft);
}

// MARK: Lines

typedef struct fft_job {
  const martlet_fft *fft;
  size_t outer, inner, lanes, blocks_per_row, blocks;
  const void *real, *imaginary;
  void *result_real, *result_imaginary;
  int is_out_of_memory;
} fft_job;

/// Where a block of lines lies: `lanes` lines that begin `step` apart, elements `stride` apart.
typedef struct lines {
  size_t start, result_start, lanes, step, result_step, stride;
} lines;

#define FFT_LINES(T, suffix)                                                                                          \
  static void run_lines_##suffix(const fft_job *job, const lines *l, buffers b) {                                     \
    const martlet_fft *fft = job->fft;                                                                                \
    const fft_kernels *use = fft_kernels_of(fft);                                                                        \
    size_t n = fft->n, h = fft->length, half = n / 2 + 1, lanes = l->lanes;                                           \
    const T *xr = job->real, *xi = job->imaginary;                                                                    \
    T *yr = job->result_real, *yi = job->result_imaginary;                                                            \
    switch (fft->kind) {                                                                                              \
      case MARTLET_FFT_FORWARD:                                                                                       \
      case MARTLET_FFT_INVERSE: {                                                                                     \
        /* With real and imaginary parts exchanged on both sides, forward is inverse. */                              \
        int is_inverse = fft->kind == MARTLET_FFT_INVERSE;                                                            \
        use->load((is_inverse ? xi : xr) + l->start, n, l->step, l->stride, lanes, b.ar, NULL);                       \
        use->load((is_inverse ? xr : xi) + l->start, n, l->step, l->stride, lanes, b.ai, NULL);                       \
        transform(fft, lanes, &b);                                                                                    \
        use->store(is_inverse ? b.ai : b.ar, NULL, n, l->result_step, l->stride, lanes, yr + l->result_start);        \
        use->store(is_inverse ? b.ar : b.ai, NULL, n, l->result_step, l->stride, lanes, yi + l->result_start);        \
        break;                                                                                                        \
      }                                                                                                               \
      case MARTLET_FFT_REAL_FORWARD:                                                                                  \
        if (n % 2 == 0) {                                                                                             \
          use->load(xr + l->start, n, l->step, l->stride, lanes, b.ar, b.ai);                                         \
          transform(fft, lanes, &b);                                                                                  \
          use->part(h, lanes, fft->turns, b.ar, b.ai, b.br, b.bi);                                                    \
          swap_pairs(&b);                                                                                             \
        } else {                                                                                                      \
          use->load(xr + l->start, n, l->step, l->stride, lanes, b.ar, NULL);                                         \
          memset(b.ai, 0, n * lanes * sizeof(T));                                                                     \
          transform(fft, lanes, &b);                                                                                  \
        }                                                                                                             \
        use->store(b.ar, NULL, half, l->result_step, l->stride, lanes, yr + l->result_start);                         \
        use->store(b.ai, NULL, half, l->result_step, l->stride, lanes, yi + l->result_start);                         \
        break;                                                                                                        \
      default:                                                                                                        \
        use->load(xr + l->start, half, l->step, l->stride, lanes, b.ar, NULL);                                        \
        use->load(xi + l->start, half, l->step, l->stride, lanes, b.ai, NULL);                                        \
        if (n % 2 == 0) {                                                                                             \
          use->join(h, lanes, fft->turns, b.ar, b.ai, b.br, b.bi);                                                    \
          swap_pairs(&b);                                                                                             \
          buffers turned = {b.ai, b.ar, b.bi, b.br};                                                                  \
          transform(fft, lanes, &turned);                                                                             \
          use->store(turned.ai, turned.ar, n, l->result_step, l->stride, lanes, yr + l->result_start);                \
        } else {                                                                                                      \
          T *ar = b.ar, *ai = b.ai;                                                                                   \
          memset(ai, 0, lanes * sizeof(T));                                                                           \
          for (size_t k = 1; k < half; k++) {                                                                         \
            for (size_t q = 0; q < lanes; q++) {                                                                      \
              ar[(n - k) * lanes + q] = ar[k * lanes + q];                                                            \
              ai[(n - k) * lanes + q] = -ai[k * lanes + q];                                                           \
            }                                                                                                         \
          }                                                                                                           \
          buffers turned = {b.ai, b.ar, b.bi, b.br};                                                                  \
          transform(fft, lanes, &turned);                                                                             \
          use->store(turned.ai, NULL, n, l->result_step, l->stride, lanes, yr + l->result_start);                     \
        }                                                                                                             \
        break;                                                                                                        \
    }                                                                                                                 \
  }
FFT_LINES(float, f32)
FFT_LINES(double, f64)

// One long line. Of real numbers the pairs are one, and parts are exchanged on both sides to go back.
static void long_chunk(void *context, size_t line, size_t worker) {
  (void)worker;
  fft_job *job = context;
  const martlet_fft *fft = job->fft;
  const fft_kernels *use = fft_kernels_of(fft);
  size_t width = width_of(fft), h = fft->length, half = (fft->n / 2 + 1) * width, whole = fft->n * width;
  size_t bytes = (h + 1) * width;
  char *work = rows_scratch(fft_long_bytes(fft) + 4 * bytes);
  if (work == NULL) {
    __atomic_store_n(&job->is_out_of_memory, 1, __ATOMIC_RELAXED);
    return;
  }
  char *ar = work + fft_long_bytes(fft), *ai = ar + bytes, *br = ai + bytes, *bi = br + bytes;
  const char *xr = job->real, *xi = job->imaginary;
  char *yr = job->result_real, *yi = job->result_imaginary;
  switch (fft->kind) {
    case MARTLET_FFT_FORWARD:
      fft_run_long(fft, xr + line * whole, xi + line * whole, yr + line * whole, yi + line * whole, work);
      break;
    case MARTLET_FFT_INVERSE:
      fft_run_long(fft, xi + line * whole, xr + line * whole, yi + line * whole, yr + line * whole, work);
      break;
    case MARTLET_FFT_REAL_FORWARD:
      use->split(h, xr + line * whole, ar, ai);
      fft_run_long(fft, ar, ai, br, bi, work);
      use->part(h, 1, fft->turns, br, bi, yr + line * half, yi + line * half);
      break;
    default:
      use->join(h, 1, fft->turns, xr + line * half, xi + line * half, ar, ai);
      fft_run_long(fft, ai, ar, br, bi, work);
      use->merge(h, bi, br, yr + line * whole);
      break;
  }
}

static void fft_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  fft_job *job = context;
  const martlet_fft *fft = job->fft;
  size_t n = fft->n, half = n / 2 + 1;
  size_t count = fft->kind == MARTLET_FFT_REAL_INVERSE ? half : n;
  size_t result = fft->kind == MARTLET_FFT_REAL_FORWARD ? half : n;
  size_t length = fft->longer != NULL ? fft->longer->length : n + 2;
  size_t bytes = (length * job->lanes * width_of(fft) + 63) / 64 * 64;
  char *memory = rows_scratch(4 * bytes);
  if (memory == NULL) {
    __atomic_store_n(&job->is_out_of_memory, 1, __ATOMIC_RELAXED);
    return;
  }
  buffers b = {memory, memory + bytes, memory + 2 * bytes, memory + 3 * bytes};
  lines l;
  if (job->inner == 1) {
    size_t first = chunk * job->lanes;
    l = (lines){first * count, first * result, job->outer - first, count, result, 1};
  } else {
    size_t row = chunk / job->blocks_per_row, column = chunk % job->blocks_per_row * job->lanes;
    l = (lines){row * count * job->inner + column, row * result * job->inner + column, job->inner - column, 1, 1,
                job->inner};
  }
  if (l.lanes > job->lanes) l.lanes = job->lanes;
  if (fft->is_double) {
    run_lines_f64(job, &l, b);
  } else {
    run_lines_f32(job, &l, b);
  }
}

int martlet_fft_run(const martlet_fft *fft, size_t outer, size_t inner, const void *real, const void *imaginary,
                    void *result_real, void *result_imaginary) {
  if (outer == 0 || inner == 0) return 0;
  fft_job job = {.fft = fft, .outer = outer, .inner = inner, .real = real, .imaginary = imaginary,
                 .result_real = result_real, .result_imaginary = result_imaginary};
  if (fft->first != NULL && inner == 1 && (fft->kind <= MARTLET_FFT_INVERSE || fft->n % 2 == 0)) {
    rows_parallel(outer, long_chunk, &job);
    return job.is_out_of_memory;
  }
  size_t most = fft->is_double ? lanes_f64 : lanes_f32, lines = inner == 1 ? outer : inner;
  // Few lines of great length: no more side by side than a share of the last cache holds. Eight lines of 2^14 take 5.4 ms
  // for 64, two 7.7, one 9.2 (AVX2, 512 KiB of second-level cache, 2026-11-27): full vectors count for more than that
  // cache.
  // Half as many where the first-level cache then holds all: full vectors still, of 256 bits. Lines that lie across are
  // read a cache line at a time.
  size_t bytes = 4 * fft->n * most * width_of(fft);
  if (rows_isa() < 2 && inner == 1 && bytes > first_cache && bytes <= 2 * first_cache) most /= 2;
  job.lanes = block_elements / fft->n;
  if (job.lanes < 1) job.lanes = 1;
  if (job.lanes > most) job.lanes = most;
  if (job.lanes > lines) job.lanes = lines;
  job.blocks_per_row = (inner + job.lanes - 1) / job.lanes;
  job.blocks = inner == 1 ? (outer + job.lanes - 1) / job.lanes : outer * job.blocks_per_row;
  rows_parallel(job.blocks, fft_chunk, &job);
  return job.is_out_of_memory;
}
