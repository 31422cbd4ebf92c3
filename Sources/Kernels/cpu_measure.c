#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "include/martlet_cpu.h"
#include "include/martlet_pool.h"
#include "pool_wait.h"

enum { chains = 12, rounds = 1 << 14, slices = 8 };

// Twelve independent chains hide the latency of a multiply-add on every machine we know.
#define DEFINE_PEAK(name, attributes, type, lanes)                                     \
  attributes static double name(double x, double y) {                                  \
    typedef type vector __attribute__((vector_size(sizeof(type) * lanes)));            \
    vector sums[chains];                                                               \
    for (int i = 0; i < chains; ++i) sums[i] = (vector){0} + (type)i;                  \
    const vector vx = (vector){0} + (type)x, vy = (vector){0} + (type)y;               \
    for (int round = 0; round < rounds; ++round) {                                     \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < chains; ++i) {            \
        sums[i] = sums[i] * vx + vy;                                                   \
      }                                                                                \
    }                                                                                  \
    for (int i = 1; i < chains; ++i) sums[0] += sums[i];                               \
    return (double)sums[0][0];                                                         \
  }

DEFINE_PEAK(peak_f32_portable, , float, 4)
DEFINE_PEAK(peak_f64_portable, , double, 2)
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,fma")))
DEFINE_PEAK(peak_f32_avx2, AVX2, float, 8)
DEFINE_PEAK(peak_f64_avx2, AVX2, double, 4)
DEFINE_PEAK(peak_f32_avx512, AVX512, float, 16)
DEFINE_PEAK(peak_f64_avx512, AVX512, double, 8)
#endif

typedef struct {
  double (*loop)(double, double);
  double seconds;
  _Atomic uint64_t loops;
  _Atomic uint32_t sink;
} peak_run;

static void run_peak(void *context, size_t chunk, size_t worker) {
  peak_run *run = context;
  (void)worker;
  const double end = martlet_seconds() + run->seconds;
  uint64_t count = 0;
  do {
    const double result = run->loop(0.5, (double)chunk);
    run->sink ^= (uint32_t)result;
    count += 1;
  } while (martlet_seconds() < end);
  run->loops += count;
}

// Runs one chunk on each of `threads` threads, with the pool set to that many for the time.
static void run_on(size_t threads, size_t chunks, void (*body)(void *, size_t, size_t), void *context) {
  const size_t before = martlet_pool_threads();
  if (threads != before) martlet_pool_set_threads(threads);
  martlet_pool_run(chunks, body, context);
  if (threads != before) martlet_pool_set_threads(before);
}

// Loops a second; the best of several slices, because others may use the processors meanwhile.
static double best_loops(double (*loop)(double, double), size_t threads, double seconds) {
  double best = 0;
  for (int slice = 0; slice < slices; ++slice) {
    peak_run run = {.loop = loop, .seconds = seconds / slices};
    const double start = martlet_seconds();
    run_on(threads, threads, run_peak, &run);
    const double rate = (double)run.loops / (martlet_seconds() - start);
    if (rate > best) best = rate;
  }
  return best;
}

static double peak_flops(bool is_double, size_t threads, double seconds) {
  if (threads == 0) threads = 1;
  size_t lanes = 4;
  double (*loop)(double, double) = is_double ? peak_f64_portable : peak_f32_portable;
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX2) loop = is_double ? peak_f64_avx2 : peak_f32_avx2, lanes = 8;
  if (martlet_current_isa() == MARTLET_ISA_AVX512) loop = is_double ? peak_f64_avx512 : peak_f32_avx512, lanes = 16;
#endif
  if (is_double) lanes /= 2;
  return best_loops(loop, threads, seconds) * rounds * chains * (double)lanes * 2;
}

double martlet_peak_flops_f32(size_t threads, double seconds) { return peak_flops(false, threads, seconds); }

double martlet_peak_flops_f64(size_t threads, double seconds) { return peak_flops(true, threads, seconds); }

// Passes over arrays in the caches: sums of one, copies of one to another, sums of two into a third.
#define DEFINE_STREAMS(suffix, attributes, lanes)                                                               \
  attributes static float read_##suffix(const float *a, const float *b, float *c, size_t count) {               \
    typedef float vector __attribute__((vector_size(4 * lanes), aligned(4)));                                   \
    (void)b, (void)c;                                                                                           \
    vector sums[8] = {{0}};                                                                                     \
    for (size_t i = 0; i + 8 * lanes <= count; i += 8 * lanes) {                                                \
      for (size_t j = 0; j < 8; ++j) sums[j] += *(const vector *)(a + i + j * lanes);                           \
    }                                                                                                           \
    for (size_t j = 1; j < 8; ++j) sums[0] += sums[j];                                                          \
    return sums[0][0];                                                                                          \
  }                                                                                                             \
  attributes static float copy_##suffix(const float *a, const float *b, float *c, size_t count) {               \
    typedef float vector __attribute__((vector_size(4 * lanes), aligned(4)));                                   \
    (void)b;                                                                                                    \
    for (size_t i = 0; i + lanes <= count; i += lanes) *(vector *)(c + i) = *(const vector *)(a + i);           \
    return c[0];                                                                                                \
  }                                                                                                             \
  attributes static float triad_##suffix(const float *a, const float *b, float *c, size_t count) {              \
    typedef float vector __attribute__((vector_size(4 * lanes), aligned(4)));                                   \
    for (size_t i = 0; i + lanes <= count; i += lanes) {                                                        \
      *(vector *)(c + i) = *(const vector *)(a + i) + *(const vector *)(b + i);                                 \
    }                                                                                                           \
    return c[0];                                                                                                \
  }

