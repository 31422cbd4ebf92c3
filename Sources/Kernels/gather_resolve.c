#include "gather_resolve.h"

#include <stdlib.h>

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

static int resolve_axis(const martlet_index_shape *s, const void *indices, size_t total, size_t *rows,
                        martlet_row_error *error) {
  int64_t n = (int64_t)s->n;
  int is_element_form = s->form == MARTLET_INDEX_ELEMENTS;
  for (size_t i = 0; i < total; i++) {
    int64_t value = index_at(s->index_type, indices, i);
    if (value < -n || value >= n) return out_of_range(error, i, value);
    size_t row = (size_t)(value < 0 ? value + n : value);
    rows[i] = is_element_form ? row * s->inner + i % s->inner : row;
  }
  return MARTLET_ROW_OK;
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
