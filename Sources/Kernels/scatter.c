// Scatters: threads share out the destination (its rows, or the columns of its rows), and each goes through
// all indices in order. So repeated indices need no atomics and their order never changes.
#include <stdlib.h>
#include <string.h>

#include "gather_resolve.h"
#include "include/martlet_pool.h"
#include "row_kernels.h"
#include "row_program.h"
#include "row_runtime.h"

enum { serial_elements = 1 << 15, parts = 8, half_block = 256, wide_row = 512 };

typedef struct scatter_job {
  resolved_rows at;
  uint8_t type, kind;
  size_t bytes;
  const row_kernels *kernels;
  row_binary combine;
  char *destination;
  const char *updates;
  /// Outer indices, row ranges and column ranges that chunks are made of.
  size_t row_parts, column_parts;
} scatter_job;

// Half precision is combined in float32 and rounded after every update.
static void combine_half(const scatter_job *job, char *to, const char *from, size_t n) {
  size_t half = job->type - MARTLET_F16;
  float x[half_block], y[half_block];
  for (size_t start = 0; start < n; start += half_block) {
    size_t count = n - start < half_block ? n - start : half_block;
    job->kernels->widen[half](x, to + 2 * start, count);
    job->kernels->widen[half](y, from + 2 * start, count);
    job->combine(x, x, y, count, 0);
    job->kernels->narrow[half](to + 2 * start, x, count);
  }
}

static void combine_row(const scatter_job *job, char *to, const char *from, size_t n) {
  if (job->kind == MARTLET_SCATTER_SET) {
    memcpy(to, from, n * job->bytes);
  } else if (row_is_half(job->type)) {
    combine_half(job, to, from, n);
  } else {
    job->combine(to, to, from, n, 0);
  }
}

// Single elements: no call for each.
#define SINGLES(T, name, COMBINE)                                                                          \
  static void name(void *to, const void *from, const size_t *rows, size_t n, size_t first, size_t last) {  \
    T *t = to;                                                                                             \
    const T *f = from;                                                                                     \
    for (size_t i = 0; i < n; i++) {                                                                       \
      if (rows[i] - first < last - first) t[rows[i]] = COMBINE(t[rows[i]], f[i]);                          \
    }                                                                                                      \
  }
#define SECOND(x, y) (y)
#define PLUS(x, y) ((x) + (y))
SINGLES(uint8_t, set_8, SECOND)
SINGLES(uint16_t, set_16, SECOND)
SINGLES(uint32_t, set_32, SECOND)
SINGLES(uint64_t, set_64, SECOND)
SINGLES(float, add_f32, PLUS)
SINGLES(double, add_f64, PLUS)
SINGLES(uint32_t, add_u32, PLUS)
SINGLES(uint64_t, add_u64, PLUS)
typedef void (*scatter_singles)(void *to, const void *from, const size_t *rows, size_t n, size_t first, size_t last);

// NULL where there is no such loop.
static scatter_singles singles_of(const scatter_job *job) {
  if (job->kind == MARTLET_SCATTER_SET) {
    return job->bytes == 1 ? set_8 : job->bytes == 2 ? set_16 : job->bytes == 4 ? set_32 : set_64;
  }
  if (job->kind != MARTLET_SCATTER_ADD) return NULL;
  switch (job->type) {
    case MARTLET_F32: return add_f32;
    case MARTLET_F64: return add_f64;
    case MARTLET_U32:
    case MARTLET_I32: return add_u32;
    case MARTLET_U64:
    case MARTLET_I64: return add_u64;
    default: return NULL;
  }
}

static size_t boundary(size_t n, size_t part, size_t count) { return n / count * part + n % count * part / count; }

static void scatter_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const scatter_job *job = context;
  const resolved_rows *at = &job->at;
  size_t column_part = chunk % job->column_parts, row_part = chunk / job->column_parts % job->row_parts;
  size_t outer = chunk / job->column_parts / job->row_parts;
  size_t first_row = boundary(at->source_rows, row_part, job->row_parts);
  size_t last_row = boundary(at->source_rows, row_part + 1, job->row_parts);
  size_t first = boundary(at->inner, column_part, job->column_parts);
  size_t last = boundary(at->inner, column_part + 1, job->column_parts);
  const size_t *rows = at->rows + (at->is_shared ? 0 : outer * at->count);
  char *to = job->destination + outer * at->source_rows * at->inner * job->bytes;
  const char *from = job->updates + outer * at->count * at->inner * job->bytes;
  scatter_singles singles = at->inner == 1 ? singles_of(job) : NULL;
  if (singles != NULL) {
    singles(to, from, rows, at->count, first_row, last_row);
    return;
  }
  for (size_t i = 0; i < at->count; i++) {
    if (rows[i] < first_row || rows[i] >= last_row) continue;
    combine_row(job, to + (rows[i] * at->inner + first) * job->bytes, from + (i * at->inner + first) * job->bytes,
                last - first);
  }
}

int martlet_scatter(const martlet_index_shape *shape, uint8_t type, uint8_t kind, void *destination,
                    const void *indices, const void *updates, martlet_row_error *error) {
  static const uint8_t operations[] = {0, MARTLET_BINARY_ADD, MARTLET_BINARY_MINIMUM, MARTLET_BINARY_MAXIMUM,
                                       MARTLET_BINARY_MULTIPLY};
  scatter_job job = {.type = type, .kind = kind, .bytes = martlet_type_bytes(type), .destination = destination,
                     .kernels = martlet_row_kernels_current(), .updates = updates, .row_parts = 1, .column_parts = 1};
  job.combine = job.kernels->binary[type][operations[kind]];
  int status = resolve_rows(shape, indices, &job.at, error);
  if (status != MARTLET_ROW_OK) return status;
  const resolved_rows *at = &job.at;
  size_t elements = at->outer * at->count * at->inner;
  // How the destination is shared out changes no order of updates, so it may depend on who is there to share.
  size_t threads = martlet_pool_threads(), shares = threads < parts ? threads : parts;
  if (at->outer < shares && elements > serial_elements) {
    if (at->inner >= wide_row) {
      job.column_parts = shares;
    } else if (at->source_rows >= shares) {
      job.row_parts = shares;
    }
  }
  if (elements > 0) rows_parallel(at->outer * job.row_parts * job.column_parts, scatter_chunk, &job);
  free(job.at.rows);
  return MARTLET_ROW_OK;
}
