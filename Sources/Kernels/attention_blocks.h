// Blocks of attention: what its two directions share.
#ifndef MARTLET_INTERNAL_ATTENTION_H
#define MARTLET_INTERNAL_ATTENTION_H

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "attention_rows.h"
#include "gemm.h"
#include "include/martlet_attention.h"
#include "pool.h"

// A block of queries against a block of keys: 32 KB of scores, which stay in the second-level cache with the keys.
// Fixed, so that the order of sums is.
enum { query_block = 64, key_block = 128 };

enum { along_batch, along_length, along_head, along_size };  // of tensors
enum { mask_batch, mask_head, mask_query, mask_key };        // of masks

typedef struct {
  const martlet_attention *shape;
  const martlet_attention_rows *rows;
  const martlet_gemm_kernels *kernels;
  const float *query, *key, *value, *output, *output_gradient;
  float *log_sums, *result;
  float *means;  // [batch, heads, queries]: gradient times output, summed over the value dimension
  float *query_gradient, *key_gradient, *value_gradient;
  _Atomic int status;
} run;

// A block of rows of one head of a tensor.
typedef struct {
  const float *values;
  ptrdiff_t row_stride, column_stride;
} rows_view;

// What a chunk works on.
typedef struct {
  size_t batch, head, query, queries, key, keys;
} block;

static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

static inline rows_view view(const float *tensor, const martlet_attention_strides *strides, const block *at, size_t row) {
  const ptrdiff_t offset = (ptrdiff_t)at->batch * strides->at[along_batch] +
                           (ptrdiff_t)at->head * strides->at[along_head] + (ptrdiff_t)row * strides->at[along_length];
  return (rows_view){tensor + offset, strides->at[along_length], strides->at[along_size]};
}

static inline rows_view transposed(rows_view view) {
  return (rows_view){view.values, view.column_stride, view.row_stride};
}

static inline rows_view scores_view(const float *scores) { return (rows_view){scores, key_block, 1}; }

// The elements that `pack` fills with a matrix of so many rows and columns.
static inline size_t packed_size(const run *r, size_t rows, size_t columns) {
  return rows * divided_up(columns, r->kernels->tile_columns) * r->kernels->tile_columns;
}

// Packs the right operand of products into panels of columns. Tensors of heads have rows that are far apart, often by
// powers of two, which meet in few places of the cache.
static inline void pack(const run *r, rows_view b, size_t rows, size_t columns, float *panels) {
  const size_t width = r->kernels->tile_columns;
  for (size_t j = 0; j < columns; j += width) {
    r->kernels->pack(panels + j * rows, width, b.values + (ptrdiff_t)j * b.column_stride, b.column_stride, b.row_stride,
                     least(width, columns - j), rows);
  }
}

// c (+)= alpha a b, with the first `depth` of the `packed` rows of b in panels.
static inline void multiply(const run *r, rows_view a, const float *panels, size_t packed, rows_view c, size_t rows,
                     size_t columns, size_t depth, float alpha, bool accumulates) {
  const size_t width = r->kernels->tile_columns;
  for (size_t j = 0; j < columns; j += width) {
    const martlet_tile tile = {.c = (float *)c.values + (ptrdiff_t)j * c.column_stride, .row_stride = c.row_stride,
                               .column_stride = c.column_stride, .alpha = alpha, .accumulates = accumulates};
    r->kernels->direct_tile(depth, a.values, a.row_stride, a.column_stride, panels + j * packed, (ptrdiff_t)width, rows,
                            least(width, columns - j), &tile);
  }
}

// As far as a row of scores is worked on: whole vectors.
static inline size_t row_width(const block *at) { return divided_up(at->keys, 16) * 16; }

// How many keys from `key` on the last query of a block, and so some query, may see.
static inline size_t visible_keys(const martlet_attention *shape, const block *at) {
  if (!shape->is_causal) return shape->keys;
  const ptrdiff_t end = (ptrdiff_t)(at->query + at->queries) + shape->causal_offset;
  return end <= 0 ? 0 : least(shape->keys, (size_t)end);
}

// Scores of a block, given the keys transposed in panels, row by row `key_block` apart; hidden keys and those past the
// end, up to `row_width`, are -inf.
static inline void compute_scores(const run *r, const block *at, const float *keys, float *scores) {
  const martlet_attention *shape = r->shape;
  const rows_view query = view(r->query, &shape->query, at, at->query);
  multiply(r, query, keys, shape->head_size, scores_view(scores), at->queries, at->keys, shape->head_size, shape->scale,
           false);
  const ptrdiff_t *strides = shape->mask_strides.at;
  const size_t width = row_width(at);
  for (size_t i = 0; i < at->queries; ++i) {
    float *row = scores + i * key_block;
    if (shape->mask) {
      const float *mask = shape->mask + (ptrdiff_t)at->batch * strides[mask_batch] +
                          (ptrdiff_t)at->head * strides[mask_head] + (ptrdiff_t)(at->query + i) * strides[mask_query] +
                          (ptrdiff_t)at->key * strides[mask_key];
      for (size_t j = 0; j < at->keys; ++j) row[j] += mask[(ptrdiff_t)j * strides[mask_key]];
    }
    size_t end = at->keys;
    if (shape->is_causal) {
      const ptrdiff_t seen = (ptrdiff_t)(at->query + i) + shape->causal_offset + 1 - (ptrdiff_t)at->key;
      end = seen <= 0 ? 0 : least(end, (size_t)seen);
    }
    for (size_t j = end; j < width; ++j) row[j] = -INFINITY;
  }
}

static inline block query_block_at(const martlet_attention *shape, size_t chunk) {
  const size_t blocks = divided_up(shape->queries, query_block);
  block at = {.query = chunk % blocks * query_block, .head = chunk / blocks % shape->heads,
              .batch = chunk / blocks / shape->heads};
  at.queries = least(query_block, shape->queries - at.query);
  return at;
}

#endif
