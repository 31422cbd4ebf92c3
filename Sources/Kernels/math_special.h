// Gamma and Bessel functions, computed in float64. The gamma family and the modified Bessel functions of float32 are
// branch-free, so that the compiler makes vectors of them; the others go element by element. Included after
// math_f32.h, inside each target pragma.
//
// Formulas: Abramowitz and Stegun, Handbook of Mathematical Functions, chapters 6 and 9; DLMF 5.11, 10.40, 25.11.
#ifndef MARTLET_MATH_SPECIAL_H
#define MARTLET_MATH_SPECIAL_H

#include "math_f32.h"

// Of the C library, whose headers hide them in strict C11. The first leaves the global sign of `lgamma` alone.
extern double lgamma_r(double x, int *sign);
extern double j0(double x);
extern double j1(double x);
extern double y0(double x);
extern double y1(double x);

// log gamma(2 + t) for |t| <= 0.5: t (1 - Euler's constant), then (zeta(k) - 1) (-t)^k / k.
MATH_INLINE double f64_log_gamma_series(double t) {
  double p = 2.4836745438024783e-9;
  p = MATH_FMA(p, t, -5.1834750419700467e-9);
  p = MATH_FMA(p, t, 1.0838659214896954e-8);
  p = MATH_FMA(p, t, -2.2711094608943165e-8);
  p = MATH_FMA(p, t, 4.7698101693639806e-8);
  p = MATH_FMA(p, t, -1.00432248239681e-7);
  p = MATH_FMA(p, t, 2.1207184805554666e-7);
  p = MATH_FMA(p, t, -4.492469198764566e-7);
  p = MATH_FMA(p, t, 9.5514121304074198e-7);
  p = MATH_FMA(p, t, -2.0392157538013662e-6);
  p = MATH_FMA(p, t, 4.3748667899074878e-6);
  p = MATH_FMA(p, t, -9.4394882752683959e-6);
  p = MATH_FMA(p, t, 2.0507212775670692e-5);
  p = MATH_FMA(p, t, -4.4926236738133142e-5);
  p = MATH_FMA(p, t, 9.9457512781808534e-5);
  p = MATH_FMA(p, t, -0.00022315475845357938);
  p = MATH_FMA(p, t, 0.00050966952474304242);
  p = MATH_FMA(p, t, -0.001192753911703261);
  p = MATH_FMA(p, t, 0.0028905103307415233);
  p = MATH_FMA(p, t, -0.0073855510286739853);
  p = MATH_FMA(p, t, 0.020580808427784548);
  p = MATH_FMA(p, t, -0.067352301053198095);
  p = MATH_FMA(p, t, 0.32246703342411322);
  p = MATH_FMA(p, t, 0.42278433509846714);
  return p * t;
}

// sin(pi x) for 0 <= x <= 0.5.
MATH_INLINE double f64_sin_of_turn(double x) {
  return x > 0.25 ? f64_cos_series(3.141592653589793 * (0.5 - x)) : f64_sin_series(3.141592653589793 * x);
}

// The distance to the nearest integer, 0...0.5.
MATH_INLINE double f64_distance_to_integer(double x) {
  return __builtin_elementwise_abs(x - __builtin_elementwise_roundeven(x));
}

