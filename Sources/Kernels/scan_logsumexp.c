// Running logarithms of sums of exponentials, in float64 as all running reductions.
#include <math.h>

#include "half.h"
#include "include/martlet_sort.h"
#include "row_runtime.h"

enum { chunk_elements = 1 << 12 };

typedef struct log_job {
  uint8_t type;
  int is_reverse;
  const void *source;
  void *result;
  size_t n, inner, lines, per_chunk;
} log_job;

static double log_sum(double a, double b) {
  // Equal infinities have no difference; NaN fails every comparison and so comes through the sum.
  if (a == b) return a + 0.6931471805599453;
  double larger = a > b ? a : b;
  return larger + log1p(exp(-fabs(a - b)));
}

#define SAME(x) (x)
#define WRITE_F16(x) f16_from_float((float)(x))
#define WRITE_BF16(x) bf16_from_float((float)(x))
#define LINE(T, READ, WRITE)                                          \
  {                                                                   \
    const T *p = (const T *)job->source + start;                      \
    T *q = (T *)job->result + start;                                  \
    double running = -INFINITY;                                       \
    for (size_t i = 0; i < job->n; i++) {                             \
      size_t at = (job->is_reverse ? job->n - 1 - i : i) * job->inner; \
      double x = (double)READ(p[at]);                                 \
      running = i == 0 ? x : log_sum(running, x);                     \
      q[at] = (T)WRITE(running);                                      \
    }                                                                 \
  }                                                                   \
  break

static void log_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const log_job *job = context;
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  for (size_t line = first; line < last && line < job->lines; line++) {
    size_t start = line / job->inner * job->n * job->inner + line % job->inner;
    switch (job->type) {
      case MARTLET_F16: LINE(uint16_t, float_from_f16, WRITE_F16);
      case MARTLET_BF16: LINE(uint16_t, float_from_bf16, WRITE_BF16);
      case MARTLET_F32: LINE(float, SAME, SAME);
      default: LINE(double, SAME, SAME);
    }
  }
}

void martlet_cumulative_logsumexp(uint8_t type, int is_reverse, const void *source, size_t outer, size_t n,
                                  size_t inner, void *result) {
  log_job job = {.type = type, .is_reverse = is_reverse, .source = source, .result = result, .n = n,
                 .inner = inner, .lines = outer * inner};
  if (job.lines == 0 || n == 0) return;
  job.per_chunk = n >= chunk_elements ? 1 : chunk_elements / n;
  rows_parallel((job.lines + job.per_chunk - 1) / job.per_chunk, log_chunk, &job);
}
