// Elementary functions of float32, branch-free, so that the compiler turns a loop over them into
// vectors of any width. All multiply-adds are written out and contraction is off: every instruction
// set gives the same bits. Included once for each instruction set, inside its target pragma.
//
// The common functions stay in float32 (exp, log, tanh, the logistic function, erf, erfc); the others are
// computed in float64 with short polynomials, which is accurate to the last place for little work.
// Coefficients interpolate at Chebyshev nodes in 60 digits; worst errors are measured by
// Benchmarks/Accuracy.
#ifndef MARTLET_MATH_F32_H
#define MARTLET_MATH_F32_H

#include <math.h>
#include <stdint.h>

#define MATH_INLINE static inline __attribute__((always_inline))
#define MATH_FMA __builtin_elementwise_fma

MATH_INLINE uint32_t f32_bits(float x) {
  union { float f; uint32_t u; } v = {x};
  return v.u;
}

MATH_INLINE float f32_from_bits(uint32_t u) {
  union { uint32_t u; float f; } v = {u};
  return v.f;
}

MATH_INLINE uint64_t f64_bits(double x) {
  union { double f; uint64_t u; } v = {x};
  return v.u;
}

MATH_INLINE double f64_from_bits(uint64_t u) {
  union { uint64_t u; double f; } v = {u};
  return v.f;
}

// Adding and subtracting this rounds to an integer, and leaves that integer in the low bits: unlike
// a conversion it is defined for every input, and needs no instruction that AVX2 lacks.
#define MATH_ROUND_F32 12582912.0f
#define MATH_ROUND_F64 6755399441055744.0

// exp(r) - 1 for |r| <= log(2)/2.
MATH_INLINE float f32_exp_rest(float r) {
  float q = 0.000198910813f;
  q = MATH_FMA(q, r, 0.00139337312f);
  q = MATH_FMA(q, r, 0.00833331048f);
  q = MATH_FMA(q, r, 0.041666463f);
  q = MATH_FMA(q, r, 0.166666672f);
  q = MATH_FMA(q, r, 0.5f);
  return MATH_FMA(r * r, q, r);
}

MATH_INLINE float f32_exp_core(float r) { return f32_exp_rest(r) + 1.0f; }

// Two steps, so that results below the normal range are rounded once and 2^128 is never a factor.
MATH_INLINE float f32_scale(float p, int32_t n) {
  int32_t half = n >> 1;
  float first = f32_from_bits((uint32_t)(half + 127) << 23);
  float second = f32_from_bits((uint32_t)(n - half + 127) << 23);
  return p * first * second;
}

MATH_INLINE float f32_exp(float x) {
  x = x > 128.0f ? 128.0f : x;
  x = x < -128.0f ? -128.0f : x;
  float t = MATH_FMA(x, 1.44269504f, MATH_ROUND_F32);
  float n = t - MATH_ROUND_F32;
  float r = MATH_FMA(n, -0x1.62e430p-1f, x);
  r = MATH_FMA(n, 0x1.05c610p-29f, r);
  return f32_scale(f32_exp_core(r), (int32_t)(f32_bits(t) - f32_bits(MATH_ROUND_F32)));
}

// exp(x) for |x| <= 87, or NaN.
MATH_INLINE float f32_exp_bounded(float x) {
  float t = MATH_FMA(x, 1.44269504f, MATH_ROUND_F32);
  float n = t - MATH_ROUND_F32;
  float r = MATH_FMA(n, -0x1.62e430p-1f, x);
  r = MATH_FMA(n, 0x1.05c610p-29f, r);
  uint32_t exponent = f32_bits(t) - f32_bits(MATH_ROUND_F32) + 127;
  return f32_exp_core(r) * f32_from_bits(exponent << 23);
}

MATH_INLINE float f32_exp2(float x) {
  x = x > 160.0f ? 160.0f : x;
  x = x < -160.0f ? -160.0f : x;
  float t = x + MATH_ROUND_F32;
  float r = x - (t - MATH_ROUND_F32);
  float q = 1.52973716e-05f;
  q = MATH_FMA(q, r, 0.000154614463f);
  q = MATH_FMA(q, r, 0.0013333502f);
  q = MATH_FMA(q, r, 0.00961805694f);
  q = MATH_FMA(q, r, 0.0555041097f);
  q = MATH_FMA(q, r, 0.240226507f);
  q = MATH_FMA(q, r, 0.693147182f);
  return f32_scale(MATH_FMA(r, q, 1.0f), (int32_t)(f32_bits(t) - f32_bits(MATH_ROUND_F32)));
}

