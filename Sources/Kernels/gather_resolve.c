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
#define RESOLVE(T, suffix, attributes)                                                                          \
  attributes static int resolve_##suffix(const void *indices, size_t first, size_t n, int64_t size, size_t *rows) { \
    const T *p = (const T *)indices + first;                                                                    \
    int64_t lowest = 0, highest = -1;                                                                           \
    _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < n; i++) {                             \
      int64_t value = (int64_t)p[i];                                                                            \
      lowest = value < lowest ? value : lowest;                                                                 \
      highest = value > highest ? value : highest;                                                              \
      rows[i] = (size_t)(value + (-(int64_t)(value < 0) & size));                                               \
    }                                                                                                           \
    return lowest >= -size && highest < size;                                                                   \
  }
RESOLVE(uint8_t, u8, )
RESOLVE(uint16_t, u16, )
RESOLVE(uint32_t, u32, )
RESOLVE(int8_t, i8, )
RESOLVE(int16_t, i16, )

// The lowest index, or 0, and whether all are in range.
#define CHECK(T, suffix, attributes)                                                                            \
  attributes static int check_##suffix(const void *indices, size_t first, size_t n, int64_t size, int64_t *least) { \
    const T *p = (const T *)indices + first;                                                                    \
    T lowest = 0, highest = -1;                                                                                 \
    _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < n; i++) {                             \
      lowest = p[i] < lowest ? p[i] : lowest;                                                                   \
      highest = p[i] > highest ? p[i] : highest;                                                                \
    }                                                                                                           \
    *least = (int64_t)lowest;                                                                                   \
    return (int64_t)lowest >= -size && (int64_t)highest < size;                                                 \
  }

// The types that indices usually have.
#define INDICES(T, suffix, attributes) RESOLVE(T, suffix, attributes) CHECK(T, suffix, attributes)
INDICES(int32_t, i32, )
INDICES(int64_t, i64, )
#if defined(__x86_64__)
// Comparisons of 64 bits in vectors.
INDICES(int32_t, i32_avx2, __attribute__((target("avx2"))))
INDICES(int64_t, i64_avx2, __attribute__((target("avx2"))))
#endif

// For types that `is_checked` knows. Unsigned numbers beyond the signed range are negative as signed ones.
static int check(uint8_t type, const void *indices, size_t first, size_t n, int64_t size, int64_t *least) {
  int is_narrow = type == MARTLET_I32, is_good;
#if defined(__x86_64__)
  if (rows_isa() > 0) {
    is_good = (is_narrow ? check_i32_avx2 : check_i64_avx2)(indices, first, n, size, least);
  } else
#endif
    is_good = (is_narrow ? check_i32 : check_i64)(indices, first, n, size, least);
  return is_good && (type != MARTLET_U64 || *least >= 0);
}

static int is_checked(uint8_t type) { return type == MARTLET_I32 || type == MARTLET_I64 || type == MARTLET_U64; }

static int resolve_u64(const void *indices, size_t first, size_t n, int64_t size, size_t *rows) {
  int is_bad = 0;
  for (size_t i = 0; i < n; i++) {
    rows[i] = ((const uint64_t *)indices)[first + i];
    is_bad |= rows[i] >= (uint64_t)size;
  }
  return !is_bad;
}

static int resolve(uint8_t type, const void *indices, size_t first, size_t n, int64_t size, size_t *rows) {
#if defined(__x86_64__)
  if (rows_isa() > 0 && type == MARTLET_I32) return resolve_i32_avx2(indices, first, n, size, rows);
  if (rows_isa() > 0 && type == MARTLET_I64) return resolve_i64_avx2(indices, first, n, size, rows);
#endif
  switch (type) {
    case MARTLET_U8: return resolve_u8(indices, first, n, size, rows);
    case MARTLET_U16: return resolve_u16(indices, first, n, size, rows);
    case MARTLET_U32: return resolve_u32(indices, first, n, size, rows);
    case MARTLET_U64: return resolve_u64(indices, first, n, size, rows);
    case MARTLET_I8: return resolve_i8(indices, first, n, size, rows);
    case MARTLET_I16: return resolve_i16(indices, first, n, size, rows);
    case MARTLET_I32: return resolve_i32(indices, first, n, size, rows);
    default: return resolve_i64(indices, first, n, size, rows);
  }
}

