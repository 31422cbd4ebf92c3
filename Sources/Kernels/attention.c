#include "include/martlet_attention.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "attention_rows.h"
#include "include/martlet_gemm.h"
#include "pool.h"

// A block of queries against a block of keys: 32 KB of scores, which stay in the second-level cache with the keys.
// Fixed, so that the order of sums is.
enum { query_block = 64, key_block = 128 };

enum { along_batch, along_length, along_head, along_size };  // of tensors
enum { mask_batch, mask_head, mask_query, mask_key };        // of masks

typedef struct {
  const martlet_attention *shape;
  const martlet_attention_rows *rows;
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

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

static rows_view view(const float *tensor, const martlet_attention_strides *strides, const block *at, size_t row) {
  const ptrdiff_t offset = (ptrdiff_t)at->batch * strides->at[along_batch] +
                           (ptrdiff_t)at->head * strides->at[along_head] + (ptrdiff_t)row * strides->at[along_length];
  return (rows_view){tensor + offset, strides->at[along_length], strides->at[along_size]};
}

static rows_view transposed(rows_view view) {
  return (rows_view){view.values, view.column_stride, view.row_stride};
}

static rows_view scores_view(const float *scores) { return (rows_view){scores, key_block, 1}; }

// c (+)= alpha a b. Inside a region, so it runs on this thread.
static void multiply(run *r, rows_view a, rows_view b, rows_view c, size_t rows, size_t columns, size_t depth,
                     float alpha, bool accumulates) {
  const martlet_gemm gemm = {
      .rows = rows, .columns = columns, .depth = depth, .a = a.values, .a_row_stride = a.row_stride,
      .a_column_stride = a.column_stride, .b = b.values, .b_row_stride = b.row_stride,
      .b_column_stride = b.column_stride, .c = (float *)c.values, .c_row_stride = c.row_stride,
      .c_column_stride = c.column_stride, .alpha = alpha, .accumulates = accumulates,
  };
  const martlet_status status = martlet_gemm_f32(&gemm);
  if (status != MARTLET_OK) r->status = status;
}

static void clear(run *r, rows_view c, size_t rows, size_t columns) {
  multiply(r, c, c, c, rows, columns, 0, 1, false);
}

// As far as a row of scores is worked on: whole vectors.
static size_t row_width(const block *at) { return divided_up(at->keys, 16) * 16; }

// How many keys from `key` on the last query of a block, and so some query, may see.
static size_t visible_keys(const martlet_attention *shape, const block *at) {
  if (!shape->is_causal) return shape->keys;
  const ptrdiff_t end = (ptrdiff_t)(at->query + at->queries) + shape->causal_offset;
  return end <= 0 ? 0 : least(shape->keys, (size_t)end);
}

// Scores of a block, row by row `key_block` apart; hidden keys and those past the end, up to `row_width`, are -inf.
static void compute_scores(run *r, const block *at, float *scores) {
  const martlet_attention *shape = r->shape;
  const rows_view query = view(r->query, &shape->query, at, at->query);
  const rows_view key = view(r->key, &shape->key, at, at->key);
  multiply(r, query, transposed(key), scores_view(scores), at->queries, at->keys, shape->head_size, shape->scale,
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

// The running state of a block of queries.
typedef struct {
  float *scores, *sums;  // [query_block, key_block], [query_block, width]
  size_t width;          // value dimension, rounded up to whole vectors
  float largest[query_block], total[query_block];
} progress;

// Turns scores into exponentials relative to the largest score so far, and brings older sums to the same scale.
static void absorb_scores(const run *r, const block *at, progress *p) {
  const size_t width = row_width(at);
  for (size_t i = 0; i < at->queries; ++i) {
    float *row = p->scores + i * key_block;
    const float found = r->rows->largest(row, width), before = p->largest[i];
    const float now = found > before || found != found ? found : before;
    if (now == -INFINITY) {  // nothing seen yet: -inf - -inf is not a number
      memset(row, 0, width * sizeof(float));
      continue;
    }
    const float sum = r->rows->exponentials(row, width, now);
    const bool is_first = before == -INFINITY;  // all that came before is zeros
    const float factor = is_first ? 0 : expf(before - now);
    p->total[i] = p->total[i] * factor + sum;
    p->largest[i] = now;
    if (factor != 1 && !is_first) r->rows->scale(p->sums + i * p->width, p->width, factor);
  }
}

static void finish_queries(const run *r, const block *at, progress *p) {
  const martlet_attention *shape = r->shape;
  const rows_view output = view(r->result, &shape->output, at, at->query);
  for (size_t i = 0; i < at->queries; ++i) {
    const float total = p->total[i], factor = total == 0 ? 0 : 1 / total;
    float *row = (float *)output.values + (ptrdiff_t)i * output.row_stride;
    for (size_t j = 0; j < shape->value_size; ++j) {
      row[(ptrdiff_t)j * output.column_stride] = p->sums[i * p->width + j] * factor;
    }
    if (!r->log_sums) continue;
    const size_t place = (at->batch * shape->heads + at->head) * shape->queries + at->query + i;
    r->log_sums[place] = total == 0 ? -INFINITY : p->largest[i] + logf(total);
  }
}

static block query_block_at(const martlet_attention *shape, size_t chunk) {
  const size_t blocks = divided_up(shape->queries, query_block);
  block at = {.query = chunk % blocks * query_block, .head = chunk / blocks % shape->heads,
              .batch = chunk / blocks / shape->heads};
  at.queries = least(query_block, shape->queries - at.query);
  return at;
}

static void forward_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  (void)worker;
  block at = query_block_at(shape, chunk);
  progress p = {.width = divided_up(shape->value_size, 16) * 16};
  p.scores = martlet_scratch_acquire(query_block * (key_block + p.width) * sizeof(float));
  if (!p.scores) {
    r->status = MARTLET_OUT_OF_MEMORY;
    return;
  }
  p.sums = p.scores + query_block * key_block;
  memset(p.sums, 0, query_block * p.width * sizeof(float));
  for (size_t i = 0; i < query_block; ++i) p.largest[i] = -INFINITY;
  const size_t end = visible_keys(shape, &at);
  for (at.key = 0; at.key < end; at.key += key_block) {
    at.keys = least(key_block, end - at.key);
    compute_scores(r, &at, p.scores);
    absorb_scores(r, &at, &p);
    const rows_view value = view(r->value, &shape->value, &at, at.key), sums = {p.sums, (ptrdiff_t)p.width, 1};
    multiply(r, scores_view(p.scores), value, sums, at.queries, shape->value_size, at.keys, 1, true);
  }
  finish_queries(r, &at, &p);
  martlet_scratch_release();
}

martlet_status martlet_attention_forward_f32(const martlet_attention *attention, const float *query, const float *key,
                                             const float *value, float *output, float *log_sums) {
  run r = {.shape = attention, .rows = martlet_attention_rows_f32(), .query = query, .key = key, .value = value,
           .result = output, .log_sums = log_sums};
  const size_t blocks = divided_up(attention->queries, query_block);
  martlet_pool_run(attention->batch * attention->heads * blocks, forward_chunk, &r);
  return (martlet_status)r.status;
}

// For a block: probabilities, and the gradients of the scores.
static void compute_score_gradients(run *r, const block *at, float *probabilities, float *gradients) {
  const martlet_attention *shape = r->shape;
  compute_scores(r, at, probabilities);
  const rows_view gradient = view(r->output_gradient, &shape->output, at, at->query);
  const rows_view value = view(r->value, &shape->value, at, at->key);
  multiply(r, gradient, transposed(value), scores_view(gradients), at->queries, at->keys, shape->value_size, 1, false);
  const size_t width = row_width(at);
  const size_t place = (at->batch * shape->heads + at->head) * shape->queries + at->query;
  for (size_t i = 0; i < at->queries; ++i) {
    float *row = probabilities + i * key_block, *scores = gradients + i * key_block;
    for (size_t j = at->keys; j < width; ++j) scores[j] = 0;
    if (r->log_sums[place + i] == -INFINITY) {
      memset(row, 0, width * sizeof(float));
    } else {
      r->rows->exponentials(row, width, r->log_sums[place + i]);
    }
    r->rows->score_gradient(scores, row, width, r->means[place + i], shape->scale);
  }
}

static float *acquire_two_blocks(run *r) {
  float *blocks = martlet_scratch_acquire(2 * query_block * key_block * sizeof(float));
  if (!blocks) r->status = MARTLET_OUT_OF_MEMORY;
  return blocks;
}

static const martlet_attention_strides *gradient_strides(const martlet_attention_strides *own,
                                                         const martlet_attention_strides *operand) {
  const bool is_given = own->at[0] != 0 || own->at[1] != 0 || own->at[2] != 0 || own->at[3] != 0;
  return is_given ? own : operand;
}

// The gradients of a block of keys and values: the sum over all blocks of queries that see them, in order.
static void key_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  const size_t blocks = divided_up(shape->keys, key_block);
  (void)worker;
  float *probabilities = acquire_two_blocks(r), *gradients = probabilities + query_block * key_block;
  if (!probabilities) return;
  block at = {.key = chunk % blocks * key_block, .head = chunk / blocks % shape->heads,
              .batch = chunk / blocks / shape->heads};
  const size_t keys = least(key_block, shape->keys - at.key);
  const rows_view key = view(r->key_gradient, gradient_strides(&shape->key_gradient, &shape->key), &at, at.key);
  const rows_view value =
      view(r->value_gradient, gradient_strides(&shape->value_gradient, &shape->value), &at, at.key);
  clear(r, key, keys, shape->head_size);
  clear(r, value, keys, shape->value_size);
  for (at.query = 0; at.query < shape->queries; at.query += query_block) {
    at.queries = least(query_block, shape->queries - at.query);
    const size_t end = visible_keys(shape, &at);
    if (end <= at.key) continue;
    at.keys = least(keys, end - at.key);
    compute_score_gradients(r, &at, probabilities, gradients);
    const rows_view gradient = view(r->output_gradient, &shape->output, &at, at.query);
    const rows_view query = view(r->query, &shape->query, &at, at.query);
    multiply(r, transposed(scores_view(probabilities)), gradient, value, at.keys, shape->value_size, at.queries, 1,
             true);
    multiply(r, transposed(scores_view(gradients)), query, key, at.keys, shape->head_size, at.queries, 1, true);
  }
  martlet_scratch_release();
}

// The gradient of a block of queries: the sum over all blocks of keys, in order.
static void query_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  (void)worker;
  float *probabilities = acquire_two_blocks(r), *gradients = probabilities + query_block * key_block;
  if (!probabilities) return;
  block at = query_block_at(shape, chunk);
  const rows_view query =
      view(r->query_gradient, gradient_strides(&shape->query_gradient, &shape->query), &at, at.query);
  clear(r, query, at.queries, shape->head_size);
  const size_t end = visible_keys(shape, &at);
  for (at.key = 0; at.key < end; at.key += key_block) {
    at.keys = least(key_block, end - at.key);
    compute_score_gradients(r, &at, probabilities, gradients);
    const rows_view key = view(r->key, &shape->key, &at, at.key);
    multiply(r, scores_view(gradients), key, query, at.queries, shape->head_size, at.keys, 1, true);
  }
  martlet_scratch_release();
}

