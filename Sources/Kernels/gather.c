#include <stdlib.h>
#include <string.h>

#include "gather_resolve.h"
#include "row_runtime.h"

enum { chunk_bytes = 1 << 16, slice = 1024 };

typedef struct gather_job {
  resolved_rows at;
  size_t bytes, per_chunk;
  const char *source;
  char *result;
} gather_job;

#define GATHER_SINGLE(T, bits)                                                                     \
  static void gather_##bits(char *to, const char *from, const size_t *rows, size_t n) {            \
    T *t = (T *)(void *)to;                                                                        \
    const T *f = (const T *)(const void *)from;                                                    \
    for (size_t i = 0; i < n; i++) t[i] = f[rows[i]];                                              \
  }
GATHER_SINGLE(uint8_t, 8)
GATHER_SINGLE(uint16_t, 16)
GATHER_SINGLE(uint32_t, 32)
GATHER_SINGLE(uint64_t, 64)

static void gather_run(const gather_job *job, char *to, const char *from, const size_t *rows, size_t n) {
  size_t row_bytes = job->bytes * job->at.inner;
  switch (row_bytes) {
    case 1: gather_8(to, from, rows, n); return;
    case 2: gather_16(to, from, rows, n); return;
    case 4: gather_32(to, from, rows, n); return;
    case 8:
      if (job->bytes == 8) {
        gather_64(to, from, rows, n);
        return;
      }
  }
  for (size_t i = 0; i < n; i++) memcpy(to + i * row_bytes, from + rows[i] * row_bytes, row_bytes);
}

static void gather_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const gather_job *job = context;
  const resolved_rows *at = &job->at;
  size_t row_bytes = job->bytes * at->inner, total = at->outer * at->count;
  size_t position = chunk * job->per_chunk, end = position + job->per_chunk;
  if (end > total) end = total;
  while (position < end) {
    size_t outer = position / at->count, first = position % at->count, n = at->count - first;
    if (n > end - position) n = end - position;
    const size_t *rows = at->rows + (at->is_shared ? first : position);
    gather_run(job, job->result + position * row_bytes, job->source + outer * at->source_rows * row_bytes, rows, n);
    position += n;
  }
}

// A gather of single elements or short rows, whose indices are used once: each chunk resolves its own.
typedef struct slice_job {
  gather_job job;
  const martlet_index_shape *shape;
  const void *indices;
  int is_bad;
} slice_job;

static void slice_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  slice_job *all = context;
  const gather_job *job = &all->job;
  const resolved_rows *at = &job->at;
  size_t row_bytes = job->bytes * at->inner, total = at->outer * at->count, rows[slice];
  size_t position = chunk * job->per_chunk, end = position + job->per_chunk;
  if (end > total) end = total;
  while (position < end) {
    size_t outer = position / at->count, n = at->count - position % at->count;
    if (n > end - position) n = end - position;
    if (n > slice) n = slice;
    if (!resolve_slice(all->shape, all->indices, position, n, rows)) {
      __atomic_store_n(&all->is_bad, 1, __ATOMIC_RELAXED);
      return;
    }
    gather_run(job, job->result + position * row_bytes, job->source + outer * at->source_rows * row_bytes, rows, n);
    position += n;
  }
}

static int gather_slices(const martlet_index_shape *shape, size_t bytes, const void *source, const void *indices,
                         void *result, martlet_row_error *error) {
  int is_element_form = shape->form == MARTLET_INDEX_ELEMENTS;
  size_t unit = is_element_form ? shape->inner : 1;
  slice_job all = {.job = {.bytes = bytes, .source = source, .result = result}, .shape = shape, .indices = indices};
  all.job.at = (resolved_rows){.source_rows = shape->n * unit, .outer = shape->outer, .count = shape->count * unit,
                               .inner = is_element_form ? 1 : shape->inner};
  size_t row_bytes = bytes * all.job.at.inner, total = shape->outer * all.job.at.count;
  all.job.per_chunk = row_bytes == 0 || row_bytes > chunk_bytes ? 1 : chunk_bytes / row_bytes;
  if (total > 0) rows_parallel((total + all.job.per_chunk - 1) / all.job.per_chunk, slice_chunk, &all);
  return all.is_bad ? find_bad_index(shape, indices, total, error) : MARTLET_ROW_OK;
}

int martlet_gather(const martlet_index_shape *shape, size_t element_bytes, const void *source, const void *indices,
                   void *result, martlet_row_error *error) {
  int is_used_once = shape->form == MARTLET_INDEX_ELEMENTS || (shape->form == MARTLET_INDEX_ROWS && shape->outer == 1);
  if (is_used_once) return gather_slices(shape, element_bytes, source, indices, result, error);
  gather_job job = {.bytes = element_bytes, .source = source, .result = result};
  int status = resolve_rows(shape, indices, &job.at, error);
  if (status != MARTLET_ROW_OK) return status;
  size_t row_bytes = element_bytes * job.at.inner, total = job.at.outer * job.at.count;
  job.per_chunk = row_bytes == 0 || row_bytes > chunk_bytes ? 1 : chunk_bytes / row_bytes;
  if (row_bytes > 0) rows_parallel((total + job.per_chunk - 1) / job.per_chunk, gather_chunk, &job);
  free(job.at.rows);
  return MARTLET_ROW_OK;
}
