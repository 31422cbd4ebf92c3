// Factorizations for any machine.
#define TABLE_F32 martlet_algebra_scalar_f32
#define TABLE_F64 martlet_algebra_scalar_f64
#include "algebra_isa.h"
