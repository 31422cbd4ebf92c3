// The factorizations of single matrices, one table for each instruction set.
#ifndef MARTLET_INTERNAL_ALGEBRA_H
#define MARTLET_INTERNAL_ALGEBRA_H

#include "include/martlet_algebra.h"

/// Pointers are to elements of the table's type; results are as the public functions say, and `error` has its matrix
/// filled in by the caller. `work` has at least `martlet_algebra_work` elements.
typedef struct algebra_table {
  int (*cholesky)(size_t n, const void *a, void *l, martlet_algebra_error *error);
  int (*triangular_solve)(int is_lower, int is_transposed, int is_unit, size_t n, size_t columns, const void *a,
                          const void *b, void *x, martlet_algebra_error *error);
  int (*lu)(size_t rows, size_t columns, const void *a, void *packed, int64_t *order);
  int (*qr)(size_t rows, size_t columns, int is_complete, const void *a, void *q, void *r, void *work);
  int (*eigh)(size_t n, const void *a, void *values, void *vectors, void *work, martlet_algebra_error *error);
  int (*svd)(size_t rows, size_t columns, const void *a, void *u, void *s, void *vt, void *work,
             martlet_algebra_error *error);
} algebra_table;

extern const algebra_table martlet_algebra_scalar_f32, martlet_algebra_scalar_f64;
#if defined(__x86_64__)
extern const algebra_table martlet_algebra_avx2_f32, martlet_algebra_avx2_f64;
extern const algebra_table martlet_algebra_avx512_f32, martlet_algebra_avx512_f64;
#endif

#endif
