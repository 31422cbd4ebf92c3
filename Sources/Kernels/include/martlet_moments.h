// The mean and the variance of groups of channels.
#ifndef MARTLET_MOMENTS_H
#define MARTLET_MOMENTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The fewest channels and positions that the kernel takes.
#define MARTLET_MOMENTS_LEAST_CHANNELS 16
#define MARTLET_MOMENTS_LEAST_POSITIONS 2

/// For each example of `source` [batch, positions, channels] and each group of neighboring channels, over all positions:
/// `means` [batch, groups] and `variances` [batch, groups], the mean square of the differences from the mean.
///
/// Dense and row-major. Groups divide the channels. Each channel is summed in float32 over some thousand elements at a
/// time, and those sums in float64; the order depends on the shape only.
///
/// - Returns: 0, or `MARTLET_ROW_OUT_OF_MEMORY`.
int martlet_group_moments_f32(size_t batch, size_t positions, size_t channels, size_t groups, const float *source,
                              float *means, float *variances);

#ifdef __cplusplus
}
#endif
#endif
