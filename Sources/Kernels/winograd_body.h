// The transforms of Winograd's convolution for one instruction set. Included once for each, after defining V, LANES,
// NAME, V_LOAD_N, V_STORE_N, V_SET and TARGET as for gemm_micro.h; all but TARGET are undefined at the end.
#include "winograd.h"

#define INLINE TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define V_LOAD(p) (*(const V *)(p))
#define V_STORE(p, v) (*(V *)(p) = (v))

// The points that are neither 0 nor infinity are +-P and +-Q.
#define P 0.75f
#define Q 1.5f
#define PP (P * P)
#define QQ (Q * Q)
// What the polynomials that are 1 at one point and 0 at the others are divided by, at +-P and +-Q.
#define AT_P (1 / (2 * PP * (PP - QQ)))
#define AT_Q (1 / (2 * QQ * (QQ - PP)))

INLINE void NAME(input_line)(const V d[6], V v[6]) {
  const V even_p = d[4] - QQ * d[2], odd_p = P * (d[3] - QQ * d[1]);
  const V even_q = d[4] - PP * d[2], odd_q = Q * (d[3] - PP * d[1]);
  v[0] = d[4] - (PP + QQ) * d[2] + (PP * QQ) * d[0];
  v[1] = even_p + odd_p;
  v[2] = even_p - odd_p;
  v[3] = even_q + odd_q;
  v[4] = even_q - odd_q;
  v[5] = d[5] - (PP + QQ) * d[3] + (PP * QQ) * d[1];
}

INLINE void NAME(filter_line)(const V g[3], V u[6]) {
  const V even_p = AT_P * (g[0] + PP * g[2]), odd_p = (AT_P * P) * g[1];
  const V even_q = AT_Q * (g[0] + QQ * g[2]), odd_q = (AT_Q * Q) * g[1];
  u[0] = (1 / (PP * QQ)) * g[0];
  u[1] = even_p + odd_p;
  u[2] = even_p - odd_p;
  u[3] = even_q + odd_q;
  u[4] = even_q - odd_q;
  u[5] = g[2];
}

INLINE void NAME(output_line)(const V m[6], V y[4]) {
  const V sum_p = m[1] + m[2], difference_p = m[1] - m[2], sum_q = m[3] + m[4], difference_q = m[3] - m[4];
  y[0] = m[0] + sum_p + sum_q;
  y[1] = P * difference_p + Q * difference_q;
  y[2] = PP * sum_p + QQ * sum_q;
  y[3] = m[5] + (P * PP) * difference_p + (Q * QQ) * difference_q;
}

INLINE void NAME(output_gradient_line)(const V y[4], V m[6]) {
  const V even_p = y[0] + PP * y[2], odd_p = P * y[1] + (P * PP) * y[3];
  const V even_q = y[0] + QQ * y[2], odd_q = Q * y[1] + (Q * QQ) * y[3];
  m[0] = y[0];
  m[1] = even_p + odd_p;
  m[2] = even_p - odd_p;
  m[3] = even_q + odd_q;
  m[4] = even_q - odd_q;
  m[5] = y[3];
}

INLINE void NAME(filter_gradient_line)(const V u[6], V g[3]) {
  const V sum_p = AT_P * (u[1] + u[2]), sum_q = AT_Q * (u[3] + u[4]);
  g[0] = (1 / (PP * QQ)) * u[0] + sum_p + sum_q;
  g[1] = (AT_P * P) * (u[1] - u[2]) + (AT_Q * Q) * (u[3] - u[4]);
  g[2] = PP * sum_p + QQ * sum_q + u[5];
}

