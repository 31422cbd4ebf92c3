// What the driver of a matrix product knows about the kernels of one type and instruction set.
#ifndef MARTLET_INTERNAL_GEMM_H
#define MARTLET_INTERNAL_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "include/martlet_gemm.h"

/// Where a tile of sums goes: c = alpha * sums (+ c) (+ bias).
typedef struct {
  void *c;
  ptrdiff_t row_stride, column_stride;
  double alpha;
  bool accumulates;
  const void *bias;  // of the first row and column of the tile; null: none
  ptrdiff_t bias_row_stride, bias_column_stride;
} martlet_tile;

/// The kernels of one element type and instruction set. Pointers are to elements of that type.
typedef struct {
  size_t element_bytes;
  size_t lanes;           // elements of a vector
  size_t tile_rows;       // of the packed kernel
  size_t tile_columns;    // of both kernels
  size_t direct_rows;     // of the kernel that does not pack
  size_t depth_block;     // longest run of the depth between two visits of C
  size_t vector_columns;  // columns of one block of `row_times_matrix`

  /// Packs `count` <= `width` lines into one panel `[depth, width]`; missing lines become zeros.
  void (*pack)(void *panel, size_t width, const void *from, ptrdiff_t line_stride, ptrdiff_t depth_stride,
               size_t count, size_t depth);
  /// The same for lines anywhere whose elements along the depth are adjacent; a null line is zeros.
  void (*pack_lines)(void *panel, size_t width, const void *const *lines, size_t count, size_t depth);
  /// One tile from packed panels, aligned to 64 bytes.
  void (*packed_tile)(size_t depth, const void *a, const void *b, size_t rows, size_t columns,
                      const martlet_tile *tile);
  /// The same for at most 3 rows and two full panels of B, one behind the other, where the columns of C are adjacent.
  void (*packed_pair)(size_t depth, const void *a, const void *b, size_t rows, const martlet_tile *tile);
  /// One tile, reading A with any strides and B with adjacent columns, in place.
  void (*direct_tile)(size_t depth, const void *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride, const void *b,
                      ptrdiff_t b_row_stride, size_t rows, size_t columns, const martlet_tile *tile);
  /// sums[j] = sum over k of x[k] b[k, j], for `columns` <= `vector_columns` adjacent columns.
  void (*row_times_matrix)(size_t depth, const void *x, ptrdiff_t x_stride, const void *b, ptrdiff_t b_row_stride,
                           size_t columns, void *sums);
  /// sums[i] = sum over k of a[i, k] x[k], both adjacent along k.
  void (*matrix_times_column)(size_t rows, size_t depth, const void *a, ptrdiff_t a_row_stride, const void *x,
                              void *sums);
} martlet_gemm_kernels;

extern const martlet_gemm_kernels martlet_gemm_kernels_f32_portable, martlet_gemm_kernels_f64_portable;
#if defined(__x86_64__)
extern const martlet_gemm_kernels martlet_gemm_kernels_f32_avx2, martlet_gemm_kernels_f64_avx2;
extern const martlet_gemm_kernels martlet_gemm_kernels_f32_avx512, martlet_gemm_kernels_f64_avx512;
#endif

/// The kernels of the instruction set now in use.
const martlet_gemm_kernels *martlet_gemm_kernels_f32(void);
const martlet_gemm_kernels *martlet_gemm_kernels_f64(void);

/// Packs the lines `first..<first + count` (rows of A, or columns of B; `count` <= `width`) and the depth
/// `start..<start + depth` into one panel `[depth, width]`, zeros where lines are missing. If the product
/// `packs_groups`, more lines than `width` fill as many panels as they need, one behind the other.
typedef void (*martlet_pack_source)(const void *source, void *panel, size_t width, size_t first, size_t count,
                                    size_t start, size_t depth);

/// A product whose operands are packed by functions, so that they need not exist as matrices.
typedef struct {
  const martlet_gemm_kernels *kernels;
  size_t rows, columns, depth;
  martlet_pack_source pack_a, pack_b;
  const void *a_source, *b_source;
  bool packs_groups;
  const void *packed_b;  // B as `martlet_packed_gemm_pack_b` leaves it; null: packed on the way
  martlet_tile output;  // of the whole C
  martlet_gemm_epilogue epilogue;
  void *epilogue_context;
  size_t batch_index, first_column;  // told to the epilogue: the latter is added to the column
} martlet_packed_gemm;

/// Runs a packed product on the pool. The depth is summed in blocks of `depth_block`, in order.
martlet_status martlet_packed_gemm_run(const martlet_packed_gemm *gemm);

/// The bytes that B takes when it is packed whole.
size_t martlet_packed_gemm_b_bytes(const martlet_packed_gemm *gemm);

/// Packs all of B, on the pool. `panels` is aligned to 64 bytes.
void martlet_packed_gemm_pack_b(const martlet_packed_gemm *gemm, void *panels);

/// The tile `offset` rows and columns further.
static inline martlet_tile martlet_tile_at(const martlet_tile *tile, size_t row, size_t column, size_t element_bytes) {
  const ptrdiff_t r = (ptrdiff_t)row, c = (ptrdiff_t)column, bytes = (ptrdiff_t)element_bytes;
  martlet_tile part = *tile;
  part.c = (char *)tile->c + (r * tile->row_stride + c * tile->column_stride) * bytes;
  if (tile->bias) {
    part.bias = (const char *)tile->bias + (r * tile->bias_row_stride + c * tile->bias_column_stride) * bytes;
  }
  return part;
}

#endif
