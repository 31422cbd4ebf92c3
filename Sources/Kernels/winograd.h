// Convolutions with 3 x 3 filters by Winograd's minimal filtering: a tile of 4 x 4 outputs from 6 x 6 inputs costs 36
// products instead of 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016).
//
// Outputs are values of a polynomial product, found from its values at six points. The points are 0, +-3/4, +-3/2 and
// infinity: with 3/2 for the usual 2, the transforms amplify rounding errors a quarter as much.
#ifndef MARTLET_INTERNAL_WINOGRAD_H
#define MARTLET_INTERNAL_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

#include "include/martlet_conv.h"

enum { winograd_tile = 4, winograd_field = 6, winograd_points = 36, winograd_places = 16, winograd_taps = 9 };

/// Where transformed values go or come from: point `p` and channel `c` of a tile lie at
/// `p * point_stride + c / panel_width * panel_stride + c % panel_width`.
typedef struct {
  size_t point_stride, panel_width, panel_stride;
} martlet_winograd_layout;

/// A square of pixels, each with adjacent channels. Strides count elements.
typedef struct {
  float *values;
  ptrdiff_t row_stride, pixel_stride;
} martlet_winograd_square;

/// The transforms for one instruction set. A panel's width is a multiple of `lanes`, and lines at the points have room
/// for whole vectors.
typedef struct {
  size_t lanes;

  /// Values at the points of a field of 6 x 6 inputs.
  void (*input)(const martlet_winograd_square *field, size_t channels, float *points,
                const martlet_winograd_layout *layout);
  /// Values at the points of 3 x 3 filter taps, `[taps, count]`, to `[point][count]`; `count` is a multiple of `lanes`.
  void (*filter)(const float *taps, size_t count, float *points, size_t point_stride);
  /// A tile of 4 x 4 outputs from the points, and the bias, if there is one.
  void (*output)(const float *points, const martlet_winograd_layout *layout, size_t channels, const float *bias,
                 const martlet_winograd_square *tile);
  /// The transpose of `output`: what reaches the points of a tile's gradient.
  void (*output_gradient)(const martlet_winograd_square *tile, size_t channels, float *points,
                          const martlet_winograd_layout *layout);
  /// The transpose of `filter`, for `count` values of any number, to taps `tap_stride` apart.
  void (*filter_gradient)(const float *points, size_t point_stride, size_t count, float *taps, size_t tap_stride);
} martlet_winograd_kernels;

extern const martlet_winograd_kernels martlet_winograd_kernels_portable;
#if defined(__x86_64__)
extern const martlet_winograd_kernels martlet_winograd_kernels_avx2, martlet_winograd_kernels_avx512;
#endif

/// Whether the shape of a convolution is one that this way is faster for.
bool martlet_winograd_serves(const martlet_conv *conv);

/// The bytes that the filter's values at the points take.
size_t martlet_winograd_packed_bytes(const martlet_conv *conv);

/// Computes them for later convolutions forward, in parallel on the pool.
martlet_status martlet_winograd_pack_f32(const martlet_conv *conv, const float *filter, void *packed);

martlet_status martlet_winograd_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                            const float *bias, float *output, martlet_gemm_epilogue epilogue,
                                            void *epilogue_context);
martlet_status martlet_winograd_input_gradient_f32(const martlet_conv *conv, const float *output_gradient,
                                                   const float *filter, float *input_gradient);
martlet_status martlet_winograd_filter_gradient_f32(const martlet_conv *conv, const float *input,
                                                    const float *output_gradient, float *filter_gradient);

#endif
