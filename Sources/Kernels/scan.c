// Running reductions along an axis, a block of columns at a time so that memory is read in its order. Lines that are
// adjacent are taken four at a time: each waits for its own last sum, not for the others'.
#include "half.h"
#include "include/martlet_sort.h"
#include "row_program.h"
#include "row_runtime.h"

enum { column_block = 64, line_block = 4, chunk_elements = 1 << 15 };

typedef struct scan_job {
  uint8_t type, kind;
  int is_reverse, is_exclusive;
  const char *source;
  char *result;
  size_t outer, n, inner, blocks, per_chunk, bytes;
} scan_job;

static inline double sum_f64(double x, double y) { return x + y; }
static inline double product_f64(double x, double y) { return x * y; }
static inline double max_f64(double x, double y) { return y > x || y != y ? y : x; }
static inline double min_f64(double x, double y) { return y < x || y != y ? y : x; }
static inline uint64_t sum_u64(uint64_t x, uint64_t y) { return x + y; }
static inline uint64_t product_u64(uint64_t x, uint64_t y) { return x * y; }
static inline uint64_t max_u64(uint64_t x, uint64_t y) { return y > x ? y : x; }
static inline uint64_t min_u64(uint64_t x, uint64_t y) { return y < x ? y : x; }
static inline int64_t max_i64(int64_t x, int64_t y) { return y > x ? y : x; }
static inline int64_t min_i64(int64_t x, int64_t y) { return y < x ? y : x; }

#define SAME(x) (x)
#define SCAN(T, V, field, suffix, READ, WRITE, name, COMBINE)                                                  \
  static void scan_##name##_##suffix(const scan_job *job, const void *from, void *to, size_t columns) {        \
    const T *p = from;                                                                                         \
    T *q = to;                                                                                                 \
    row_accumulator start[1];                                                                                  \
    V running[column_block];                                                                                   \
    row_identity(start, 1, job->type, job->kind);                                                              \
    for (size_t c = 0; c < columns; c++) running[c] = (V)start->field;                                         \
    for (size_t i = 0; i < job->n; i++) {                                                                      \
      size_t at = (job->is_reverse ? job->n - 1 - i : i) * job->inner;                                         \
      for (size_t c = 0; c < columns; c++) {                                                                   \
        V next = COMBINE(running[c], (V)READ(p[at + c]));                                                      \
        q[at + c] = (T)WRITE(job->is_exclusive ? running[c] : next);                                           \
        running[c] = next;                                                                                     \
      }                                                                                                        \
    }                                                                                                          \
  }                                                                                                            \
  static void lines_##name##_##suffix(const scan_job *job, const void *from, void *to) {                       \
    const T *p = from;                                                                                         \
    T *q = to;                                                                                                 \
    row_accumulator start[1];                                                                                  \
    row_identity(start, 1, job->type, job->kind);                                                              \
    const size_t n = job->n;                                                                                   \
    V a = (V)start->field, b = a, c = a, d = a;                                                                \
    for (size_t i = 0; i < n; i++) {                                                                           \
      V w = COMBINE(a, (V)READ(p[i])), x = COMBINE(b, (V)READ(p[n + i]));                                      \
      V y = COMBINE(c, (V)READ(p[2 * n + i])), z = COMBINE(d, (V)READ(p[3 * n + i]));                          \
      q[i] = (T)WRITE(w), q[n + i] = (T)WRITE(x), q[2 * n + i] = (T)WRITE(y), q[3 * n + i] = (T)WRITE(z);      \
      a = w, b = x, c = y, d = z;                                                                              \
    }                                                                                                          \
  }
#define FLOAT_SCANS(T, suffix, READ, WRITE)                              \
  SCAN(T, double, d, suffix, READ, WRITE, sum, sum_f64)                  \
  SCAN(T, double, d, suffix, READ, WRITE, product, product_f64)          \
  SCAN(T, double, d, suffix, READ, WRITE, max, max_f64)                  \
  SCAN(T, double, d, suffix, READ, WRITE, min, min_f64)
#define INTEGER_SCANS(T, V, field, suffix, MAX, MIN)                     \
  SCAN(T, uint64_t, u, suffix, SAME, SAME, sum, sum_u64)                 \
  SCAN(T, uint64_t, u, suffix, SAME, SAME, product, product_u64)         \
  SCAN(T, V, field, suffix, SAME, SAME, max, MAX)                        \
  SCAN(T, V, field, suffix, SAME, SAME, min, MIN)
