// Where the maximum of a window lies: scattering to it and gathering from it.
#include <string.h>

#include "half.h"
#include "row_program.h"
#include "row_runtime.h"
#include "window_walk.h"

enum { channel_block = 256 };

typedef struct select_job {
  window_walk walk;
  uint8_t type;
  int scatters;
  const char *source, *from;
  char *result;
  /// Windows of one index of the first dimension: windows of different ones share no input.
  size_t per_chunk;
} select_job;

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
SELECT(float, float, f32, SAME, SAME)
SELECT(double, double, f64, SAME, SAME)
SELECT(uint16_t, float, f16, float_from_f16, f16_from_float)
SELECT(uint16_t, float, bf16, float_from_bf16, bf16_from_float)

static void select_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const select_job *job = context;
  size_t run = job->walk.run;
  for (size_t output = chunk * job->per_chunk; output < (chunk + 1) * job->per_chunk; output++) {
    for (size_t first = 0; first < run; first += channel_block) {
      size_t count = run - first < channel_block ? run - first : channel_block;
      switch (job->type) {
        case MARTLET_F16: select_f16(job, output, first, count); break;
        case MARTLET_BF16: select_bf16(job, output, first, count); break;
        case MARTLET_F32: select_f32(job, output, first, count); break;
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
  for (size_t d = 0; d < window->rank; d++) elements *= window->input[d];
  memset(result, 0, elements * martlet_type_bytes(type));
  run_select(&job);
}

void martlet_window_select_gather(const martlet_window *window, uint8_t type, const void *source, const void *values,
                                  void *result) {
  select_job job = {.walk = make_walk(window), .type = type, .source = source, .from = values, .result = result};
  run_select(&job);
}