MATH_INLINE float f32_log(float x) {
  float scaled = x < 0x1p-126f ? x * 0x1p23f : x;
  float bias = x < 0x1p-126f ? -23.0f : 0.0f;
  uint32_t bits = f32_bits(scaled);
  int32_t exponent = (int32_t)(bits - 0x3f3504f3u) >> 23;
  float f = f32_from_bits(bits - ((uint32_t)exponent << 23)) - 1.0f;
  float e = (float)exponent + bias;
  float z = f * f;
  float p = 0.0697160885f;
  p = MATH_FMA(p, f, -0.114797331f);
  p = MATH_FMA(p, f, 0.116854206f);
  p = MATH_FMA(p, f, -0.124256872f);
  p = MATH_FMA(p, f, 0.142490581f);
  p = MATH_FMA(p, f, -0.166678026f);
  p = MATH_FMA(p, f, 0.200007156f);
  p = MATH_FMA(p, f, -0.24999997f);
  p = MATH_FMA(p, f, 0.333333313f);
  float y = MATH_FMA(e, -2.12194440e-4f, f * z * p);
  y = MATH_FMA(-0.5f, z, y);
  float result = MATH_FMA(e, 0.693359375f, f + y);
  result = x == INFINITY ? INFINITY : result;
  result = x >= 0.0f ? result : NAN;
  return x == 0.0f ? -INFINITY : result;
}

MATH_INLINE float f32_tanh(float x) {
  float a = __builtin_elementwise_abs(x);
  float bounded = a > 16.0f ? 16.0f : a;
  float large = 1.0f - 2.0f / (f32_exp_bounded(2.0f * bounded) + 1.0f);
  float z = x * x;
  float p = 0.00229274482f;
  p = MATH_FMA(p, z, -0.00834394526f);
  p = MATH_FMA(p, z, 0.0217689183f);
  p = MATH_FMA(p, z, -0.0539592579f);
  p = MATH_FMA(p, z, 0.133333042f);
  p = MATH_FMA(p, z, -0.333333343f);
  float small = MATH_FMA(x * z, p, x);
  return __builtin_elementwise_copysign(a < 0.625f ? small : large, x);
}

MATH_INLINE float f32_sigmoid(float x) {
  // exp of a negative number never overflows, and keeps tiny results exact to the last place.
  float e = f32_exp(-__builtin_elementwise_abs(x));
  float numerator = x < 0.0f ? e : 1.0f;
  float sum = 1.0f + e, lost = e - (sum - 1.0f);
  float quotient = numerator / sum;
  // One correction by the remainder, for what the sum lost and the division rounded. The reciprocal of the
  // sum need only be rough, and is the logistic function of |x|.
  float reciprocal = x < 0.0f ? 1.0f - quotient : quotient;
  float remainder = MATH_FMA(-quotient, lost, MATH_FMA(-quotient, sum, numerator));
  return MATH_FMA(remainder, reciprocal, quotient);
}

// erf(x) for |x| < 0.94.
MATH_INLINE float f32_erf_small(float x) {
  float z = x * x;
  float p = 8.21278053e-05f;
  p = MATH_FMA(p, z, -0.000810505451f);
  p = MATH_FMA(p, z, 0.00519768491f);
  p = MATH_FMA(p, z, -0.0268580425f);
  p = MATH_FMA(p, z, 0.11283671f);
  p = MATH_FMA(p, z, -0.376126322f);
  p = MATH_FMA(p, z, 0.128379166f);
  return MATH_FMA(x, p, x);
}

MATH_INLINE float f32_erf(float x) {
  float a = __builtin_elementwise_abs(x);
  float small = f32_erf_small(x);
  float b = a > 4.0f ? 4.0f : a;
  float q = -1.01184514e-06f;
  q = MATH_FMA(q, b, 3.37652273e-05f);
  q = MATH_FMA(q, b, -0.000494089618f);
  q = MATH_FMA(q, b, 0.00428439258f);
  q = MATH_FMA(q, b, -0.0250934344f);
  q = MATH_FMA(q, b, 0.107792228f);
  q = MATH_FMA(q, b, 0.634194732f);
  q = MATH_FMA(q, b, 1.12888873f);
  float large = 1.0f - f32_exp_bounded(-(q * b));
  return a < 0.94f ? small : __builtin_elementwise_copysign(large, x);
}

