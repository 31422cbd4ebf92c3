// Matrix products in float 32 and float 64: plain, transposed by strides, batched, with an epilogue.
#ifndef MARTLET_GEMM_H
#define MARTLET_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "martlet_cpu.h"

/// Called once for each finished tile of C, while it is hot in cache. `tile` points at the element
/// `(row, column)` of matrix `batch`; consecutive columns are adjacent, rows are `row_stride` elements apart.
/// Tiles cover C exactly; their size and order vary, and several threads call at once.
typedef void (*martlet_gemm_epilogue)(void *context, void *tile, size_t batch, size_t row, size_t column, size_t rows,
                                      size_t columns, size_t row_stride);

/// C = `alpha` A B (+ C) (+ bias), for `batch` matrices: A is `[rows, depth]`, B `[depth, columns]`,
/// C `[rows, columns]`. All strides count elements and may be zero or negative for A and B. C must not
/// overlap A, B or the bias. Batch 0 means 1.
typedef struct {
  size_t rows, columns, depth;
  const void *a;
  ptrdiff_t a_row_stride, a_column_stride;
  const void *b;
  ptrdiff_t b_row_stride, b_column_stride;
  void *c;
  ptrdiff_t c_row_stride, c_column_stride;
  double alpha;
  /// Whether the product is added to what C holds; if not, C need not be initialized.
  bool accumulates;
  /// One number per column, adjacent, the same for every matrix of the batch; or null.
  const void *bias;
  /// B as `martlet_gemm_pack_b_f32` left it for a product of the same shape and instruction set, whose B is then
  /// not read; or null. Only without a batch.
  const void *packed_b;
  size_t batch;
  ptrdiff_t a_batch_stride, b_batch_stride, c_batch_stride;
  /// May be null. Needs `c_column_stride` 1.
  martlet_gemm_epilogue epilogue;
  void *epilogue_context;
} martlet_gemm;

/// The product in float 32, in parallel on the pool. Sums of each element of C run along the depth in an
/// order that depends on the shape, the strides and the instruction set, never on the number of threads.
/// No alignment is assumed beyond that of the elements.
martlet_status martlet_gemm_f32(const martlet_gemm *gemm);

/// The bytes that the B of a product takes when it is packed once for many products; 0 where that does not pay.
size_t martlet_gemm_packed_bytes_f32(const martlet_gemm *gemm);

/// The same where the product has the same bits either way: it would pack its B on the way.
size_t martlet_gemm_reusable_bytes_f32(const martlet_gemm *gemm);

/// Packs the B of a product, in parallel on the pool, into memory aligned to 64 bytes.
void martlet_gemm_pack_b_f32(const martlet_gemm *gemm, void *packed);

/// The product in float 64; otherwise as `martlet_gemm_f32`.
martlet_status martlet_gemm_f64(const martlet_gemm *gemm);

#endif
