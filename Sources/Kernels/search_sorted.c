// Binary searches: where each value belongs in an ascending line.
#include "half.h"
#include "include/martlet_sort.h"
#include "row_runtime.h"

enum { chunk_values = 1 << 12, side_by_side = 8 };

typedef struct search_job {
  uint8_t type;
  int is_right;
  const char *sequence, *values;
  size_t n, m, count;
  int64_t *places;
} search_job;

// NaN comes last.
static inline int is_less_f64(double a, double b) { return (a < b) | ((b != b) & (a == a)); }
static inline int is_less_f32(float a, float b) { return (a < b) | ((b != b) & (a == a)); }
static inline int is_less_i64(int64_t a, int64_t b) { return a < b; }
static inline int is_less_u64(uint64_t a, uint64_t b) { return a < b; }

#define SAME(x) (x)
// Halves the range without branches that depend on the values, for several values at a time: a step of one waits for
// the step before, but not for those of the others.
#define SEARCH(T, V, READ, LESS)                                                                      \
  for (size_t at = first, together; at < last; at += together) {                                      \
    const T *line = (const T *)job->sequence + at / job->m * job->n;                                  \
    size_t left = job->m - at % job->m, low[side_by_side] = {0}, rest = job->n;                       \
    V values[side_by_side] = {0};                                                                     \
    together = left < last - at ? left : last - at;                                                   \
    if (together > side_by_side) together = side_by_side;                                             \
    for (size_t k = 0; k < together; k++) values[k] = (V)READ(((const T *)job->values)[at + k]);      \
    while (rest > 0) {                                                                                \
      size_t half = (rest + 1) / 2;                                                                   \
      for (size_t k = 0; k < side_by_side; k++) {                                                     \
        V middle = (V)READ(line[low[k] + half - 1]);                                                  \
        int is_before = job->is_right ? !LESS(values[k], middle) : LESS(middle, values[k]);           \
        low[k] += is_before ? half : 0;                                                               \
      }                                                                                               \
      rest -= half;                                                                                   \
    }                                                                                                 \
    for (size_t k = 0; k < together; k++) job->places[at + k] = (int64_t)low[k];                      \
  }                                                                                                   \
  break

static void search_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const search_job *job = context;
  size_t first = chunk * chunk_values, last = first + chunk_values;
  if (last > job->count) last = job->count;
  switch (job->type) {
    case MARTLET_BOOL:
    case MARTLET_U8: SEARCH(uint8_t, uint64_t, SAME, is_less_u64);
    case MARTLET_U16: SEARCH(uint16_t, uint64_t, SAME, is_less_u64);
    case MARTLET_U32: SEARCH(uint32_t, uint64_t, SAME, is_less_u64);
    case MARTLET_U64: SEARCH(uint64_t, uint64_t, SAME, is_less_u64);
    case MARTLET_I8: SEARCH(int8_t, int64_t, SAME, is_less_i64);
    case MARTLET_I16: SEARCH(int16_t, int64_t, SAME, is_less_i64);
    case MARTLET_I32: SEARCH(int32_t, int64_t, SAME, is_less_i64);
    case MARTLET_I64: SEARCH(int64_t, int64_t, SAME, is_less_i64);
    case MARTLET_F16: SEARCH(uint16_t, double, float_from_f16, is_less_f64);
    case MARTLET_BF16: SEARCH(uint16_t, double, float_from_bf16, is_less_f64);
    case MARTLET_F32: SEARCH(float, float, SAME, is_less_f32);
    default: SEARCH(double, double, SAME, is_less_f64);
  }
}

void martlet_search_sorted(uint8_t type, int is_right, const void *sequence, size_t n, const void *values, size_t m,
                           size_t lines, int64_t *places) {
  search_job job = {.type = type, .is_right = is_right, .sequence = sequence, .values = values, .n = n, .m = m,
                    .count = m * lines, .places = places};
  rows_parallel((job.count + chunk_values - 1) / chunk_values, search_chunk, &job);
}
