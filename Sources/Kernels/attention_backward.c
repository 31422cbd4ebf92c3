// The gradients of attention: scores are computed again, block by block.
#include "attention_blocks.h"

static void clear(rows_view c, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows; ++i) {
    float *row = (float *)c.values + (ptrdiff_t)i * c.row_stride;
    for (size_t j = 0; j < columns; ++j) row[(ptrdiff_t)j * c.column_stride] = 0;
  }
}

// What a thread needs for a block of queries against a block of keys, going backward.
typedef struct {
  float *probabilities, *gradients;  // of the scores
  float *keys, *values;              // transposed, in panels
  float *key_rows;                   // in panels
  float *query_rows, *output_rows;   // queries and the gradient of outputs, in panels
} workspace;

static bool acquire_workspace(run *r, workspace *w) {
  const martlet_attention *shape = r->shape;
  const size_t scores = query_block * key_block, sizes[] = {
      scores, scores, packed_size(r, shape->head_size, key_block), packed_size(r, shape->value_size, key_block),
      packed_size(r, key_block, shape->head_size), packed_size(r, query_block, shape->head_size),
      packed_size(r, query_block, shape->value_size)};
  float **places[] = {&w->probabilities, &w->gradients, &w->keys, &w->values, &w->key_rows, &w->query_rows,
                      &w->output_rows};
  size_t total = 0;
  for (size_t i = 0; i < 7; ++i) total += sizes[i];
  float *memory = martlet_scratch_acquire(total * sizeof(float));
  if (!memory) {
    r->status = MARTLET_OUT_OF_MEMORY;
    return false;
  }
  for (size_t i = 0; i < 7; memory += sizes[i++]) *places[i] = memory;
  return true;
}

static void pack_keys(const run *r, const block *at, const workspace *w, bool packs_rows) {
  const martlet_attention *shape = r->shape;
  const rows_view key = view(r->key, &shape->key, at, at->key), value = view(r->value, &shape->value, at, at->key);
  pack(r, transposed(key), shape->head_size, at->keys, w->keys);
  pack(r, transposed(value), shape->value_size, at->keys, w->values);
  if (packs_rows) pack(r, key, at->keys, shape->head_size, w->key_rows);
}

// For a block whose keys are packed: probabilities, and the gradients of the scores.
static void compute_score_gradients(const run *r, const block *at, const workspace *w) {
  const martlet_attention *shape = r->shape;
  compute_scores(r, at, w->keys, w->probabilities);
  const rows_view gradient = view(r->output_gradient, &shape->output, at, at->query);
  multiply(r, gradient, w->values, shape->value_size, scores_view(w->gradients), at->queries, at->keys,
           shape->value_size, 1, false);
  const size_t width = row_width(at);
  const size_t place = (at->batch * shape->heads + at->head) * shape->queries + at->query;
  for (size_t i = 0; i < at->queries; ++i) {
    float *row = w->probabilities + i * key_block, *scores = w->gradients + i * key_block;
    for (size_t j = at->keys; j < width; ++j) scores[j] = 0;
    if (r->log_sums[place + i] == -INFINITY) {
      memset(row, 0, width * sizeof(float));
    } else {
      r->rows->exponentials(row, width, r->log_sums[place + i]);
    }
    r->rows->score_gradient(scores, row, width, r->means[place + i], shape->scale);
  }
}

static const martlet_attention_strides *gradient_strides(const martlet_attention_strides *own,
                                                         const martlet_attention_strides *operand) {
  const bool is_given = own->at[0] != 0 || own->at[1] != 0 || own->at[2] != 0 || own->at[3] != 0;
  return is_given ? own : operand;
}

static rows_view query_gradient(const run *r, const block *at) {
  return view(r->query_gradient, gradient_strides(&r->shape->query_gradient, &r->shape->query), at, at->query);
}

static void add_to_keys(const run *r, const block *at, const workspace *w) {
  const martlet_attention *shape = r->shape;
  const rows_view key = view(r->key_gradient, gradient_strides(&shape->key_gradient, &shape->key), at, at->key);
  const rows_view value =
      view(r->value_gradient, gradient_strides(&shape->value_gradient, &shape->value), at, at->key);
  pack(r, view(r->output_gradient, &shape->output, at, at->query), at->queries, shape->value_size, w->output_rows);
  pack(r, view(r->query, &shape->query, at, at->query), at->queries, shape->head_size, w->query_rows);
  multiply(r, transposed(scores_view(w->probabilities)), w->output_rows, at->queries, value, at->keys,
           shape->value_size, at->queries, 1, true);
  multiply(r, transposed(scores_view(w->gradients)), w->query_rows, at->queries, key, at->keys,
           shape->head_size, at->queries, 1, true);
}

