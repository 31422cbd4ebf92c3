// Running sums, sorting and searching along an axis. Tensors are row-major and contiguous, [outer, n, inner].
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

/// The first `k` positions of the order that `martlet_argsort` gives, in that order: [outer, k, inner].
///
/// - Parameter k: At most `n`.
/// - Returns: `MARTLET_ROW_OK` or `MARTLET_ROW_OUT_OF_MEMORY`.
int martlet_topk(uint8_t type, int is_descending, const void *source, size_t outer, size_t n, size_t inner, size_t k,
                 int64_t *order);

/// Running logarithms of sums of exponentials along the middle axis, of floating-point types; computed in float64 and
/// rounded at each step.
void martlet_cumulative_logsumexp(uint8_t type, int is_reverse, const void *source, size_t outer, size_t n,
                                  size_t inner, void *result);

/// For each of `lines` ascending lines of `n` elements (NaN last), where its `m` values belong: the number of elements
/// that are less, or not greater when `is_right`.
void martlet_search_sorted(uint8_t type, int is_right, const void *sequence, size_t n, const void *values, size_t m,
                           size_t lines, int64_t *places);

#ifdef __cplusplus
}
#endif

#endif
