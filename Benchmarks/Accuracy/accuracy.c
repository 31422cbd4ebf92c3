// The worst error of every elementary float32 function, in units of the last place of the exact result
// (from the C library's float64 function), over every `step`-th float of all. Exact to about 1e-8 units.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row_kernels.h"

enum { block = 4096 };

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double reciprocal(double x) { return 1 / x; }

static const struct {
  const char *name;
  int kind;
  double (*exact)(double);
} functions[] = {
    {"exp", MARTLET_UNARY_EXP, exp},       {"exp2", MARTLET_UNARY_EXP2, exp2},    {"expm1", MARTLET_UNARY_EXPM1, expm1},
    {"log", MARTLET_UNARY_LOG, log},       {"log2", MARTLET_UNARY_LOG2, log2},    {"log1p", MARTLET_UNARY_LOG1P, log1p},
    {"sqrt", MARTLET_UNARY_SQRT, sqrt},    {"rsqrt", MARTLET_UNARY_RSQRT, rsqrt}, {"cbrt", MARTLET_UNARY_CBRT, cbrt},
    {"sin", MARTLET_UNARY_SIN, sin},       {"cos", MARTLET_UNARY_COS, cos},       {"tan", MARTLET_UNARY_TAN, tan},
    {"asin", MARTLET_UNARY_ASIN, asin},    {"acos", MARTLET_UNARY_ACOS, acos},    {"atan", MARTLET_UNARY_ATAN, atan},
    {"sinh", MARTLET_UNARY_SINH, sinh},    {"cosh", MARTLET_UNARY_COSH, cosh},    {"tanh", MARTLET_UNARY_TANH, tanh},
    {"asinh", MARTLET_UNARY_ASINH, asinh}, {"acosh", MARTLET_UNARY_ACOSH, acosh}, {"atanh", MARTLET_UNARY_ATANH, atanh},
    {"sigmoid", MARTLET_UNARY_SIGMOID, sigmoid}, {"erf", MARTLET_UNARY_ERF, erf}, {"erfc", MARTLET_UNARY_ERFC, erfc},
    {"reciprocal", MARTLET_UNARY_RECIPROCAL, reciprocal}};

static float float_from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

// The distance between neighbors at a value; below the normal range it is that of all subnormals.
static double unit(float value) {
  int exponent;
  frexp((double)value, &exponent);
  return ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
}

static double error_of(float value, double exact) {
  if (isnan(exact) || isnan(value)) return isnan(exact) && isnan(value) ? 0 : INFINITY;
  float rounded = (float)exact;
  if (value == rounded && (value != 0 || signbit(value) == signbit(exact))) {
    return isinf(rounded) ? 0 : fabs((double)value - exact) / unit(rounded);
  }
  if (isinf(rounded) || isinf(value) || (value == 0 && rounded == 0)) return INFINITY;
  return fabs((double)value - exact) / unit(rounded);
}

int main(int argc, char **argv) {
  uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 10) : 61;
  const row_kernels *kernels = martlet_row_kernels_current();
  printf("%-12s %14s %16s\n", "function", "worst, ulp", "at");
  for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
    double worst = 0;
    float place = 0, x[block], y[block];
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
      size_t n = 0;
      for (; n < block && bits <= UINT32_MAX; n++, bits += step) x[n] = float_from_bits((uint32_t)bits);
      kernels->unary[MARTLET_F32][functions[f].kind](y, x, n);
      for (size_t i = 0; i < n; i++) {
        double error = error_of(y[i], functions[f].exact((double)x[i]));
        if (error > worst) worst = error, place = x[i];
      }
    }
    printf("%-12s %14.3f %16.9g\n", functions[f].name, worst, (double)place);
  }
  return 0;
}