typedef float (*stream_loop)(const float *, const float *, float *, size_t);
#define STREAMS(suffix) {read_##suffix, copy_##suffix, triad_##suffix}

DEFINE_STREAMS(portable, , 4)
#if defined(__x86_64__)
DEFINE_STREAMS(avx2, AVX2, 8)
DEFINE_STREAMS(avx512, AVX512, 16)
#endif

static stream_loop stream_of(martlet_stream stream) {
  static const stream_loop portable[] = STREAMS(portable);
#if defined(__x86_64__)
  static const stream_loop avx2[] = STREAMS(avx2), avx512[] = STREAMS(avx512);
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return avx2[stream];
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return avx512[stream];
#endif
  return portable[stream];
}

typedef struct {
  stream_loop loop;
  float *arrays;
  size_t arrays_each, count;
  double seconds;
  _Atomic uint64_t passes;
  _Atomic uint32_t sink;
} stream_run;

static void run_stream(void *context, size_t chunk, size_t worker) {
  stream_run *run = context;
  (void)worker;
  float *a = run->arrays + chunk * run->arrays_each * run->count;
  float *c = a + (run->arrays_each - 1) * run->count;
  const size_t batch = 1 + (64 << 10) / (run->count + 1);
  const double end = martlet_seconds() + run->seconds;
  uint64_t passes = 0;
  float sum = 0;
  do {
    for (size_t i = 0; i < batch; ++i) sum += run->loop(a, a + run->count, c, run->count);
    passes += batch;
  } while (martlet_seconds() < end);
  run->passes += passes;
  run->sink ^= (uint32_t)sum;
}

double martlet_stream_bandwidth(martlet_stream stream, size_t threads, size_t bytes, double seconds) {
  if (threads == 0) threads = 1;
  const size_t arrays = (size_t)stream + 1;
  stream_run run = {.loop = stream_of(stream), .arrays_each = arrays, .seconds = seconds / slices};
  run.count = bytes / threads / arrays / (128 * sizeof(float)) * 128;
  if (run.count == 0) run.count = 128;
  const size_t all = threads * arrays * run.count * sizeof(float);
  run.arrays = aligned_alloc(64, all);
  if (!run.arrays) return 0;
  memset(run.arrays, 0, all);
  double best = 0;
  for (int slice = 0; slice < slices; ++slice) {
    run.passes = 0;
    const double start = martlet_seconds();
    run_on(threads, threads, run_stream, &run);
    const double rate = (double)run.passes / (martlet_seconds() - start);
    if (rate > best) best = rate;
  }
  free(run.arrays);
  return best * (double)(arrays * run.count * sizeof(float));
}

enum { block_bytes = 1 << 18, passes = 5 };

typedef struct {
  char *from, *to;
  size_t bytes;
  _Atomic uint64_t sink;
} memory_run;

static size_t block_length(const memory_run *run, size_t chunk) {
  const size_t left = run->bytes - chunk * block_bytes;
  return left < block_bytes ? left : block_bytes;
}

static void copy_block(void *context, size_t chunk, size_t worker) {
  memory_run *run = context;
  (void)worker;
  memcpy(run->to + chunk * block_bytes, run->from + chunk * block_bytes, block_length(run, chunk));
}

static void read_block(void *context, size_t chunk, size_t worker) {
  memory_run *run = context;
  (void)worker;
  typedef uint64_t vector __attribute__((vector_size(64), aligned(8)));
  const vector *values = (const vector *)(run->from + chunk * block_bytes);
  const size_t count = block_length(run, chunk) / sizeof(vector) / 4 * 4;
  vector sums[4] = {{0}};
  for (size_t i = 0; i < count; i += 4) {
    for (size_t j = 0; j < 4; ++j) sums[j] += values[i + j];
  }
  const vector sum = sums[0] + sums[1] + sums[2] + sums[3];
  run->sink ^= sum[0] ^ sum[3] ^ sum[5] ^ sum[7];
}

static double best_seconds(memory_run *run, size_t threads, void (*body)(void *, size_t, size_t)) {
  const size_t chunks = (run->bytes + block_bytes - 1) / block_bytes;
  const size_t before = martlet_pool_threads();
  martlet_pool_set_threads(threads);
  double best = 1e300;
  for (int pass = 0; pass < passes; ++pass) {
    const double start = martlet_seconds();
    martlet_pool_run(chunks, body, run);
    const double elapsed = martlet_seconds() - start;
    if (elapsed < best) best = elapsed;
  }
  martlet_pool_set_threads(before);
  return best;
}

double martlet_copy_bandwidth(size_t threads, size_t bytes) {
  memory_run run = {.from = malloc(bytes), .to = malloc(bytes), .bytes = bytes};
  double result = 0;
  if (run.from && run.to) {
    memset(run.from, 1, bytes);
    memset(run.to, 2, bytes);
    result = 2 * (double)bytes / best_seconds(&run, threads, copy_block);
  }
  free(run.from);
  free(run.to);
  return result;
}

double martlet_read_bandwidth(size_t threads, size_t bytes) {
  memory_run run = {.from = malloc(bytes), .bytes = bytes};
  double result = 0;
  if (run.from) {
    memset(run.from, 1, bytes);
    result = (double)bytes / best_seconds(&run, threads, read_block);
  }
  free(run.from);
  return result;
}
