// Running sums and sorting along an axis. Tensors are row-major and contiguous, [outer, n, inner].
#ifndef MARTLET_SORT_H
#define MARTLET_SORT_H

#include "martlet_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Running sums, products, maxima or minima along the middle axis.
///
/// Floating point runs in float64 and is rounded at each step; integers wrap; NaN propagates. Sums and
/// products of bool are "any" and "all".
///
/// - Parameters:
///   - kind: A `martlet_reduction`.
///   - is_reverse: Whether to run from the last element to the first.
///   - is_exclusive: Whether element i is left out of result i; the first is the empty reduction.
void martlet_cumulative(uint8_t type, uint8_t kind, int is_reverse, int is_exclusive, const void *source,
                        size_t outer, size_t n, size_t inner, void *result);

/// The order (int64 positions) that sorts the middle axis. Stable in both directions: equal elements keep
/// their order. NaN comes last, also when descending; -0 equals 0.
///
/// - Returns: `MARTLET_ROW_OK` or `MARTLET_ROW_OUT_OF_MEMORY`.
int martlet_argsort(uint8_t type, int is_descending, const void *source, size_t outer, size_t n, size_t inner,
                    int64_t *order);

#ifdef __cplusplus
}
#endif

#endif
