// Attention without the matrix of scores: forward and backward, float 32.
#ifndef MARTLET_ATTENTION_H
#define MARTLET_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "martlet_cpu.h"

/// Element strides of a tensor `[batch, length, heads, head dimension]`, or of a mask `[batch, head, query, key]`.
/// For a mask, 0 repeats it along that dimension.
typedef struct {
  ptrdiff_t at[4];
} martlet_attention_strides;

/// softmax(`scale` q k^T + mask) v, for each batch and head.
typedef struct {
  size_t batch, heads, queries, keys;
  size_t head_size;   // of queries and keys
  size_t value_size;  // of values and outputs
  float scale;
  /// Query i sees the keys j <= i + `causal_offset` only.
  bool is_causal;
  ptrdiff_t causal_offset;
  /// Added to the scores before the softmax; -inf hides a key. May be null.
  const float *mask;
  martlet_attention_strides query, key, value, output, mask_strides;
  /// Of the gradients by queries, keys and values; all 0: those of what they belong to.
  martlet_attention_strides query_gradient, key_gradient, value_gradient;
} martlet_attention;

/// Writes `output`, and to `log_sums` `[batch, heads, queries]` the logarithm of each query's sum of exponentials,
/// unless that is null. A query that sees no key has output 0 and log-sum -inf; a score that is not a number
/// makes its row so. Keys are taken in blocks, in order (Milakov and Gimelshein 2018; Dao et al. 2022), whose size
/// is fixed, so the bits do not depend on the number of threads.
martlet_status martlet_attention_forward_f32(const martlet_attention *attention, const float *query, const float *key,
                                             const float *value, float *output, float *log_sums);

/// The gradients by queries, keys and values; writes all of each. Needs
/// the output and the log-sums of the forward pass. Probabilities are computed again, once for the keys and once
/// for the queries, so that each number is summed by one thread in a fixed order.
martlet_status martlet_attention_backward_f32(const martlet_attention *attention, const float *query, const float *key,
                                              const float *value, const float *output, const float *log_sums,
                                              const float *output_gradient, float *query_gradient,
                                              float *key_gradient, float *value_gradient);

#endif