// Transforms a square of `from` x `from` vectors, at `from_values`, along both sides to `to` x `to`. The first pass
// leaves columns as rows, and so does the second.
#define SQUARE(from, to, line)                                                   \
  INLINE void NAME(line##_square)(const V *values, V *results) {                 \
    V half[to][from];                                                            \
    UNROLL for (size_t i = 0; i < from; ++i) {                                   \
      V column[from], moved[to];                                                 \
      UNROLL for (size_t j = 0; j < from; ++j) column[j] = values[j * from + i]; \
      NAME(line##_line)(column, moved);                                          \
      UNROLL for (size_t j = 0; j < to; ++j) half[j][i] = moved[j];              \
    }                                                                            \
    UNROLL for (size_t i = 0; i < to; ++i) NAME(line##_line)(half[i], results + i * to); \
  }

SQUARE(6, 6, input)
SQUARE(3, 6, filter)
SQUARE(6, 4, output)
SQUARE(4, 6, output_gradient)
SQUARE(6, 3, filter_gradient)

INLINE size_t NAME(place)(const martlet_winograd_layout *layout, size_t channel) {
  return channel / layout->panel_width * layout->panel_stride + channel % layout->panel_width;
}

INLINE V NAME(load)(const float *from, size_t count) { return count == LANES ? V_LOAD(from) : V_LOAD_N(from, count); }

INLINE void NAME(store)(float *to, V value, size_t count) {
  if (count == LANES) {
    V_STORE(to, value);
  } else {
    V_STORE_N(to, value, count);
  }
}

// `body(first, count)` for whole vectors of `channels`, and for the rest.
#define EACH_VECTOR(channels, body)                                                  \
  size_t first = 0;                                                                  \
  for (; first + LANES <= (channels); first += LANES) body(first, (size_t)LANES);    \
  if (first < (channels)) body(first, (channels) - first)

INLINE void NAME(input_vector)(const martlet_winograd_square *field, size_t channel, size_t count, float *points,
                               const martlet_winograd_layout *layout) {
  const float *from = field->values + channel;
  V values[winograd_points], results[winograd_points];
  UNROLL for (ptrdiff_t i = 0; i < winograd_field; ++i) {
    UNROLL for (ptrdiff_t j = 0; j < winograd_field; ++j) {
      values[i * winograd_field + j] = NAME(load)(from + i * field->row_stride + j * field->pixel_stride, count);
    }
  }
  NAME(input_square)(values, results);
  float *to = points + NAME(place)(layout, channel);
  UNROLL for (size_t i = 0; i < winograd_points; ++i) V_STORE(to + i * layout->point_stride, results[i]);
}

TARGET static void NAME(winograd_input)(const martlet_winograd_square *field, size_t channels, float *points,
                                        const martlet_winograd_layout *layout) {
#define BODY(first, count) NAME(input_vector)(field, first, count, points, layout)
  EACH_VECTOR(channels, BODY);
#undef BODY
}

TARGET static void NAME(winograd_filter)(const float *taps, size_t count, float *points, size_t point_stride) {
  for (size_t c = 0; c < count; c += LANES) {
    V values[winograd_taps], results[winograd_points];
    UNROLL for (size_t i = 0; i < winograd_taps; ++i) values[i] = V_LOAD(taps + i * count + c);
    NAME(filter_square)(values, results);
    UNROLL for (size_t i = 0; i < winograd_points; ++i) V_STORE(points + i * point_stride + c, results[i]);
  }
}

INLINE void NAME(output_vector)(const float *points, const martlet_winograd_layout *layout, size_t channel,
                                size_t count, const float *bias, const martlet_winograd_square *tile) {
  const float *from = points + NAME(place)(layout, channel);
  float *to = tile->values + channel;
  V values[winograd_points], results[winograd_places];
  UNROLL for (size_t i = 0; i < winograd_points; ++i) values[i] = V_LOAD(from + i * layout->point_stride);
  NAME(output_square)(values, results);
  const V added = bias ? NAME(load)(bias + channel, count) : (V){0};
  UNROLL for (ptrdiff_t i = 0; i < winograd_tile; ++i) {
    UNROLL for (ptrdiff_t j = 0; j < winograd_tile; ++j) {
      NAME(store)(to + i * tile->row_stride + j * tile->pixel_stride, results[i * winograd_tile + j] + added, count);
    }
  }
}

TARGET static void NAME(winograd_output)(const float *points, const martlet_winograd_layout *layout, size_t channels,
                                         const float *bias, const martlet_winograd_square *tile) {
#define BODY(first, count) NAME(output_vector)(points, layout, first, count, bias, tile)
  EACH_VECTOR(channels, BODY);
#undef BODY
}

INLINE void NAME(output_gradient_vector)(const martlet_winograd_square *tile, size_t channel, size_t count,
                                         float *points, const martlet_winograd_layout *layout) {
  const float *from = tile->values + channel;
  V values[winograd_places], results[winograd_points];
  UNROLL for (ptrdiff_t i = 0; i < winograd_tile; ++i) {
    UNROLL for (ptrdiff_t j = 0; j < winograd_tile; ++j) {
      values[i * winograd_tile + j] = NAME(load)(from + i * tile->row_stride + j * tile->pixel_stride, count);
    }
  }
  NAME(output_gradient_square)(values, results);
  float *to = points + NAME(place)(layout, channel);
  UNROLL for (size_t i = 0; i < winograd_points; ++i) V_STORE(to + i * layout->point_stride, results[i]);
}

TARGET static void NAME(winograd_output_gradient)(const martlet_winograd_square *tile, size_t channels, float *points,
                                                  const martlet_winograd_layout *layout) {
#define BODY(first, count) NAME(output_gradient_vector)(tile, first, count, points, layout)
  EACH_VECTOR(channels, BODY);
#undef BODY
}

INLINE void NAME(filter_gradient_vector)(const float *points, size_t point_stride, size_t first, size_t count,
                                         float *taps, size_t tap_stride) {
  V values[winograd_points], results[winograd_taps];
  UNROLL for (size_t i = 0; i < winograd_points; ++i) values[i] = V_LOAD(points + i * point_stride + first);
  NAME(filter_gradient_square)(values, results);
  UNROLL for (size_t i = 0; i < winograd_taps; ++i) NAME(store)(taps + i * tap_stride + first, results[i], count);
}

TARGET static void NAME(winograd_filter_gradient)(const float *points, size_t point_stride, size_t count, float *taps,
                                                  size_t tap_stride) {
#define BODY(first, some) NAME(filter_gradient_vector)(points, point_stride, first, some, taps, tap_stride)
  EACH_VECTOR(count, BODY);
#undef BODY
}

const martlet_winograd_kernels NAME(martlet_winograd_kernels) = {
    .lanes = LANES, .input = NAME(winograd_input), .filter = NAME(winograd_filter), .output = NAME(winograd_output),
    .output_gradient = NAME(winograd_output_gradient), .filter_gradient = NAME(winograd_filter_gradient),
};

#undef INLINE
#undef UNROLL
#undef V_LOAD
#undef V_STORE
#undef P
#undef Q
#undef PP
#undef QQ
#undef AT_P
#undef AT_Q
#undef SQUARE
#undef EACH_VECTOR
#undef V
#undef LANES
#undef NAME
#undef V_LOAD_N
#undef V_STORE_N
