// Reductions over sliding windows, and the gradient of maximum windows. Tensors are row-major and
// contiguous; positions outside the input take no part.
#ifndef MARTLET_WINDOW_H
#define MARTLET_WINDOW_H

#include "martlet_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Dimensions that a window can have.
#define MARTLET_WINDOW_MAX_RANK 8

/// A window over every dimension of an input. Dimensions that it leaves alone have window 1 and stride 1;
/// trailing ones (the channels of [batch, height, width, channels]) are done by vectors.
typedef struct martlet_window {
  size_t rank;
  size_t input[MARTLET_WINDOW_MAX_RANK];
  size_t output[MARTLET_WINDOW_MAX_RANK];
  size_t window[MARTLET_WINDOW_MAX_RANK];
  /// Steps between windows, and between the elements of one; 1 or more.
  size_t stride[MARTLET_WINDOW_MAX_RANK];
  size_t dilation[MARTLET_WINDOW_MAX_RANK];
  /// Elements of padding before the first; may be negative.
  int64_t padding[MARTLET_WINDOW_MAX_RANK];
} martlet_window;

/// result[output] <- sum, maximum or minimum of the window, in window order.
///
/// float16 and bfloat16 are reduced in float32. A window wholly in the padding gives the empty reduction.
///
/// - Parameter kind: A `martlet_reduction`.
/// - Returns: `MARTLET_ROW_OK` or `MARTLET_ROW_OUT_OF_MEMORY`.
int martlet_window_reduce(const martlet_window *window, uint8_t type, uint8_t kind, const void *source, void *result);

/// The gradient of a maximum over windows: adds each element of `gradient` [output] to `result` [input] at
/// the first maximum of its window in window order (the first NaN, if there is one). Floating point only.
/// `result` is cleared first.
void martlet_window_select_scatter(const martlet_window *window, uint8_t type, const void *source,
                                   const void *gradient, void *result);

/// The transpose of that: `result` [output] <- `values` [input] at the first maximum of each window of
/// `source`. An empty window gives 0.
void martlet_window_select_gather(const martlet_window *window, uint8_t type, const void *source, const void *values,
                                  void *result);

#ifdef __cplusplus
}
#endif

#endif
