// Where the maximum of a window lies: scattering to it and gathering from it.
#include <string.h>

#include "half.h"
#include "include/martlet_cpu.h"
#include "row_program.h"
#include "row_runtime.h"
#include "window_walk.h"

enum { channel_block = 256 };

typedef struct select_job {
  window_walk walk;
  uint8_t type;
  int scatters;
  /// Whether each element of the input is in exactly one window, so that the result needs no zeros first.
  int is_tiling;
  const char *source, *from;
  char *result;
  /// Windows of one index of the first dimension: windows of different ones share no input.
  size_t per_chunk;
} select_job;

// Float 32, in vectors: which tap is best is known by its number. A channel that no tap has reached is at no tap.
#define SELECT_VECTORS(suffix, target)                                                                             \
  target static void choose_##suffix(const float *restrict x, float *restrict best, int32_t *restrict at,          \
                                     int32_t tap, size_t count) {                                                  \
    for (size_t c = 0; c < count; c++) {                                                                           \
      const int is_better = (at[c] < 0) | (x[c] > best[c]) | ((x[c] != x[c]) & (best[c] == best[c]));              \
      best[c] = is_better ? x[c] : best[c];                                                                        \
      at[c] = is_better ? tap : at[c];                                                                             \
    }                                                                                                              \
  }                                                                                                                \
  target static void give_##suffix(const float *restrict from, float *restrict to, const int32_t *restrict at,     \
                                   int32_t tap, size_t count) {                                                    \
    for (size_t c = 0; c < count; c++) to[c] += at[c] == tap ? from[c] : 0;                                        \
  }                                                                                                                \
  target static void put_##suffix(const float *restrict from, float *restrict to, const int32_t *restrict at,      \
                                  int32_t tap, size_t count) {                                                     \
    for (size_t c = 0; c < count; c++) to[c] = at[c] == tap ? from[c] + 0.0f : 0;                                  \
  }                                                                                                                \
  target static void take_##suffix(const float *restrict from, float *restrict to, const int32_t *restrict at,     \
                                   int32_t tap, size_t count) {                                                    \
    for (size_t c = 0; c < count; c++) to[c] = at[c] == tap ? from[c] : to[c];                                     \
  }

typedef struct select_rows {
  void (*choose)(const float *x, float *best, int32_t *at, int32_t tap, size_t count);
  void (*give)(const float *from, float *to, const int32_t *at, int32_t tap, size_t count);
  /// The same to what holds nothing yet.
  void (*put)(const float *from, float *to, const int32_t *at, int32_t tap, size_t count);
  void (*take)(const float *from, float *to, const int32_t *at, int32_t tap, size_t count);
} select_rows;

SELECT_VECTORS(portable, )
static const select_rows portable_rows = {choose_portable, give_portable, put_portable, take_portable};
#if defined(__x86_64__)
SELECT_VECTORS(avx2, __attribute__((target("avx2,fma"))))
SELECT_VECTORS(avx512, __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))))
static const select_rows avx2_rows = {choose_avx2, give_avx2, put_avx2, take_avx2};
static const select_rows avx512_rows = {choose_avx512, give_avx512, put_avx512, take_avx512};
#endif

static const select_rows *current_rows(void) {
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return &avx512_rows;
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return &avx2_rows;
#endif
  return &portable_rows;
}

// One window of float 32, some channels of it.
static void select_f32(const select_job *job, const select_rows *rows, const size_t *place, size_t start, size_t first,
                       size_t count) {
  const float *source = (const float *)(const void *)job->source + first;
  const float *from = (const float *)(const void *)job->from;
  float *result = (float *)(void *)job->result;
  float best[channel_block] = {0};
  int32_t at[channel_block];
  const int64_t inside = inside_offset(&job->walk, place);
  for (size_t c = 0; c < count; c++) at[c] = -1;
  for (size_t tap = 0; tap < job->walk.taps; tap++) {
    const int64_t offset = offset_at(&job->walk, place, inside, tap);
    if (offset >= 0) rows->choose(source + offset, best, at, (int32_t)tap, count);
  }
  if (!job->scatters) memset(result + start, 0, count * sizeof(float));
  for (size_t tap = 0; tap < job->walk.taps; tap++) {
    const int64_t offset = offset_at(&job->walk, place, inside, tap);
    if (offset < 0) continue;
    if (job->is_tiling) {
      rows->put(from + start, result + offset + first, at, (int32_t)tap, count);
    } else if (job->scatters) {
      rows->give(from + start, result + offset + first, at, (int32_t)tap, count);
    } else {
      rows->take(from + offset + first, result + start, at, (int32_t)tap, count);
    }
  }
}

