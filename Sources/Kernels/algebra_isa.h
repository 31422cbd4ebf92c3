// Factorizations for one instruction set: the including file sets the target, TABLE_F32 and TABLE_F64.
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "algebra.h"
#include "include/martlet_gemm.h"
#include "row_runtime.h"

#define T float
#define NAME(name) name##_f32
#define GEMM martlet_gemm_f32
#define EPSILON 0x1p-24
#include "algebra_vectors.h"
#include "algebra_rotations.h"
#include "algebra_solve.h"
#include "algebra_orthogonal.h"
#undef T
#undef NAME
#undef GEMM
#undef EPSILON
#define T double
#define NAME(name) name##_f64
#define GEMM martlet_gemm_f64
#define EPSILON 0x1p-53
#include "algebra_vectors.h"
#include "algebra_rotations.h"
#include "algebra_solve.h"
#include "algebra_orthogonal.h"

const algebra_table TABLE_F32 = {cholesky_f32, triangular_solve_f32, lu_f32, qr_f32, eigh_f32, svd_f32};
const algebra_table TABLE_F64 = {cholesky_f64, triangular_solve_f64, lu_f64, qr_f64, eigh_f64, svd_f64};