#define WRITE_F16(x) f16_from_float((float)(x))
#define WRITE_BF16(x) bf16_from_float((float)(x))
FLOAT_SCANS(uint16_t, f16, float_from_f16, WRITE_F16)
FLOAT_SCANS(uint16_t, bf16, float_from_bf16, WRITE_BF16)
FLOAT_SCANS(float, f32, SAME, SAME)
FLOAT_SCANS(double, f64, SAME, SAME)
INTEGER_SCANS(uint8_t, uint64_t, u, u8, max_u64, min_u64)
INTEGER_SCANS(uint16_t, uint64_t, u, u16, max_u64, min_u64)
INTEGER_SCANS(uint32_t, uint64_t, u, u32, max_u64, min_u64)
INTEGER_SCANS(uint64_t, uint64_t, u, u64, max_u64, min_u64)
INTEGER_SCANS(int8_t, int64_t, i, i8, max_i64, min_i64)
INTEGER_SCANS(int16_t, int64_t, i, i16, max_i64, min_i64)
INTEGER_SCANS(int32_t, int64_t, i, i32, max_i64, min_i64)
INTEGER_SCANS(int64_t, int64_t, i, i64, max_i64, min_i64)

typedef void (*scan_columns)(const scan_job *job, const void *from, void *to, size_t columns);
typedef void (*scan_lines)(const scan_job *job, const void *from, void *to);
#define ALL(s) {scan_sum_##s, scan_product_##s, scan_max_##s, scan_min_##s}
static const scan_columns scans[MARTLET_TYPE_COUNT][MARTLET_REDUCE_COUNT] = {
    {scan_max_u8, scan_min_u8, scan_max_u8, scan_min_u8}, ALL(u8),  ALL(u16), ALL(u32),  ALL(u64), ALL(i8), ALL(i16),
    ALL(i32), ALL(i64), ALL(f16), ALL(bf16), ALL(f32), ALL(f64)};

#undef ALL
#define ALL(s) {lines_sum_##s, lines_product_##s, lines_max_##s, lines_min_##s}
static const scan_lines lines[MARTLET_TYPE_COUNT][MARTLET_REDUCE_COUNT] = {
    {lines_max_u8, lines_min_u8, lines_max_u8, lines_min_u8}, ALL(u8),  ALL(u16), ALL(u32),  ALL(u64), ALL(i8),
    ALL(i16), ALL(i32), ALL(i64), ALL(f16), ALL(bf16), ALL(f32), ALL(f64)};

static uint8_t kind_used(uint8_t type, uint8_t kind) {
  if (type != MARTLET_BOOL) return kind;
  return kind == MARTLET_REDUCE_SUM || kind == MARTLET_REDUCE_MAX ? MARTLET_REDUCE_MAX : MARTLET_REDUCE_MIN;
}

static void scan_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const scan_job *job = context;
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  if (job->inner == 1 && !job->is_reverse && !job->is_exclusive) {
    last = last < job->outer ? last : job->outer;
    for (; first + line_block <= last; first += line_block) {
      size_t start = first * job->n * job->bytes;
      lines[job->type][job->kind](job, job->source + start, job->result + start);
    }
  }
  for (size_t k = first; k < last && k < job->outer * job->blocks; k++) {
    size_t column = k % job->blocks * column_block;
    size_t columns = job->inner - column < column_block ? job->inner - column : column_block;
    size_t start = (k / job->blocks * job->n * job->inner + column) * job->bytes;
    scans[job->type][job->kind](job, job->source + start, job->result + start, columns);
  }
}

void martlet_cumulative(uint8_t type, uint8_t kind, int is_reverse, int is_exclusive, const void *source,
                        size_t outer, size_t n, size_t inner, void *result) {
  if (outer == 0 || n == 0 || inner == 0) return;
  scan_job job = {.type = type, .kind = kind_used(type, kind), .is_reverse = is_reverse, .is_exclusive = is_exclusive,
                  .source = source, .result = result, .outer = outer, .n = n, .inner = inner,
                  .blocks = (inner + column_block - 1) / column_block, .bytes = martlet_type_bytes(type)};
  size_t unit = n * (inner < column_block ? inner : column_block);
  job.per_chunk = unit >= chunk_elements ? (inner == 1 ? line_block : 1) : chunk_elements / unit;
  rows_parallel((outer * job.blocks + job.per_chunk - 1) / job.per_chunk, scan_chunk, &job);
}
