// What attention does to rows of scores, by instruction set.
#ifndef MARTLET_ATTENTION_ROWS_H
#define MARTLET_ATTENTION_ROWS_H

#include <stddef.h>

/// Rows are 64-byte aligned and `count` is a multiple of 16.
typedef struct {
  /// The largest element; not a number if one is.
  float (*largest)(const float *row, size_t count);
  /// row = exp(row - shift), to 2 units in the last place, 0 below 2^-126; returns the sum, of 16 interleaved
  /// partial sums added in order.
  float (*exponentials)(float *row, size_t count, float shift);
  /// row *= factor.
  void (*scale)(float *row, size_t count, float factor);
  /// gradient = probability * (gradient - mean) * scale.
  void (*score_gradient)(float *gradient, const float *probability, size_t count, float mean, float scale);
} martlet_attention_rows;

const martlet_attention_rows *martlet_attention_rows_f32(void);

#endif
