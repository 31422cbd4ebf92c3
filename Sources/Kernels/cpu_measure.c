#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "include/martlet_cpu.h"
#include "include/martlet_pool.h"
#include "pool_wait.h"

enum { chains = 12, rounds = 1 << 16 };

// Twelve independent chains hide the latency of a multiply-add on every machine we know.
#define DEFINE_PEAK(name, attributes, lanes)                                           \
  attributes static float name(float x, float y) {                                     \
    typedef float vector __attribute__((vector_size(4 * lanes)));                      \
    vector sums[chains];                                                               \
    for (int i = 0; i < chains; ++i) sums[i] = (vector){0} + (float)i;                 \
    const vector vx = (vector){0} + x, vy = (vector){0} + y;                           \
    for (int round = 0; round < rounds; ++round) {                                     \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < chains; ++i) {            \
        sums[i] = sums[i] * vx + vy;                                                   \
      }                                                                                \
    }                                                                                  \
    for (int i = 1; i < chains; ++i) sums[0] += sums[i];                               \
    return sums[0][0];                                                                 \
  }

DEFINE_PEAK(peak_f32_portable, , 4)
#if defined(__x86_64__)
DEFINE_PEAK(peak_f32_avx2, __attribute__((target("avx2,fma"))), 8)
DEFINE_PEAK(peak_f32_avx512, __attribute__((target("avx512f,fma"))), 16)
#endif

typedef struct {
  float (*loop)(float, float);
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
    const float result = run->loop(0.5f, (float)chunk);
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

double martlet_peak_flops_f32(size_t threads, double seconds) {
  if (threads == 0) threads = 1;
  size_t lanes = 4;
  peak_run run = {.loop = peak_f32_portable, .seconds = seconds};
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX2) run.loop = peak_f32_avx2, lanes = 8;
  if (martlet_current_isa() == MARTLET_ISA_AVX512) run.loop = peak_f32_avx512, lanes = 16;
#endif
  const double start = martlet_seconds();
  run_on(threads, threads, run_peak, &run);
  const double elapsed = martlet_seconds() - start;
  return (double)run.loops * rounds * chains * (double)lanes * 2 / elapsed;
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
