// Scatters: threads share out the destination (its rows, or the columns of its rows), and each goes through
// all indices in order. So repeated indices need no atomics and their order never changes. Of sums of integers the order
// does not matter: there threads share out the indices.
#include <stdlib.h>
#include <string.h>

#include "gather_resolve.h"
#include "include/martlet_pool.h"
#include "row_kernels.h"
#include "row_program.h"
#include "row_runtime.h"

enum { serial_elements = 1 << 15, parts = 8, half_block = 256, wide_row = 512, index_block = 1024 };

typedef struct scatter_job {
  resolved_rows at;
  uint8_t type, kind;
  size_t bytes;
  const row_kernels *kernels;
  row_binary combine;
  char *destination;
  const char *updates;
  /// Rows from an update to the next; 0 when one stands for all.
  size_t update_step;
  const martlet_index_shape *shape;
  const void *indices;
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
  static void name(void *to, const void *from, size_t step, const size_t *rows, size_t n, size_t first,    \
                   size_t last) {                                                                          \
    T *t = to;                                                                                             \
    const T *f = from;                                                                                     \
    if (first == 0 && last == SIZE_MAX) {                                                                  \
      for (size_t i = 0; i < n; i++) t[rows[i]] = COMBINE(t[rows[i]], f[i * step]);                        \
      return;                                                                                              \
    }                                                                                                      \
    for (size_t i = 0; i < n; i++) {                                                                       \
      if (rows[i] - first < last - first) t[rows[i]] = COMBINE(t[rows[i]], f[i * step]);                   \
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
typedef void (*scatter_singles)(void *to, const void *from, size_t step, const size_t *rows, size_t n, size_t first,
                                size_t last);

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

// Single elements: a block of indices at a time becomes row numbers, which need no memory then.
static void scatter_singles_of(const scatter_job *job, scatter_singles singles, char *to, size_t outer, size_t start,
                               size_t end, size_t first_row, size_t last_row) {
  const resolved_rows *at = &job->at;
  size_t base = at->is_shared ? 0 : outer * at->count;
  const char *from = job->updates + outer * at->count * job->update_step * job->bytes;
  for (size_t i = start; i < end; i += index_block) {
    size_t n = end - i < index_block ? end - i : index_block, block[index_block];
    const size_t *rows = (at->given != NULL ? at->given : at->rows) + base + i;
    if (at->given == NULL && at->rows == NULL) {
      resolve_slice(job->shape, job->indices, base + i, n, block);
      rows = block;
    }
    singles(to, from + i * job->update_step * job->bytes, job->update_step, rows, n, first_row, last_row);
  }
}

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
  char *to = job->destination + outer * at->source_rows * at->inner * job->bytes;
  scatter_singles singles = at->inner == 1 ? singles_of(job) : NULL;
  if (singles != NULL) {
    scatter_singles_of(job, singles, to, outer, 0, at->count, first_row, job->row_parts == 1 ? SIZE_MAX : last_row);
    return;
  }
  const size_t *rows = at->rows + (at->is_shared ? 0 : outer * at->count);
  size_t step = job->update_step * at->inner * job->bytes;
  const char *from = job->updates + outer * at->count * step;
  for (size_t i = 0; i < at->count; i++) {
    if (rows[i] < first_row || rows[i] >= last_row) continue;
    combine_row(job, to + (rows[i] * at->inner + first) * job->bytes, from + i * step + first * job->bytes,
                last - first);
  }
}

// MARK: Sums of integers

typedef struct sum_job {
  scatter_job *scatter;
  scatter_singles singles;
  /// A destination of its own for each part but the first.
  char *partials;
  size_t parts;
} sum_job;

static void sum_chunk(void *context, size_t part, size_t worker) {
  (void)worker;
  const sum_job *job = context;
  const scatter_job *scatter = job->scatter;
  size_t bytes = scatter->at.source_rows * scatter->bytes;
  char *to = part == 0 ? scatter->destination : job->partials + (part - 1) * bytes;
  if (part > 0) memset(to, 0, bytes);
  scatter_singles_of(scatter, job->singles, to, 0, boundary(scatter->at.count, part, job->parts),
                     boundary(scatter->at.count, part + 1, job->parts), 0, SIZE_MAX);
}

// Integers wrap, so every order gives the same sum. Returns 0 where that is not what the job is, or where there are too
// few indices for destinations that are added up afterwards.
static int sum_integers(scatter_job *job, size_t threads) {
  const resolved_rows *at = &job->at;
  if (job->kind != MARTLET_SCATTER_ADD || job->type >= MARTLET_F16 || at->inner != 1 || at->outer != 1) return 0;
  sum_job sum = {.scatter = job, .singles = singles_of(job), .parts = threads < parts ? threads : parts};
  if (sum.singles == NULL || sum.parts < 2 || at->count < serial_elements) return 0;
  if (at->source_rows * sum.parts * 2 > at->count) return 0;
  sum.partials = malloc(at->source_rows * job->bytes * (sum.parts - 1));
  if (sum.partials == NULL) return 0;
  rows_parallel(sum.parts, sum_chunk, &sum);
  for (size_t part = 1; part < sum.parts; part++) {
    job->combine(job->destination, job->destination, sum.partials + (part - 1) * at->source_rows * job->bytes,
                 at->source_rows, 0);
  }
  free(sum.partials);
  return 1;
}

// MARK: Calls

static int scatter(scatter_job *job, const martlet_index_shape *shape, martlet_row_error *error) {
  static const uint8_t operations[] = {0, MARTLET_BINARY_ADD, MARTLET_BINARY_MINIMUM, MARTLET_BINARY_MAXIMUM,
                                       MARTLET_BINARY_MULTIPLY};
  job->shape = shape;
  job->bytes = martlet_type_bytes(job->type);
  job->kernels = martlet_row_kernels_current();
  job->combine = job->kernels->binary[job->type][operations[job->kind]];
  job->row_parts = job->column_parts = 1;
  int takes_blocks = shape->form != MARTLET_INDEX_ND && (shape->inner == 1 || shape->form == MARTLET_INDEX_ELEMENTS);
  int status = takes_blocks && singles_of(job) != NULL ? check_rows(shape, job->indices, &job->at, error)
                                                       : resolve_rows(shape, job->indices, &job->at, error);
  if (status != MARTLET_ROW_OK) return status;
  const resolved_rows *at = &job->at;
  size_t elements = at->outer * at->count * at->inner;
  // How the destination is shared out changes no order of updates, so it may depend on who is there to share.
  size_t threads = martlet_pool_threads(), shares = threads < parts ? threads : parts;
  if (at->outer < shares && elements > serial_elements) {
    if (at->inner >= wide_row) {
      job->column_parts = shares;
    } else if (at->source_rows >= shares) {
      job->row_parts = shares;
    }
  }
  if (elements > 0 && !sum_integers(job, threads)) {
    rows_parallel(at->outer * job->row_parts * job->column_parts, scatter_chunk, job);
  }
  free(job->at.rows);
  return MARTLET_ROW_OK;
}

int martlet_scatter(const martlet_index_shape *shape, uint8_t type, uint8_t kind, void *destination,
                    const void *indices, const void *updates, martlet_row_error *error) {
  scatter_job job = {.type = type, .kind = kind, .destination = destination, .indices = indices, .updates = updates,
                     .update_step = 1};
  return scatter(&job, shape, error);
}

int martlet_scatter_value(const martlet_index_shape *shape, uint8_t type, uint8_t kind, void *destination,
                          const void *indices, const void *update, martlet_row_error *error) {
  scatter_job job = {.type = type, .kind = kind, .destination = destination, .indices = indices, .updates = update};
  if (shape->inner == 1 || shape->form == MARTLET_INDEX_ELEMENTS) return scatter(&job, shape, error);
  size_t bytes = martlet_type_bytes(type);
  char *row = malloc(shape->inner * bytes + 1);
  if (row == NULL) {
    if (error != NULL) *error = (martlet_row_error){.status = MARTLET_ROW_OUT_OF_MEMORY};
    return MARTLET_ROW_OUT_OF_MEMORY;
  }
  martlet_row_kernels_current()->fill[row_log2_width(bytes)](row, update, shape->inner);
  job.updates = row;
  int status = scatter(&job, shape, error);
  free(row);
  return status;
}