int resolve_slice(const martlet_index_shape *s, const void *indices, size_t first, size_t n, size_t *rows) {
  int is_good = resolve(s->index_type, indices, first, n, (int64_t)s->n, rows);
  if (s->form == MARTLET_INDEX_ELEMENTS && s->inner > 1) {
    size_t inner = s->inner, column = first % inner;
    for (size_t i = 0; i < n; i++) {
      rows[i] = rows[i] * inner + column;
      if (++column == inner) column = 0;
    }
  }
  return is_good;
}

typedef struct resolve_job {
  const martlet_index_shape *shape;
  const void *indices;
  size_t *rows;
  size_t total;
  int is_bad, is_negative;
} resolve_job;

enum { resolve_chunk_size = 1 << 14, resolve_block = 1024 };

static void resolve_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  resolve_job *job = context;
  size_t first = chunk * resolve_chunk_size, n = job->total - first;
  if (n > resolve_chunk_size) n = resolve_chunk_size;
  if (!resolve_slice(job->shape, job->indices, first, n, job->rows + first)) {
    __atomic_store_n(&job->is_bad, 1, __ATOMIC_RELAXED);
  }
}

// As `resolve_chunk`, without keeping what it finds.
static void check_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  resolve_job *job = context;
  size_t rows[resolve_block], first = chunk * resolve_chunk_size;
  size_t end = first + resolve_chunk_size < job->total ? first + resolve_chunk_size : job->total;
  if (is_checked(job->shape->index_type)) {
    int64_t least;
    int is_good = check(job->shape->index_type, job->indices, first, end - first, (int64_t)job->shape->n, &least);
    if (!is_good) __atomic_store_n(&job->is_bad, 1, __ATOMIC_RELAXED);
    if (least < 0) __atomic_store_n(&job->is_negative, 1, __ATOMIC_RELAXED);
    return;
  }
  for (; first < end; first += resolve_block) {
    size_t n = end - first < resolve_block ? end - first : resolve_block;
    if (!resolve_slice(job->shape, job->indices, first, n, rows)) {
      __atomic_store_n(&job->is_bad, 1, __ATOMIC_RELAXED);
      return;
    }
  }
}

int find_bad_index(const martlet_index_shape *s, const void *indices, size_t total, martlet_row_error *error) {
  int64_t n = (int64_t)s->n;
  for (size_t i = 0; i < total; i++) {
    if (s->index_type == MARTLET_U64) {
      uint64_t number = ((const uint64_t *)indices)[i];
      if (number >= s->n) return out_of_range(error, i, (int64_t)number);
      continue;
    }
    int64_t value = index_at(s->index_type, indices, i);
    if (value < -n || value >= n) return out_of_range(error, i, value);
  }
  return MARTLET_ROW_OK;
}

static int resolve_axis(const martlet_index_shape *s, const void *indices, size_t total, size_t *rows,
                        martlet_row_error *error) {
  resolve_job job = {.shape = s, .indices = indices, .rows = rows, .total = total};
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

// All but the row numbers.
static resolved_rows describe(const martlet_index_shape *s) {
  size_t source_rows = s->n, count = s->count, inner = s->inner;
  if (s->form == MARTLET_INDEX_ND) {
    source_rows = 1;
    for (size_t d = 0; d < s->depth; d++) source_rows *= s->sizes[d];
  } else if (s->form == MARTLET_INDEX_ELEMENTS) {
    source_rows *= inner, count *= inner, inner = 1;
  }
  return (resolved_rows){.source_rows = source_rows, .outer = s->outer, .count = count, .inner = inner,
                         .is_shared = s->form == MARTLET_INDEX_ROWS};
}

static size_t index_count(const resolved_rows *rows) { return rows->is_shared ? rows->count : rows->outer * rows->count; }

int check_rows(const martlet_index_shape *s, const void *indices, resolved_rows *resolved, martlet_row_error *error) {
  *resolved = describe(s);
  size_t total = index_count(resolved);
  resolve_job job = {.shape = s, .indices = indices, .total = total};
  rows_parallel((total + resolve_chunk_size - 1) / resolve_chunk_size, check_chunk, &job);
  int is_plain = s->form != MARTLET_INDEX_ELEMENTS || s->inner == 1;
  int is_wide = s->index_type == MARTLET_I64 || s->index_type == MARTLET_U64;
  if (is_plain && is_wide && !job.is_negative) resolved->given = indices;
  return job.is_bad ? find_bad_index(s, indices, total, error) : MARTLET_ROW_OK;
}

int resolve_rows(const martlet_index_shape *s, const void *indices, resolved_rows *resolved,
                 martlet_row_error *error) {
  *resolved = describe(s);
  size_t total = index_count(resolved);
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
  resolved->rows = rows;
  return MARTLET_ROW_OK;
}