// log |gamma(x)|: the series around 2, one or two steps away from it Stirling's formula beyond 8; left of 1/2 the
// reflection.
MATH_INLINE float f32_log_gamma(float x) {
  double z = x < 0.5f ? 1.0 - (double)x : (double)x;
  int is_near = z < 2.5, is_below = z < 1.5;
  double near = f64_log_gamma_series(is_near ? (is_below ? z - 1.0 : z - 2.0) : 0.0);
  near -= is_below ? f64_log1p_short(z - 1.0) : 0.0;
  int is_short = z < 8.0;
  double product = is_short ? z * (z + 1.0) * (z + 2.0) * (z + 3.0) * (z + 4.0) * (z + 5.0) : 1.0;
  double w = is_short ? z + 6.0 : z;
  w = w > 0x1p140 ? 0x1p140 : w;
  double r = 1.0 / w, square = r * r;
  double tail = MATH_FMA(square, -0.0005952380952380953, 0.0007936507936507937);
  tail = MATH_FMA(square, tail, -0.002777777777777778);
  tail = MATH_FMA(square, tail, 0.08333333333333333);
  double far = MATH_FMA(w - 0.5, f64_log_short(w), 0.9189385332046727 - w + r * tail) - f64_log_short(product);
  double value = is_near ? near : far;
  double turn = f64_distance_to_integer((double)x);
  double reflected = f64_log_short(3.141592653589793 / (turn == 0.0 ? 1.0 : f64_sin_of_turn(turn))) - value;
  value = x < 0.5f ? reflected : value;
  value = x <= 0.0f && turn == 0.0 ? INFINITY : value;
  value = __builtin_elementwise_abs(x) == INFINITY ? INFINITY : value;
  return x != x ? x : (float)value;
}

// The derivative of log gamma, by the same steps.
MATH_INLINE float f32_digamma(float x) {
  double z = x < 0.5f ? 1.0 - (double)x : (double)x;
  double w = z < 8.0 ? z + 8.0 : z;
  double steps = 1.0 / z + 1.0 / (z + 1.0) + 1.0 / (z + 2.0) + 1.0 / (z + 3.0) + 1.0 / (z + 4.0) + 1.0 / (z + 5.0) +
                 1.0 / (z + 6.0) + 1.0 / (z + 7.0);
  double r = 1.0 / w, square = r * r;
  double tail = MATH_FMA(square, 0.004166666666666667, -0.003968253968253968);
  tail = MATH_FMA(square, tail, 0.008333333333333333);
  tail = MATH_FMA(square, tail, -0.08333333333333333);
  double value = f64_log_short(w > 0x1p140 ? 0x1p140 : w) + MATH_FMA(square, tail, -0.5 * r);
  value -= z < 8.0 ? steps : 0.0;
  double whole = __builtin_elementwise_roundeven((double)x), turn = (double)x - whole;
  double side = __builtin_elementwise_abs(turn);
  double sine = f64_sin_of_turn(side), cosine = f64_sin_of_turn(0.5 - side);
  double cotangent = __builtin_elementwise_copysign(cosine / (sine == 0.0 ? 1.0 : sine), turn);
  value = x < 0.5f ? MATH_FMA(-3.141592653589793, cotangent, value) : value;
  value = x < 0.0f && turn == 0.0 ? NAN : value;
  value = x == 0.0f ? -__builtin_elementwise_copysign((double)INFINITY, (double)x) : value;
  value = x == INFINITY ? INFINITY : value;
  return x != x || x == -INFINITY ? NAN : (float)value;
}

// exp(-|x|) I_order(x), order 0 or 1: the power series up to 12, beyond it the asymptotic one.
MATH_INLINE double f64_bessel_i_short(double a, double order) {
  double t = a > 12.0 ? 36.0 : 0.25 * a * a, series = 1.0;
#pragma clang loop unroll(full)
  for (int k = 28; k > 0; k--) series = MATH_FMA(series, t * (1.0 / (k * (k + order))), 1.0);
  series *= (order == 0.0 ? 1.0 : 0.5 * a) * f64_exp_short(-(a > 12.0 ? 12.0 : a));
  double r = 0.125 / (a < 12.0 ? 12.0 : a), mu = 4.0 * order, sum = 1.0;
#pragma clang loop unroll(full)
  for (int k = 12; k > 0; k--) sum = MATH_FMA(sum, r * (((2.0 * k - 1.0) * (2.0 * k - 1.0) - mu) / k), 1.0);
  double far = sum * __builtin_elementwise_sqrt(1.2732395447351628 * r);
  return a > 12.0 ? far : series;
}

MATH_INLINE float f32_bessel_i0_scaled(float x) {
  return (float)f64_bessel_i_short((double)__builtin_elementwise_abs(x), 0.0);
}

