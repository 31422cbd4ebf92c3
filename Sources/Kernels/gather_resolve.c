#include "gather_resolve.h"

#include <stdlib.h>

#include "row_runtime.h"

// Unsigned 64-bit values beyond the signed range are out of range for every axis, as is the lowest value.
static int64_t index_at(uint8_t type, const void *indices, size_t i) {
  switch (type) {
    case MARTLET_U8: return ((const uint8_t *)indices)[i];
    case MARTLET_U16: return ((const uint16_t *)indices)[i];
    case MARTLET_U32: return ((const uint32_t *)indices)[i];
    case MARTLET_U64: {
      uint64_t value = ((const uint64_t *)indices)[i];
      return value > INT64_MAX ? INT64_MAX : (int64_t)value;
    }
    case MARTLET_I8: return ((const int8_t *)indices)[i];
    case MARTLET_I16: return ((const int16_t *)indices)[i];
    case MARTLET_I32: return ((const int32_t *)indices)[i];
    default: return ((const int64_t *)indices)[i];
  }
}

static int out_of_range(martlet_row_error *error, size_t position, int64_t value) {
  if (error != NULL) {
    *error = (martlet_row_error){.status = MARTLET_ROW_INDEX_OUT_OF_RANGE, .index = position, .value = value};
  }
  return MARTLET_ROW_INDEX_OUT_OF_RANGE;
}

// Row numbers of a slice of indices, without a branch for each: one look at the end tells whether all are in range.
#define RESOLVE(T)                                                                              \
  for (size_t i = 0; i < n; i++) {                                                              \
    uint64_t value = (uint64_t)((const T *)indices)[first + i];                                 \
    is_bad |= value + size >= 2 * size;                                                         \
    rows[i] = value + (value >> 63 ? size : 0);                                                 \
  }                                                                                             \
  break

int resolve_slice(const martlet_index_shape *s, const void *indices, size_t first, size_t n, size_t *rows) {
  uint64_t size = s->n;
  int is_bad = 0;
  switch (s->index_type) {
    case MARTLET_U8: RESOLVE(uint8_t);
    case MARTLET_U16: RESOLVE(uint16_t);
    case MARTLET_U32: RESOLVE(uint32_t);
    case MARTLET_U64:
      for (size_t i = 0; i < n; i++) {
        rows[i] = ((const uint64_t *)indices)[first + i];
        is_bad |= rows[i] >= size;
      }
      break;
    case MARTLET_I8: RESOLVE(int8_t);
    case MARTLET_I16: RESOLVE(int16_t);
    case MARTLET_I32: RESOLVE(int32_t);
    default: RESOLVE(int64_t);
  }
  if (s->form == MARTLET_INDEX_ELEMENTS && s->inner > 1) {
    size_t inner = s->inner, column = first % inner;
    for (size_t i = 0; i < n; i++) {
      rows[i] = rows[i] * inner + column;
      if (++column == inner) column = 0;
    }
  }
  return !is_bad;
}

typedef struct resolve_job {
  const martlet_index_shape *shape;
  const void *indices;
  size_t *rows;
  size_t total;
  int is_bad;
} resolve_job;

enum { resolve_chunk_size = 1 << 14 };

static void resolve_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  resolve_job *job = context;
  size_t first = chunk * resolve_chunk_size, n = job->total - first;
  if (n > resolve_chunk_size) n = resolve_chunk_size;
  if (!resolve_slice(job->shape, job->indices, first, n, job->rows + first)) {
    __atomic_store_n(&job->is_bad, 1, __ATOMIC_RELAXED);
  }
}

int find_bad_index(const martlet_index_shape *s, const void *indices, size_t total, martlet_row_error *error) {
  int64_t n = (int64_t)s->n;
  for (size_t i = 0; i < total; i++) {
    int64_t value = index_at(s->index_type, indices, i);
    if (value < -n || value >= n) return out_of_range(error, i, value);
  }
  return MARTLET_ROW_OK;
}

static int resolve_axis(const martlet_index_shape *s, const void *indices, size_t total, size_t *rows,
                        martlet_row_error *error) {
  resolve_job job = {s, indices, rows, total, 0};
  rows_parallel((total + resolve_chunk_size - 1) / resolve_chunk_size, resolve_chunk, &job);
  return job.is_bad ? find_bad_index(s, indices, total, error) : MARTLET_ROW_OK;
}

static int resolve_nd(const martlet_index_shape *s, const void *indices, size_t total, size_t *rows,
                      martlet_row_error *error) {
  for (size_t i = 0; i < total; i++) {
    size_t row = 0;
    for (size_t d = 0; d < s->depth; d++) {
      int64_t n = (int64_t)s->sizes[d], value = index_at(s->index_type, indices, i * s->depth + d);
      if (value < -n || value >= n) return out_of_range(error, i * s->depth + d, value);
      row = row * s->sizes[d] + (size_t)(value < 0 ? value + n : value);
    }
    rows[i] = row;
  }
  return MARTLET_ROW_OK;
}

int resolve_rows(const martlet_index_shape *s, const void *indices, resolved_rows *resolved,
                 martlet_row_error *error) {
  size_t source_rows = s->n, count = s->count, inner = s->inner;
  if (s->form == MARTLET_INDEX_ND) {
    source_rows = 1;
    for (size_t d = 0; d < s->depth; d++) source_rows *= s->sizes[d];
  } else if (s->form == MARTLET_INDEX_ELEMENTS) {
    source_rows *= inner, count *= inner, inner = 1;
  }
  int is_shared = s->form == MARTLET_INDEX_ROWS;
  size_t total = is_shared ? count : s->outer * count;
  size_t *rows = malloc((total + 1) * sizeof *rows);
  if (rows == NULL) {
    if (error != NULL) *error = (martlet_row_error){.status = MARTLET_ROW_OUT_OF_MEMORY};
    return MARTLET_ROW_OUT_OF_MEMORY;
  }
  int status = s->form == MARTLET_INDEX_ND ? resolve_nd(s, indices, total, rows, error)
                                           : resolve_axis(s, indices, total, rows, error);
  if (status != MARTLET_ROW_OK) {
    free(rows);
    return status;
  }
  *resolved = (resolved_rows){rows, source_rows, s->outer, count, inner, is_shared};
  return MARTLET_ROW_OK;
}
