#include <string.h>

#include "row_program.h"
#include "row_runtime.h"
#include "window_walk.h"

enum { chunk_work = 1 << 15, half_block = 512 };

typedef struct window_job {
  window_walk walk;
  uint8_t type;
  const row_kernels *kernels;
  row_binary combine;
  const char *source;
  char *result;
  size_t bytes, per_chunk;
  /// The empty reduction, in registers.
  uint64_t empty;
} window_job;

static void reduce_window(const window_job *job, const size_t *place, char *to) {
  size_t run = job->walk.run;
  int is_empty = 1;
  const int64_t inside = inside_offset(&job->walk, place);
  for (size_t tap = 0; tap < job->walk.taps; tap++) {
    int64_t offset = offset_at(&job->walk, place, inside, tap);
    if (offset < 0) continue;
    const char *from = job->source + (size_t)offset * job->bytes;
    if (is_empty) {
      memcpy(to, from, run * job->bytes);
    } else {
      job->combine(to, to, from, run, 0);
    }
    is_empty = 0;
  }
  if (is_empty) job->kernels->fill[row_log2_width(job->bytes)](to, &job->empty, run);
}

// Half precision keeps its running values in float32, a block of channels at a time.
static void reduce_window_half(const window_job *job, const size_t *place, char *to) {
  size_t half = job->type - MARTLET_F16;
  float running[half_block], next[half_block];
  for (size_t start = 0; start < job->walk.run; start += half_block) {
    size_t count = job->walk.run - start < half_block ? job->walk.run - start : half_block;
    job->kernels->fill[2](running, &job->empty, count);
    for (size_t tap = 0; tap < job->walk.taps; tap++) {
      int64_t offset = tap_offset(&job->walk, place, tap);
      if (offset < 0) continue;
      job->kernels->widen[half](next, job->source + 2 * ((size_t)offset + start), count);
      job->combine(running, running, next, count, 0);
    }
    job->kernels->narrow[half](to + 2 * start, running, count);
  }
}

static void reduce_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const window_job *job = context;
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  if (last > job->walk.outputs) last = job->walk.outputs;
  for (size_t output = first; output < last; output++) {
    size_t place[MARTLET_WINDOW_MAX_RANK];
    place_of(&job->walk, output, place);
    char *to = job->result + output * job->walk.run * job->bytes;
    if (row_is_half(job->type)) {
      reduce_window_half(job, place, to);
    } else {
      reduce_window(job, place, to);
    }
  }
}

int martlet_window_reduce(const martlet_window *window, uint8_t type, uint8_t kind, const void *source, void *result) {
  static const uint8_t operations[MARTLET_REDUCE_COUNT] = {MARTLET_BINARY_ADD, MARTLET_BINARY_MULTIPLY,
                                                           MARTLET_BINARY_MAXIMUM, MARTLET_BINARY_MINIMUM};
  window_job job = {.walk = make_walk(window), .type = type, .kernels = martlet_row_kernels_current(),
                    .source = source, .result = result, .bytes = martlet_type_bytes(type)};
  job.combine = job.kernels->binary[type][operations[kind]];
  row_accumulator empty;
  row_run run = {.kernels = job.kernels};
  row_identity(&empty, 1, type, type == MARTLET_BOOL ? 2 + (kind & 1) : kind);
  row_finish(&run, &empty, type, &job.empty);
  if (job.walk.outputs == 0 || job.walk.run == 0) return MARTLET_ROW_OK;
  size_t work = job.walk.run * job.walk.taps;
  job.per_chunk = work >= chunk_work ? 1 : chunk_work / work;
  rows_parallel((job.walk.outputs + job.per_chunk - 1) / job.per_chunk, reduce_chunk, &job);
  return MARTLET_ROW_OK;
}
