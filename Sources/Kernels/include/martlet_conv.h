// Convolutions of images `[batch, depth, height, width, channels]` with filters `[depth, height, width, in, out]`,
// float 32 and float 64, in one to three dimensions.
#ifndef MARTLET_CONV_H
#define MARTLET_CONV_H

#include <stddef.h>

#include "martlet_cpu.h"
#include "martlet_gemm.h"

/// The shape of a convolution. Arrays run from the slowest dimension to the fastest; a convolution in fewer than
/// three dimensions has size 1, stride 1, dilation 1 and padding 0 in the leading ones. All tensors are contiguous.
///
/// Output `o` and filter place `f` meet input place `o * stride + f * dilation - pad_low`; outside the input there
/// are zeros, so what is padded above follows from `out_size`. `pad_low` may be negative. `in_channels` and
/// `out_channels` count all groups: the filter has `in_channels / groups` inputs, and output channel `c` belongs to
/// group `c / (out_channels / groups)`.
typedef struct {
  size_t batch, in_channels, out_channels, groups;
  size_t in_size[3], filter_size[3], out_size[3];
  size_t stride[3], dilation[3];
  ptrdiff_t pad_low[3];
  /// The filter as `martlet_conv_pack_f32` left it for a convolution of the same shape and instruction set, whose filter
  /// is then not read; or null. Only forward in float 32.
  const void *packed_filter;
} martlet_conv;

/// The bytes that the filter takes when it is packed once for many convolutions forward; 0 where it is read as it lies.
size_t martlet_conv_packed_bytes_f32(const martlet_conv *conv);

/// Packs a filter, in parallel on the pool, into memory aligned to 64 bytes. With it a convolution has the same bits.
martlet_status martlet_conv_pack_f32(const martlet_conv *conv, const float *filter, void *packed);

/// output = convolution of `input` with `filter` (+ `bias`, one number per output channel, or null).
///
/// The epilogue, which may be null, sees the output as the matrix `[batch * places, out_channels]`. For each
/// output the sum runs over the filter's places and input channels in order, in blocks that depend on the shape
/// and the instruction set only.
martlet_status martlet_conv_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                        const float *bias, float *output, martlet_gemm_epilogue epilogue,
                                        void *epilogue_context);

martlet_status martlet_conv_forward_f64(const martlet_conv *conv, const double *input, const double *filter,
                                        const double *bias, double *output, martlet_gemm_epilogue epilogue,
                                        void *epilogue_context);

/// The gradient by the input, given `output_gradient`; also a transposed convolution. Writes all of it.
martlet_status martlet_conv_input_gradient_f32(const martlet_conv *conv, const float *output_gradient,
                                               const float *filter, float *input_gradient);
martlet_status martlet_conv_input_gradient_f64(const martlet_conv *conv, const double *output_gradient,
                                               const double *filter, double *input_gradient);

/// The gradient by the filter. Writes all of it. Sums run over the batch and places in order, or in parts that
/// depend on the shape only and are added in order.
martlet_status martlet_conv_filter_gradient_f32(const martlet_conv *conv, const float *input,
                                                const float *output_gradient, float *filter_gradient);
martlet_status martlet_conv_filter_gradient_f64(const martlet_conv *conv, const double *input,
                                                const double *output_gradient, double *filter_gradient);

#endif