static void add_to_queries(const run *r, const block *at, const workspace *w, size_t packed_keys) {
  multiply(r, scores_view(w->gradients), w->key_rows, packed_keys, query_gradient(r, at), at->queries,
           r->shape->head_size, at->keys, 1, true);
}

static void clear_keys(const run *r, const block *at) {
  const martlet_attention *shape = r->shape;
  clear(view(r->key_gradient, gradient_strides(&shape->key_gradient, &shape->key), at, at->key), at->keys,
        shape->head_size);
  clear(view(r->value_gradient, gradient_strides(&shape->value_gradient, &shape->value), at, at->key), at->keys,
        shape->value_size);
}

// The gradients of a block of keys and values: the sum over all blocks of queries that see them, in order; and with
// `adds_to_queries` this block's part of the queries' gradients.
static void backward_keys(run *r, block at, const workspace *w, bool adds_to_queries) {
  const martlet_attention *shape = r->shape;
  const size_t keys = at.keys;
  clear_keys(r, &at);
  pack_keys(r, &at, w, adds_to_queries);
  for (at.query = 0; at.query < shape->queries; at.query += query_block) {
    at.queries = least(query_block, shape->queries - at.query);
    const size_t end = visible_keys(shape, &at);
    if (end <= at.key) continue;
    at.keys = least(keys, end - at.key);
    compute_score_gradients(r, &at, w);
    add_to_keys(r, &at, w);
    if (adds_to_queries) add_to_queries(r, &at, w, keys);
  }
}

static void key_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  const size_t blocks = divided_up(shape->keys, key_block);
  (void)worker;
  block at = {.key = chunk % blocks * key_block, .head = chunk / blocks % shape->heads,
              .batch = chunk / blocks / shape->heads};
  at.keys = least(key_block, shape->keys - at.key);
  workspace w;
  if (!acquire_workspace(r, &w)) return;
  backward_keys(r, at, &w, false);
  martlet_scratch_release();
}

// The gradient of a block of queries: the sum over all blocks of keys, in order.
static void query_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  (void)worker;
  workspace w;
  if (!acquire_workspace(r, &w)) return;
  block at = query_block_at(shape, chunk);
  clear(query_gradient(r, &at), at.queries, shape->head_size);
  const size_t end = visible_keys(shape, &at);
  for (at.key = 0; at.key < end; at.key += key_block) {
    const size_t keys = least(key_block, shape->keys - at.key);
    at.keys = keys;
    pack_keys(r, &at, &w, true);
    at.keys = least(key_block, end - at.key);
    compute_score_gradients(r, &at, &w);
    add_to_queries(r, &at, &w, keys);
  }
  martlet_scratch_release();
}

// All gradients of one head. The sums have the order that they have in chunks of keys and of queries.
static void head_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  (void)worker;
  workspace w;
  if (!acquire_workspace(r, &w)) return;
  block at = {.head = chunk % shape->heads, .batch = chunk / shape->heads};
  clear(query_gradient(r, &at), shape->queries, shape->head_size);
  for (at.key = 0; at.key < shape->keys; at.key += key_block) {
    at.keys = least(key_block, shape->keys - at.key);
    backward_keys(r, at, &w, true);
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
  run r = {.shape = attention, .rows = martlet_attention_rows_f32(), .kernels = martlet_gemm_kernels_f32(),
           .query = query, .key = key, .value = value, .output = output, .log_sums = (float *)log_sums, .output_gradient = output_gradient,
           .query_gradient = query_gradient, .key_gradient = key_gradient, .value_gradient = value_gradient};
  const size_t query_chunks = heads * divided_up(attention->queries, query_block);
  r.means = martlet_scratch_acquire((heads * attention->queries + 1) * sizeof(float));
  if (!r.means) return MARTLET_OUT_OF_MEMORY;
  martlet_pool_run(query_chunks, mean_chunk, &r);
  // Scores and their gradients are found once for a head that one thread works on, else once for each side. The order
  // of sums, and so the bits, are the same.
  if (heads >= 2 * martlet_pool_threads() || martlet_pool_threads() == 1) {
    martlet_pool_run(heads, head_chunk, &r);
  } else {
    martlet_pool_run(heads * divided_up(attention->keys, key_block), key_chunk, &r);
    martlet_pool_run(query_chunks, query_chunk, &r);
  }
  martlet_scratch_release();
  return (martlet_status)r.status;
}
