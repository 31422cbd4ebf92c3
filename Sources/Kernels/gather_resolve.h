// Turning indices into row numbers, once, with all checks: what follows cannot fail.
#ifndef MARTLET_GATHER_RESOLVE_H
#define MARTLET_GATHER_RESOLVE_H

#include "include/martlet_index.h"

/// The row numbers of a gather or scatter. Rows are `inner` elements long (1 in the element form).
typedef struct resolved_rows {
  size_t *rows;
  /// Rows on the indexed side for each outer index, and outer indices; the rows of the other side for each.
  size_t source_rows, outer, count;
  size_t inner;
  /// The same rows serve all outer indices.
  int is_shared;
  /// After `check_rows`: the indices themselves where they are row numbers already, else null. Not to be freed.
  const size_t *given;
} resolved_rows;

/// Checks all indices. On success `resolved->rows` must be freed.
int resolve_rows(const martlet_index_shape *shape, const void *indices, resolved_rows *resolved,
                 martlet_row_error *error);

/// Checks all indices of the row and element forms, and leaves `resolved->rows` null: rows come from `resolve_slice`.
int check_rows(const martlet_index_shape *shape, const void *indices, resolved_rows *resolved,
               martlet_row_error *error);

/// The row numbers of the indices first, first + 1, … of the row and element forms; returns 0 if one is out of range,
/// and then they mean nothing.
int resolve_slice(const martlet_index_shape *shape, const void *indices, size_t first, size_t n, size_t *rows);

/// The error of the first index that is out of range, in the row and element forms.
int find_bad_index(const martlet_index_shape *shape, const void *indices, size_t total, martlet_row_error *error);

#endif