MATH_INLINE float f32_bessel_i1_scaled(float x) {
  double value = f64_bessel_i_short((double)__builtin_elementwise_abs(x), 1.0);
  return __builtin_elementwise_copysign((float)value, x);
}

// Of float64, element by element.

static inline double f64_log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

static inline double f64_digamma(double x) {
  if (x == 0.0) return -__builtin_copysign(INFINITY, x);
  if (x < 0.0 && __builtin_floor(x) == x) return NAN;
  double value = 0.0;
  if (x < 0.5) {
    double turn = x - __builtin_round(x);
    value = -3.141592653589793 * __builtin_cos(3.141592653589793 * turn) / __builtin_sin(3.141592653589793 * turn);
    x = 1.0 - x;
  }
  for (; x < 12.0; x += 1.0) value -= 1.0 / x;
  if (x > 1e17) return value + __builtin_log(x);
  static const double tail[] = {0.08333333333333333, -0.008333333333333333, 0.003968253968253968,
                                -0.004166666666666667, 0.007575757575757576, -0.021092796092796094,
                                0.08333333333333333};
  double r = 1.0 / x, square = r * r, sum = 0.0;
  for (int k = 6; k >= 0; k--) sum = (sum + tail[k]) * square;
  return value + __builtin_log(x) - 0.5 * r - sum;
}

static inline double f64_bessel_i_scaled(double x, double order) {
  double a = __builtin_fabs(x), value;
  if (a != a) return x;
  if (a <= 20.0) {
    double term = order == 0.0 ? 1.0 : 0.5 * a, sum = term, t = 0.25 * a * a;
    for (int k = 1; term > sum * 1e-17; k++) {
      term *= t / (k * (k + order));
      sum += term;
    }
    value = sum * __builtin_exp(-a);
  } else {
    double term = 1.0, sum = 1.0, r = 0.125 / a;
    for (int k = 1; k < 30 && __builtin_fabs(term) > 1e-17; k++) {
      term *= r * ((2.0 * k - 1.0) * (2.0 * k - 1.0) - 4.0 * order) / k;
      sum += term;
    }
    value = sum * __builtin_sqrt(1.2732395447351628 * r);
  }
  return order == 0.0 ? value : __builtin_copysign(value, x);
}

// Hurwitz's zeta function, the sum of (q + k)^-s over k = 0, 1, ..., by Euler and Maclaurin's formula.
static inline double f64_zeta(double s, double q) {
  if (s != s || q != q || s < 1.0) return NAN;
  if (s == 1.0) return INFINITY;
  int is_whole = __builtin_floor(q) == q;
  if (q <= 0.0 && is_whole) return INFINITY;
  if (q <= 0.0 && __builtin_floor(s) != s) return NAN;
  if (q == INFINITY) return 0.0;
  double sum = 0.0, z = q;
  for (int k = 0; k < 10 || z < 10.0; k++, z += 1.0) {
    double term = __builtin_pow(z, -s);
    sum += term;
    if (z > 0.0 && term < sum * 1e-17) return sum;
    // Further left than this there are too many terms, and nobody would notice them.
    if (k > 100000) return NAN;
  }
  // Bernoulli's numbers over factorials: B(2j) / (2j)!.
  static const double weights[] = {0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05,
                                   -8.267195767195768e-07, 2.08767569878681e-08, -5.284190138687493e-10,
                                   1.3382536530684679e-11, -3.389680296322583e-13, 8.586062056277845e-15,
                                   -2.174868698558062e-16};
  double power = __builtin_pow(z, -s);
  sum += power * z / (s - 1.0) + 0.5 * power;
  double factor = s * power / z;
  for (int j = 0; j < 10; j++) {
    double term = weights[j] * factor;
    sum += term;
    if (__builtin_fabs(term) < __builtin_fabs(sum) * 1e-17) break;
    factor *= (s + 2 * j + 1) * (s + 2 * j + 2) / (z * z);
  }
  return sum;
}

#endif