#define SAME(x) (x)
#define SELECT(T, V, suffix, READ, WRITE)                                                                          \
  static void select_##suffix(const select_job *job, size_t output, size_t first, size_t count) {                  \
    const T *source = (const T *)(const void *)job->source, *from = (const T *)(const void *)job->from;            \
    T *result = (T *)(void *)job->result;                                                                          \
    V best[channel_block];                                                                                         \
    int64_t at[channel_block];                                                                                     \
    size_t place[MARTLET_WINDOW_MAX_RANK];                                                                         \
    for (size_t c = 0; c < count; c++) at[c] = -1;                                                                 \
    place_of(&job->walk, output, place);                                                                           \
    for (size_t tap = 0; tap < job->walk.taps; tap++) {                                                            \
      int64_t offset = tap_offset(&job->walk, place, tap);                                                         \
      if (offset < 0) continue;                                                                                    \
      offset += (int64_t)first;                                                                                    \
      for (size_t c = 0; c < count; c++) {                                                                         \
        V x = READ(source[offset + (int64_t)c]);                                                                   \
        int is_better = at[c] < 0 || x > best[c] || (x != x && best[c] == best[c]);                                \
        best[c] = is_better ? x : best[c];                                                                         \
        at[c] = is_better ? offset + (int64_t)c : at[c];                                                           \
      }                                                                                                            \
    }                                                                                                              \
    size_t start = output * job->walk.run + first;                                                                 \
    for (size_t c = 0; c < count; c++) {                                                                           \
      if (job->scatters) {                                                                                         \
        if (at[c] >= 0) result[at[c]] = WRITE(READ(result[at[c]]) + READ(from[start + c]));                        \
      } else {                                                                                                     \
        result[start + c] = at[c] >= 0 ? from[at[c]] : (T)0;                                                       \
      }                                                                                                            \
    }                                                                                                              \
  }
SELECT(double, double, f64, SAME, SAME)
SELECT(uint16_t, float, f16, float_from_f16, f16_from_float)
SELECT(uint16_t, float, bf16, float_from_bf16, bf16_from_float)

static void select_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const select_job *job = context;
  size_t run = job->walk.run;
  const select_rows *rows = current_rows();
  size_t place[MARTLET_WINDOW_MAX_RANK];
  for (size_t output = chunk * job->per_chunk; output < (chunk + 1) * job->per_chunk; output++) {
    place_of(&job->walk, output, place);
    for (size_t first = 0; first < run; first += channel_block) {
      size_t count = run - first < channel_block ? run - first : channel_block;
      switch (job->type) {
        case MARTLET_F16: select_f16(job, output, first, count); break;
        case MARTLET_BF16: select_bf16(job, output, first, count); break;
        case MARTLET_F32: select_f32(job, rows, place, output * run + first, first, count); break;
        default: select_f64(job, output, first, count); break;
      }
    }
  }
}

static void run_select(select_job *job) {
  const martlet_window *w = job->walk.window;
  if (job->walk.outputs == 0 || job->walk.run == 0) return;
  int is_batch = job->walk.rank > 0 && w->window[0] == 1 && w->stride[0] == 1 && w->padding[0] == 0;
  size_t chunks = is_batch ? w->output[0] : 1;
  job->per_chunk = job->walk.outputs / chunks;
  rows_parallel(chunks, select_chunk, job);
}

void martlet_window_select_scatter(const martlet_window *window, uint8_t type, const void *source,
                                   const void *gradient, void *result) {
  select_job job = {.walk = make_walk(window), .type = type, .scatters = 1, .source = source, .from = gradient,
                    .result = result};
  size_t elements = 1;
  job.is_tiling = type == MARTLET_F32;
  for (size_t d = 0; d < window->rank; d++) {
    elements *= window->input[d];
    const int is_whole = window->output[d] * window->window[d] == window->input[d];
    if (window->stride[d] != window->window[d] || window->padding[d] != 0 || !is_whole) job.is_tiling = 0;
    if (window->window[d] > 1 && window->dilation[d] != 1) job.is_tiling = 0;
  }
  if (!job.is_tiling) memset(result, 0, elements * martlet_type_bytes(type));
  run_select(&job);
}

void martlet_window_select_gather(const martlet_window *window, uint8_t type, const void *source, const void *values,
                                  void *result) {
  select_job job = {.walk = make_walk(window), .type = type, .source = source, .from = values, .result = result};
  run_select(&job);
}