// exp(r) - 1 for |r| <= log(2)/2, to 4e-9.
MATH_INLINE float f32_exp_rest_short(float r) {
  float q = 0.00138410972f;
  q = MATH_FMA(q, r, 0.00836800318f);
  q = MATH_FMA(q, r, 0.0416677669f);
  q = MATH_FMA(q, r, 0.166665286f);
  q = MATH_FMA(q, r, 0.49999997f);
  return MATH_FMA(r * r, q, r);
}

// |x|, up to where erfc is 0.
MATH_INLINE float f32_erfc_bounded(float x) {
  float a = __builtin_elementwise_abs(x);
  return a > 10.1f ? 10.1f : a;
}

// 2^-64 exp(a^2) erfc(a) for a = `f32_erfc_bounded(x)`.
MATH_INLINE float f32_erfc_scale(float x) {
  // exp(a^2) erfc(a) (a + 1.5) as a polynomial in (a - 1.5) / (a + 1.5), which one division gives together with what
  // it is to be divided by.
  float a = f32_erfc_bounded(x), s = 1.0f / (a + 1.5f), t = (a - 1.5f) * s;
  // The upper coefficients in two chains. All are times 2^-64, which the last step takes back.
  float z = t * t;
  float even = 0x1p-64f * -0.000140544027f, odd = 0x1p-64f * -0.000169025603f;
  even = MATH_FMA(even, z, 0x1p-64f * 0.000740269898f);
  odd = MATH_FMA(odd, z, 0x1p-64f * 0.00182444009f);
  even = MATH_FMA(even, z, 0x1p-64f * -0.000743873185f);
  odd = MATH_FMA(odd, z, 0x1p-64f * -0.0094725145f);
  even = MATH_FMA(even, z, 0x1p-64f * -0.0081322901f);
  odd = MATH_FMA(odd, z, 0x1p-64f * 0.0477695242f);
  float p = MATH_FMA(even, t, odd);
  p = MATH_FMA(p, t, 0x1p-64f * 0.0756225362f);
  p = MATH_FMA(p, t, 0x1p-64f * -0.507850051f);
  p = MATH_FMA(p, t, 0x1p-64f * 0.96475625f);
  return p * s;
}

// erfc(x), given `f32_erfc_scale(x)`.
MATH_INLINE float f32_erfc_scaled(float x, float scale) {
  // scale exp(-a^2) in as few roundings as can be; what the square loses goes into the exponent.
  float a = f32_erfc_bounded(x), square = a * a, lost = MATH_FMA(a, a, -square);
  float turn = MATH_FMA(-square, 1.44269504f, MATH_ROUND_F32);
  float n = turn - MATH_ROUND_F32;
  float r = MATH_FMA(n, -0x1.62e430p-1f, -square);
  r = MATH_FMA(n, 0x1.05c610p-29f, r) - lost;
  float value = MATH_FMA(scale, f32_exp_rest_short(r), scale);
  // The exponent is between -148 and 0, and only this product can round below the normal range.
  uint32_t exponent = f32_bits(turn) - f32_bits(MATH_ROUND_F32) + 127 + 64;
  value = value * f32_from_bits(exponent << 23);
  return x < 0.0f ? 2.0f - value : value;
}

// Below: float64 inside.

MATH_INLINE double f64_exp_series(double r) {
  double q = 2.761768585448831e-06;
  q = MATH_FMA(q, r, 2.4868002984916503e-05);
  q = MATH_FMA(q, r, 0.00019841224417590969);
  q = MATH_FMA(q, r, 0.0013888838910985739);
  q = MATH_FMA(q, r, 0.008333333344268744);
  q = MATH_FMA(q, r, 0.04166666678698559);
  q = MATH_FMA(q, r, 0.16666666666662552);
  q = MATH_FMA(q, r, 0.4999999999995475);
  return MATH_FMA(r * r, q, r);
}

// exp(x) - 1 for |x| <= 700, relative error 1e-12.
MATH_INLINE double f64_expm1_short(double x) {
  double t = MATH_FMA(x, 1.4426950408889634, MATH_ROUND_F64);
  double n = t - MATH_ROUND_F64;
  double r = MATH_FMA(n, -0.6931471805599453, x);
  double scale = f64_from_bits((f64_bits(t) - f64_bits(MATH_ROUND_F64) + 1023) << 52);
  return MATH_FMA(scale, f64_exp_series(r), scale - 1.0);
}