static void mean_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  (void)worker;
  const block at = query_block_at(shape, chunk);
  const rows_view output = view(r->output, &shape->output, &at, at.query);
  const rows_view gradient = view(r->output_gradient, &shape->output, &at, at.query);
  for (size_t i = 0; i < at.queries; ++i) {
    float sum = 0;
    for (size_t j = 0; j < shape->value_size; ++j) {
      const ptrdiff_t place = (ptrdiff_t)i * output.row_stride + (ptrdiff_t)j * output.column_stride;
      sum += output.values[place] * gradient.values[place];
    }
    r->means[(at.batch * shape->heads + at.head) * shape->queries + at.query + i] = sum;
  }
}

martlet_status martlet_attention_backward_f32(const martlet_attention *attention, const float *query, const float *key,
                                              const float *value, const float *output, const float *log_sums,
                                              const float *output_gradient, float *query_gradient,
                                              float *key_gradient, float *value_gradient) {
  const size_t heads = attention->batch * attention->heads;
  run r = {.shape = attention, .rows = martlet_attention_rows_f32(), .query = query, .key = key, .value = value,
           .output = output, .log_sums = (float *)log_sums, .output_gradient = output_gradient,
           .query_gradient = query_gradient, .key_gradient = key_gradient, .value_gradient = value_gradient};
  const size_t query_chunks = heads * divided_up(attention->queries, query_block);
  r.means = martlet_scratch_acquire((heads * attention->queries + 1) * sizeof(float));
  if (!r.means) return MARTLET_OUT_OF_MEMORY;
  martlet_pool_run(query_chunks, mean_chunk, &r);
  martlet_pool_run(heads * divided_up(attention->keys, key_block), key_chunk, &r);
  martlet_pool_run(query_chunks, query_chunk, &r);
  martlet_scratch_release();
  return (martlet_status)r.status;
}
