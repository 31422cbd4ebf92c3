// Attention, forward: blocks of keys go by blocks of queries, which keep a running softmax.
#include "attention_blocks.h"

enum {
  enough_chunks = 16,  // that give all threads work
  group_blocks = 4,    // blocks of queries that share the packed keys and values
};

// The running state of a block of queries.
typedef struct {
  float *scores, *sums;  // [query_block, key_block], which blocks share, and [query_block, width]
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

static void begin_queries(progress *p, float *scores, float *sums, size_t width) {
  p->scores = scores, p->sums = sums, p->width = width;
  memset(sums, 0, query_block * width * sizeof(float));
  for (size_t i = 0; i < query_block; ++i) p->largest[i] = -INFINITY;
}

// Blocks of queries next to each other, against one block of keys after the other.
static void forward_group(run *r, block blocks[], size_t count, float *memory) {
  const martlet_attention *shape = r->shape;
  progress states[group_blocks] = {0};
  const size_t width = divided_up(shape->value_size, 16) * 16;
  float *keys = memory + query_block * (key_block + count * width);
  float *values = keys + packed_size(r, shape->head_size, key_block);
  for (size_t i = 0; i < count; ++i) {
    begin_queries(&states[i], memory, memory + query_block * (key_block + i * width), width);
  }
  const size_t end = visible_keys(shape, &blocks[count - 1]);
  for (size_t key = 0; key < end; key += key_block) {
    block whole = blocks[count - 1];
    whole.key = key, whole.keys = least(key_block, end - key);
    pack(r, transposed(view(r->key, &shape->key, &whole, key)), shape->head_size, whole.keys, keys);
    pack(r, view(r->value, &shape->value, &whole, key), whole.keys, shape->value_size, values);
    for (size_t i = 0; i < count; ++i) {
      block *at = &blocks[i];
      const size_t seen = visible_keys(shape, at);
      if (seen <= key) continue;
      at->key = key, at->keys = least(key_block, seen - key);
      compute_scores(r, at, keys, states[i].scores);
      absorb_scores(r, at, &states[i]);
      const rows_view sums = {states[i].sums, (ptrdiff_t)width, 1};
      multiply(r, scores_view(states[i].scores), values, whole.keys, sums, at->queries, shape->value_size, at->keys, 1,
               true);
    }
  }
  for (size_t i = 0; i < count; ++i) finish_queries(r, &blocks[i], &states[i]);
}

static size_t forward_blocks(const martlet_attention *shape) {
  const size_t blocks = divided_up(shape->queries, query_block);
  const size_t groups = shape->batch * shape->heads * divided_up(blocks, group_blocks);
  return groups >= enough_chunks ? group_blocks : 1;
}

static void forward_chunk(void *context, size_t chunk, size_t worker) {
  run *r = context;
  const martlet_attention *shape = r->shape;
  const size_t blocks = divided_up(shape->queries, query_block), step = forward_blocks(shape);
  const size_t groups = divided_up(blocks, step), first = chunk % groups * step, count = least(step, blocks - first);
  (void)worker;
  block at[group_blocks];
  for (size_t i = 0; i < count; ++i) at[i] = query_block_at(shape, chunk / groups * blocks + first + i);
  const size_t state = query_block * (key_block + count * (divided_up(shape->value_size, 16) * 16));
  const size_t packed = packed_size(r, shape->head_size, key_block) + packed_size(r, key_block, shape->value_size);
  float *memory = martlet_scratch_acquire((state + packed) * sizeof(float));
  if (!memory) {
    r->status = MARTLET_OUT_OF_MEMORY;
    return;
  }
  forward_group(r, at, count, memory);
  martlet_scratch_release();
}

martlet_status martlet_attention_forward_f32(const martlet_attention *attention, const float *query, const float *key,
                                             const float *value, float *output, float *log_sums) {
  run r = {.shape = attention, .rows = martlet_attention_rows_f32(), .kernels = martlet_gemm_kernels_f32(),
           .query = query, .key = key, .value = value, .result = output, .log_sums = log_sums};
  const size_t blocks = divided_up(attention->queries, query_block);
  const size_t groups = divided_up(blocks, forward_blocks(attention));
  martlet_pool_run(attention->batch * attention->heads * groups, forward_chunk, &r);
  return (martlet_status)r.status;
}
