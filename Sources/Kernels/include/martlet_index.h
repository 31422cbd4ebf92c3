// Gathers, scatters and the positions of extremes. Tensors are row-major and contiguous.
//
// Indices may have any integer type. A negative index counts from the end: -1 is the last row. An index
// outside -n..<n is an error that carries its flat position and its value; nothing is written then.
#ifndef MARTLET_INDEX_H
#define MARTLET_INDEX_H

#include "martlet_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How a scatter combines an update with what is there.
typedef enum martlet_scatter_kind {
  MARTLET_SCATTER_SET = 0,
  MARTLET_SCATTER_ADD = 1,
  MARTLET_SCATTER_MIN = 2,
  MARTLET_SCATTER_MAX = 3,
  MARTLET_SCATTER_MULTIPLY = 4,
} martlet_scatter_kind;

/// How positions are read from indices.
typedef enum martlet_index_form {
  /// source[outer, n, inner], indices[count] -> [outer, count, inner].
  MARTLET_INDEX_ROWS = 0,
  /// source[outer, n, inner], indices[outer, count, inner] -> [outer, count, inner].
  MARTLET_INDEX_ELEMENTS = 1,
  /// source[outer, sizes..., inner], indices[outer, count, depth] -> [outer, count, inner].
  MARTLET_INDEX_ND = 2,
} martlet_index_form;

/// Shapes of a gather or scatter; `outer` are the batch dimensions of the N-D form.
typedef struct martlet_index_shape {
  uint8_t form;
  /// Type of the indices: an integer `martlet_type`.
  uint8_t index_type;
  size_t outer, inner, count;
  /// Size of the indexed axis (forms of rows and elements).
  size_t n;
  /// Indexed dimensions (N-D form), at most 8, and their sizes.
  size_t depth;
  size_t sizes[8];
} martlet_index_shape;

/// result <- the elements of `source` at `indices`.
///
/// - Parameter element_bytes: 1, 2, 4 or 8.
/// - Returns: A `martlet_row_status`; an error leaves `result` as it was.
int martlet_gather(const martlet_index_shape *shape, size_t element_bytes, const void *source, const void *indices,
                   void *result, martlet_row_error *error);

/// Combines `updates` (shaped like the result of the gather) into `destination` (shaped like its source),
/// in place. Repeated indices are applied in index order, for any number of threads.
///
/// - Parameter type: Element type of destination and updates. Bool takes "set" only.
/// - Returns: A `martlet_row_status`; an error leaves `destination` as it was.
int martlet_scatter(const martlet_index_shape *shape, uint8_t type, uint8_t kind, void *destination,
                    const void *indices, const void *updates, martlet_row_error *error);

/// As `martlet_scatter`, with one and the same element for every update.
///
/// - Parameter update: An element.
int martlet_scatter_value(const martlet_index_shape *shape, uint8_t type, uint8_t kind, void *destination,
                          const void *indices, const void *update, martlet_row_error *error);

/// Positions (int64) of the largest (or smallest) element along the middle axis of [outer, n, inner]; the
/// first of equal ones, and the first NaN if there is one. `n` is at least 1.
void martlet_arg_reduce(uint8_t type, int finds_minimum, const void *source, size_t outer, size_t n, size_t inner,
                        int64_t *result);

#ifdef __cplusplus
}
#endif

#endif
