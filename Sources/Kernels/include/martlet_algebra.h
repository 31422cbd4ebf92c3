// Factorizations of dense matrices and triangular systems, in float32 and float64. Matrices are row-major and
// contiguous, one behind the other; those of a batch are done in parallel, the products inside a single one are.
#ifndef MARTLET_ALGEBRA_H
#define MARTLET_ALGEBRA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum martlet_algebra_status {
  MARTLET_ALGEBRA_OK = 0,
  MARTLET_ALGEBRA_OUT_OF_MEMORY = 1,
  /// `matrix` has at `pivot` the value `value`, which is not positive (Cholesky) or is zero (a triangular system).
  MARTLET_ALGEBRA_BAD_PIVOT = 2,
  /// The iteration for eigenvalues or singular values did not come to an end.
  MARTLET_ALGEBRA_NOT_CONVERGED = 3,
} martlet_algebra_status;

/// What went wrong, in the first matrix in which something did.
typedef struct martlet_algebra_error {
  int32_t status;
  size_t matrix, pivot;
  double value;
} martlet_algebra_error;

/// The lower triangular L with L Lᵀ = (A + Aᵀ) / 2, zeros above the diagonal.
int martlet_cholesky(int is_double, size_t n, size_t batch, const void *a, void *l, martlet_algebra_error *error);

/// Solves op(A) X = B. Only the named triangle of A is read; op transposes.
///
/// - Parameters:
///   - n: The size of A.
///   - columns: How many right-hand sides there are.
int martlet_triangular_solve(int is_double, int is_lower, int is_transposed, int is_unit, size_t n, size_t columns,
                             size_t batch, const void *a, const void *b, void *x, martlet_algebra_error *error);

/// P A = L U with partial pivoting: `packed` holds L below the diagonal (ones on it are not stored) and U on and above
/// it; row i of P A is row `order[i]` of A. A zero pivot stays and is no error.
int martlet_lu(int is_double, size_t rows, size_t columns, size_t batch, const void *a, void *packed, int64_t *order,
               martlet_algebra_error *error);

/// A = Q R by Householder's reflections: Q `[rows, k]`, R `[k, columns]`, where k is the smaller size, or `rows` when
/// `is_complete`.
int martlet_qr(int is_double, size_t rows, size_t columns, size_t batch, int is_complete, const void *a, void *q,
               void *r, martlet_algebra_error *error);

/// (A + Aᵀ) / 2 = V diag(values) Vᵀ, values ascending, eigenvectors in the columns of V, the largest
/// component of each positive.
int martlet_eigh(int is_double, size_t n, size_t batch, const void *a, void *values, void *vectors,
                 martlet_algebra_error *error);

/// A = U diag(s) Vᵀ, s descending: U `[rows, k]`, Vᵀ `[k, columns]` where k is the smaller size; the
/// largest component of each column of U is positive.
int martlet_svd(int is_double, size_t rows, size_t columns, size_t batch, const void *a, void *u, void *s, void *vt,
                martlet_algebra_error *error);

#ifdef __cplusplus
}
#endif

#endif
