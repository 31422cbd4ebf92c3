// Positions of extremes along an axis.
#include "half.h"
#include "include/martlet_index.h"
#include "row_runtime.h"

enum { chunk_elements = 1 << 15 };

typedef struct arg_job {
  const char *source;
  size_t n, inner, lines, per_chunk;
  int64_t *result;
} arg_job;

#define SAME(x) (x)
// The first NaN wins; a later equal value does not. Only floating point has values unequal to themselves.
#define ARG(T, V, suffix, READ, name, operator)                                                 \
  static void arg_##name##_##suffix(const void *from, size_t n, size_t step, int64_t *result) { \
    const T *p = from;                                                                          \
    V best = READ(p[0]);                                                                        \
    size_t at = 0;                                                                              \
    for (size_t i = 1; i < n && best == best; i++) {                                            \
      V x = READ(p[i * step]);                                                                  \
      if (x operator best || x != x) best = x, at = i;                                          \
    }                                                                                           \
    *result = (int64_t)at;                                                                      \
  }
#define ARGS(T, V, suffix, READ)        \
  ARG(T, V, suffix, READ, max, >)       \
  ARG(T, V, suffix, READ, min, <)

ARGS(uint8_t, uint8_t, u8, SAME)
ARGS(uint16_t, uint16_t, u16, SAME)
ARGS(uint32_t, uint32_t, u32, SAME)
ARGS(uint64_t, uint64_t, u64, SAME)
ARGS(int8_t, int8_t, i8, SAME)
ARGS(int16_t, int16_t, i16, SAME)
ARGS(int32_t, int32_t, i32, SAME)
ARGS(int64_t, int64_t, i64, SAME)
ARGS(uint16_t, float, f16, float_from_f16)
ARGS(uint16_t, float, bf16, float_from_bf16)
ARGS(float, float, f32, SAME)
ARGS(double, double, f64, SAME)

typedef void (*arg_line)(const void *from, size_t n, size_t step, int64_t *result);
#define BOTH(s) {arg_max_##s, arg_min_##s}
static const arg_line lines[MARTLET_TYPE_COUNT][2] = {BOTH(u8),  BOTH(u8),  BOTH(u16), BOTH(u32), BOTH(u64),
                                                      BOTH(i8),  BOTH(i16), BOTH(i32), BOTH(i64), BOTH(f16),
                                                      BOTH(bf16), BOTH(f32), BOTH(f64)};

typedef struct arg_call {
  arg_job job;
  arg_line line;
  size_t bytes;
} arg_call;

static void arg_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const arg_call *call = context;
  const arg_job *job = &call->job;
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  for (size_t k = first; k < last && k < job->lines; k++) {
    size_t start = k / job->inner * job->n * job->inner + k % job->inner;
    call->line(job->source + start * call->bytes, job->n, job->inner, job->result + k);
  }
}

void martlet_arg_reduce(uint8_t type, int finds_minimum, const void *source, size_t outer, size_t n, size_t inner,
                        int64_t *result) {
  arg_call call = {.job = {.source = source, .n = n, .inner = inner, .lines = outer * inner, .result = result},
                   .line = lines[type][finds_minimum != 0], .bytes = martlet_type_bytes(type)};
  if (call.job.lines == 0) return;
  call.job.per_chunk = n >= chunk_elements ? 1 : chunk_elements / n;
  rows_parallel((call.job.lines + call.job.per_chunk - 1) / call.job.per_chunk, arg_chunk, &call);
}