// exp(x) for |x| <= 700, relative error 1e-12.
MATH_INLINE double f64_exp_short(double x) {
  double t = MATH_FMA(x, 1.4426950408889634, MATH_ROUND_F64);
  double n = t - MATH_ROUND_F64;
  double r = MATH_FMA(n, -0.6931471805599453, x);
  double scale = f64_from_bits((f64_bits(t) - f64_bits(MATH_ROUND_F64) + 1023) << 52);
  return MATH_FMA(scale, f64_exp_series(r), scale);
}

// log((1 + s) / (1 - s)) for |s| <= 0.1716.
MATH_INLINE double f64_log_series(double s) {
  double z = s * s;
  double p = 0.16624587178434103;
  p = MATH_FMA(p, z, 0.18140010272574913);
  p = MATH_FMA(p, z, 0.22222866482782208);
  p = MATH_FMA(p, z, 0.2857142409966742);
  p = MATH_FMA(p, z, 0.4000000001132837);
  p = MATH_FMA(p, z, 0.6666666666666202);
  return MATH_FMA(s * z, p, 2.0 * s);
}

// log(1 + x) for x > -1 (or log(x) when `whole` already holds 1 + x), finite, relative error 1e-13.
MATH_INLINE double f64_log_parts(double whole, double excess, int is_small) {
  uint64_t bits = f64_bits(whole);
  uint64_t offset = bits - 0x3fe6a09e667f3bcdull + (1024ull << 52);
  uint64_t exponent = offset >> 52;
  double e = f64_from_bits(f64_bits(MATH_ROUND_F64) + exponent) - MATH_ROUND_F64 - 1024.0;
  double m = f64_from_bits(bits - ((exponent - 1024) << 52));
  double numerator = is_small ? excess : m - 1.0;
  double denominator = is_small ? 2.0 + excess : m + 1.0;
  double series = f64_log_series(numerator / denominator);
  return is_small ? series : MATH_FMA(e, 0.6931471805599453, series);
}

MATH_INLINE double f64_log_short(double x) { return f64_log_parts(x, 0.0, 0); }

MATH_INLINE double f64_log1p_short(double x) { return f64_log_parts(1.0 + x, x, x > -0.29 && x < 0.41); }

MATH_INLINE double f64_bounded(double x, double bound) {
  x = x > bound ? bound : x;
  return x < -bound ? -bound : x;
}

MATH_INLINE float f32_expm1(float x) {
  float result = (float)f64_expm1_short(f64_bounded((double)x, 200.0));
  return x == 0.0f ? x : result;
}

MATH_INLINE float f32_log2(float x) {
  float result = (float)(f64_log_short((double)x) * 1.4426950408889634);
  result = x == INFINITY ? INFINITY : result;
  result = x >= 0.0f ? result : NAN;
  return x == 0.0f ? -INFINITY : result;
}

MATH_INLINE float f32_log1p(float x) {
  float result = (float)f64_log1p_short((double)x);
  result = x == INFINITY || x == 0.0f ? x : result;
  result = x >= -1.0f ? result : NAN;
  return x == -1.0f ? -INFINITY : result;
}

MATH_INLINE float f32_cbrt(float x) {
  float a = __builtin_elementwise_abs(x);
  float root = (float)f64_exp_short(f64_log_short((double)a) * (1.0 / 3.0));
  root = a > 0.0f && a < INFINITY ? root : a;
  return __builtin_elementwise_copysign(root, x);
}

MATH_INLINE double f64_sin_series(double r) {
  double z = r * r;
  double p = 1.5917988979397204e-10;
  p = MATH_FMA(p, z, -2.505112989645018e-08);
  p = MATH_FMA(p, z, 2.7557316093198404e-06);
  p = MATH_FMA(p, z, -0.00019841269836740532);
  p = MATH_FMA(p, z, 0.008333333333330936);
  p = MATH_FMA(p, z, -0.16666666666666666);
  return MATH_FMA(r * z, p, r);
}

