#include <string.h>

#include "include/martlet_random.h"
#include "row_runtime.h"

#define RANDOM_BLOCKS random_blocks_scalar
#include "random_body.h"
#undef RANDOM_BLOCKS

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define RANDOM_BLOCKS random_blocks_avx2
#include "random_body.h"
#undef RANDOM_BLOCKS
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#define RANDOM_BLOCKS random_blocks_avx512
#include "random_body.h"
#undef RANDOM_BLOCKS
#pragma clang attribute pop
#endif

static void fill_blocks(uint32_t *words, size_t blocks, uint64_t key, uint64_t stream, uint64_t first) {
#if defined(__x86_64__)
  int isa = rows_isa();
  if (isa == 2) {
    random_blocks_avx512(words, blocks, key, stream, first);
    return;
  }
  if (isa == 1) {
    random_blocks_avx2(words, blocks, key, stream, first);
    return;
  }
#endif
  random_blocks_scalar(words, blocks, key, stream, first);
}

typedef struct random_job {
  uint32_t *words;
  size_t count;
  uint64_t key, stream, first;
} random_job;

enum { chunk_words = 1 << 15 };

// Elements before and after whole blocks come from a block of their own.
static void fill_words(uint32_t *words, size_t count, uint64_t key, uint64_t stream, uint64_t first) {
  uint32_t part[4];
  size_t head = (size_t)((4 - first % 4) % 4);
  if (head > count) head = count;
  if (head > 0) {
    fill_blocks(part, 1, key, stream, first / 4);
    memcpy(words, part + first % 4, head * 4);
    words += head, count -= head, first += head;
  }
  if (count >= 4) fill_blocks(words, count / 4, key, stream, first / 4);
  size_t done = count / 4 * 4;
  if (done < count) {
    fill_blocks(part, 1, key, stream, (first + done) / 4);
    memcpy(words + done, part, (count - done) * 4);
  }
}

static void fill_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const random_job *job = context;
  size_t start = chunk * chunk_words;
  size_t count = job->count - start < chunk_words ? job->count - start : chunk_words;
  fill_words(job->words + start, count, job->key, job->stream, job->first + start);
}

void martlet_random_u32(uint32_t *words, size_t count, uint64_t key, uint64_t stream, uint64_t first) {
  random_job job = {words, count, key, stream, first};
  rows_parallel((count + chunk_words - 1) / chunk_words, fill_chunk, &job);
}

void martlet_random_u64(uint64_t *words, size_t count, uint64_t key, uint64_t stream, uint64_t first) {
  // A little-endian machine stores the low half first, which is the order of the 32-bit stream.
  martlet_random_u32((uint32_t *)(void *)words, 2 * count, key, stream, 2 * first);
}
