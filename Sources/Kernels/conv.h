// Images seen as matrices of patches, without building them.
#ifndef MARTLET_INTERNAL_CONV_H
#define MARTLET_INTERNAL_CONV_H

#include "gemm.h"
#include "include/martlet_conv.h"

/// A matrix `[batch * grid places, taps * channels]`: row p holds what the taps of place p see. Tap t of place o is
/// the image's place `o * stride + origin + t * step`, in each dimension; outside the image there are zeros.
typedef struct {
  const martlet_gemm_kernels *kernels;
  const char *image;      // first channel of the group, of the kernels' element type
  size_t pixel_stride;    // channels of all groups
  size_t channels;        // of the group
  size_t batch, image_size[3], grid[3], taps[3];
  ptrdiff_t stride[3], origin[3], step[3];
  size_t first_place;     // of the matrix, counted through batch and grid
  // Columns fall into segments that are adjacent in the image: a row of taps, or a single one.
  size_t segment, taps_in_segment;
} martlet_patches;

/// Fills in the segments.
void martlet_patches_prepare(martlet_patches *patches);

size_t martlet_patches_rows(const martlet_patches *patches);
size_t martlet_patches_columns(const martlet_patches *patches);

/// Packs rows of the matrix of patches as lines of A (`martlet_pack_source`). The depth is at most 384.
void martlet_pack_patches(const void *patches, void *panel, size_t width, size_t first, size_t count, size_t start,
                          size_t depth);

/// Packs columns of the matrix of patches as lines: A is the matrix transposed (`martlet_pack_source`).
void martlet_pack_patches_transposed(const void *patches, void *panel, size_t width, size_t first, size_t count,
                                     size_t start, size_t depth);

/// Whether every group has one input and one output channel.
bool martlet_conv_is_depthwise(const martlet_conv *conv);

/// Whether there are many groups, with so few channels that a product for each would take longer.
bool martlet_conv_is_narrow(const martlet_conv *conv);

/// Forward where `martlet_conv_is_narrow`. Sums run over blocks of input channels, in each over places and channels.
martlet_status martlet_narrow_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                          const float *bias, float *output);

/// Whether there are so few output channels that sums along the input channels take less time than a product. Needs AVX2.
bool martlet_conv_has_few_outputs(const martlet_conv *conv);

/// Forward where `martlet_conv_has_few_outputs`.
martlet_status martlet_few_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                       const float *bias, float *output);

void martlet_depthwise_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                   const float *bias, float *output);
void martlet_depthwise_input_gradient_f32(const martlet_conv *conv, const float *output_gradient,
                                          const float *filter, float *input_gradient);
martlet_status martlet_depthwise_filter_gradient_f32(const martlet_conv *conv, const float *input,
                                                     const float *output_gradient, float *filter_gradient);

#endif