MATH_INLINE double f64_cos_series(double r) {
  double z = r * r;
  double p = 2.087614504941318e-09;
  p = MATH_FMA(p, z, -2.755731726587808e-07);
  p = MATH_FMA(p, z, 2.48015872987544e-05);
  p = MATH_FMA(p, z, -0.0013888888888887389);
  p = MATH_FMA(p, z, 0.041666666666666664);
  return MATH_FMA(z * z, p, MATH_FMA(z, -0.5, 1.0));
}

/// Largest argument of sin, cos and tan that the vector reduction handles; beyond it, and for
/// infinities, the loops call the C library (which reduces by Payne and Hanek's method).
#define MATH_TRIGONOMETRIC_LIMIT 0x1p30f

// Reduces to |r| <= pi/4 and the quadrant. Two constants suffice: the product is exact in the fma.
#define MATH_REDUCE(x, r, quadrant)                                             \
  double reduced_t = MATH_FMA((double)(x), 0.6366197723675814, MATH_ROUND_F64); \
  double reduced_n = reduced_t - MATH_ROUND_F64;                                \
  double r = MATH_FMA(reduced_n, -1.5707963267948966, (double)(x));             \
  r = MATH_FMA(reduced_n, -6.123233995736766e-17, r);                           \
  uint64_t quadrant = f64_bits(reduced_t)

MATH_INLINE float f32_sin(float x) {
  MATH_REDUCE(x, r, quadrant);
  double value = (quadrant & 1) ? f64_cos_series(r) : f64_sin_series(r);
  value = (quadrant & 2) ? -value : value;
  return x == 0.0f ? x : (float)value;
}

MATH_INLINE float f32_cos(float x) {
  MATH_REDUCE(x, r, quadrant);
  double value = (quadrant & 1) ? f64_sin_series(r) : f64_cos_series(r);
  return (float)(((quadrant + 1) & 2) ? -value : value);
}

MATH_INLINE float f32_tan(float x) {
  MATH_REDUCE(x, r, quadrant);
  double s = f64_sin_series(r), c = f64_cos_series(r);
  double numerator = (quadrant & 1) ? -c : s;
  double denominator = (quadrant & 1) ? s : c;
  return x == 0.0f ? x : (float)(numerator / denominator);
}

MATH_INLINE double f64_asin_series(double x) {
  double z = x * x;
  double p = 0.027907031432797182;
  p = MATH_FMA(p, z, -0.0029397929068793382);
  p = MATH_FMA(p, z, 0.015675662527148217);
  p = MATH_FMA(p, z, 0.013187916136732687);
  p = MATH_FMA(p, z, 0.01744149568549626);
  p = MATH_FMA(p, z, 0.022366065938884676);
  p = MATH_FMA(p, z, 0.030382182776212505);
  p = MATH_FMA(p, z, 0.04464285243793872);
  p = MATH_FMA(p, z, 0.07500000003584559);
  p = MATH_FMA(p, z, 0.1666666666666218);
  return MATH_FMA(x * z, p, x);
}

MATH_INLINE float f32_asin(float x) {
  double a = (double)__builtin_elementwise_abs(x);
  double t = a > 0.5 ? __builtin_elementwise_sqrt((1.0 - a) * 0.5) : a;
  double s = f64_asin_series(t);
  double value = a > 0.5 ? MATH_FMA(-2.0, s, 1.5707963267948966) : s;
  return __builtin_elementwise_copysign((float)value, x);
}

MATH_INLINE float f32_acos(float x) {
  double a = (double)__builtin_elementwise_abs(x);
  double t = a > 0.5 ? __builtin_elementwise_sqrt((1.0 - a) * 0.5) : (double)x;
  double s = f64_asin_series(t);
  double outer = x < 0.0f ? MATH_FMA(-2.0, s, 3.141592653589793) : 2.0 * s;
  return (float)(a > 0.5 ? outer : 1.5707963267948966 - s);
}

// atan(t) for 0 <= t <= 1.
MATH_INLINE double f64_atan_unit(double t) {
  int is_large = t > 0.41421356237309503;
  double u = is_large ? (t - 1.0) / (t + 1.0) : t;
  double z = u * u;
  double p = 0.0329539430103286;
  p = MATH_FMA(p, z, -0.060271479563577444);
  p = MATH_FMA(p, z, 0.07604765196669547);
  p = MATH_FMA(p, z, -0.09084098143736444);
  p = MATH_FMA(p, z, 0.11110819510978213);
  p = MATH_FMA(p, z, -0.14285708105034275);
  p = MATH_FMA(p, z, 0.19999999949803657);
  p = MATH_FMA(p, z, -0.3333333333326612);
  double value = MATH_FMA(u * z, p, u);
  return is_large ? value + 0.7853981633974483 : value;
}

MATH_INLINE float f32_atan(float x) {
  double a = (double)__builtin_elementwise_abs(x);
  double t = f64_atan_unit(a > 1.0 ? 1.0 / a : a);
  return __builtin_elementwise_copysign((float)(a > 1.0 ? 1.5707963267948966 - t : t), x);
}

MATH_INLINE float f32_atan2(float y, float x) {
  double a = (double)__builtin_elementwise_abs(y), b = (double)__builtin_elementwise_abs(x);
  double low = a < b ? a : b, high = a < b ? b : a;
  double ratio = low == high ? 1.0 : low / high;
  ratio = high == 0.0 ? 0.0 : ratio;
  double angle = f64_atan_unit(ratio);
  angle = a > b ? 1.5707963267948966 - angle : angle;
  angle = (f32_bits(x) >> 31) ? 3.141592653589793 - angle : angle;
  float result = __builtin_elementwise_copysign((float)angle, y);
  return x != x || y != y ? NAN : result;
}

MATH_INLINE float f32_sinh(float x) {
  double e = f64_expm1_short(f64_bounded((double)__builtin_elementwise_abs(x), 100.0));
  return __builtin_elementwise_copysign((float)(0.5 * (e + e / (e + 1.0))), x);
}

MATH_INLINE float f32_cosh(float x) {
  double e = f64_exp_short(f64_bounded((double)__builtin_elementwise_abs(x), 100.0));
  return (float)(0.5 * (e + 1.0 / e));
}

MATH_INLINE float f32_asinh(float x) {
  double a = (double)__builtin_elementwise_abs(x);
  double square = a * a;
  double y = a + square / (1.0 + __builtin_elementwise_sqrt(1.0 + square));
  float result = (float)f64_log1p_short(y);
  result = a < INFINITY ? result : (float)a;
  return __builtin_elementwise_copysign(result, x);
}

MATH_INLINE float f32_acosh(float x) {
  double t = (double)x - 1.0;
  float result = (float)f64_log1p_short(t + __builtin_elementwise_sqrt(t * (t + 2.0)));
  result = x == INFINITY ? x : result;
  return x >= 1.0f ? result : NAN;
}

MATH_INLINE float f32_atanh(float x) {
  double a = (double)__builtin_elementwise_abs(x);
  float result = (float)(0.5 * f64_log1p_short(2.0 * a / (1.0 - a)));
  result = a == 1.0 ? INFINITY : result;
  result = a <= 1.0 ? result : NAN;
  return __builtin_elementwise_copysign(result, x);
}

MATH_INLINE float f32_pow(float x, float y) {
  double a = (double)__builtin_elementwise_abs(x), exponent = (double)y;
  float magnitude = (float)f64_exp_short(f64_bounded(exponent * f64_log_short(a), 300.0));
  magnitude = a == 0.0 ? (y > 0.0f ? 0.0f : INFINITY) : magnitude;
  magnitude = a == INFINITY ? (y > 0.0f ? INFINITY : 0.0f) : magnitude;
  magnitude = a == 1.0 ? 1.0f : magnitude;
  int is_integer = __builtin_elementwise_trunc(y) == y;
  float half = 0.5f * y;
  int is_odd = is_integer && __builtin_elementwise_trunc(half) != half;
  int is_negative = f32_bits(x) >> 31;
  float result = is_negative && is_odd ? -magnitude : magnitude;
  result = x < 0.0f && x > -INFINITY && !is_integer ? NAN : result;
  result = x != x || y != y ? NAN : result;
  return x == 1.0f || y == 0.0f ? 1.0f : result;
}

MATH_INLINE float f32_hypot(float x, float y) {
  double a = (double)x, b = (double)y;
  float result = (float)__builtin_elementwise_sqrt(MATH_FMA(a, a, b * b));
  int is_infinite = __builtin_elementwise_abs(x) == INFINITY || __builtin_elementwise_abs(y) == INFINITY;
  return is_infinite ? INFINITY : result;
}

// The quotient of two float32 is exact enough in float64 that its floor is right.
MATH_INLINE float f32_floor_divide(float x, float y) {
  return (float)__builtin_elementwise_floor((double)x / (double)y);
}

#endif
