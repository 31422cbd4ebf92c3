// Stable sorting: elements become unsigned keys of the same order, which are sorted by insertion when few
// and by radix (a byte at a time, skipping bytes that are all alike) when many. Keys of up to 32 bits share a word with
// their position, which halves what is moved.
#include <stdlib.h>
#include <string.h>

#include "half.h"
#include "include/martlet_sort.h"
#include "row_runtime.h"
#include "sort_words.h"

enum { chunk_elements = 1 << 13 };

typedef struct keyed {
  uint64_t key, position;
} keyed;

typedef struct sort_job {
  uint8_t type;
  int is_descending, is_out_of_memory;
  const char *source;
  int64_t *order;
  size_t n, inner, lines, per_chunk, bytes;
} sort_job;

#define KEYS(T, READ, KEY) \
  for (size_t i = 0; i < n; i++) keys[i] = (keyed){KEY(READ(((const T *)from)[i * step]), descending), i}

static void make_keys(const sort_job *job, const void *from, keyed *keys) {
  size_t n = job->n, step = job->inner;
  int descending = job->is_descending;
  KEYS_OF_TYPE(job->type, KEYS)
}

static void sort_by_insertion(keyed *keys, size_t n) {
  for (size_t i = 1; i < n; i++) {
    keyed moved = keys[i];
    size_t j = i;
    for (; j > 0 && keys[j - 1].key > moved.key; j--) keys[j] = keys[j - 1];
    keys[j] = moved;
  }
}

// Returns whichever of the two arrays holds the sorted keys.
static keyed *sort_by_radix(keyed *keys, keyed *other, size_t n) {
  uint64_t all = UINT64_MAX, any = 0;
  for (size_t i = 0; i < n; i++) all &= keys[i].key, any |= keys[i].key;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    if ((((all ^ any) >> shift) & 255) == 0) continue;
    size_t starts[256] = {0}, total = 0;
    for (size_t i = 0; i < n; i++) starts[(keys[i].key >> shift) & 255]++;
    for (size_t b = 0; b < 256; b++) {
      size_t count = starts[b];
      starts[b] = total;
      total += count;
    }
    for (size_t i = 0; i < n; i++) other[starts[(keys[i].key >> shift) & 255]++] = keys[i];
    keyed *swapped = keys;
    keys = other;
    other = swapped;
  }
  return keys;
}

static void sort_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  sort_job *job = context;
  keyed *memory = rows_scratch((2 * job->n + 1) * sizeof(keyed));
  if (memory == NULL) {
    __atomic_store_n(&job->is_out_of_memory, 1, __ATOMIC_RELAXED);
    return;
  }
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  for (size_t line = first; line < last && line < job->lines; line++) {
    size_t start = line / job->inner * job->n * job->inner + line % job->inner;
    uint64_t *words = (uint64_t *)memory;
    if (job->n <= UINT32_MAX && make_short_keys(job->type, job->is_descending, job->source + start * job->bytes,
                                                job->n, job->inner, words)) {
      words = sort_words(words, words + job->n, job->n);
      for (size_t i = 0; i < job->n; i++) job->order[start + i * job->inner] = (int64_t)(uint32_t)words[i];
      continue;
    }
    keyed *sorted = memory;
    make_keys(job, job->source + start * job->bytes, memory);
    if (job->n <= sort_few) {
      sort_by_insertion(memory, job->n);
    } else {
      sorted = sort_by_radix(memory, memory + job->n, job->n);
    }
    for (size_t i = 0; i < job->n; i++) job->order[start + i * job->inner] = (int64_t)sorted[i].position;
  }
}

int martlet_argsort(uint8_t type, int is_descending, const void *source, size_t outer, size_t n, size_t inner,
                    int64_t *order) {
  sort_job job = {.type = type, .is_descending = is_descending, .source = source, .order = order, .n = n,
                  .inner = inner, .lines = outer * inner, .bytes = martlet_type_bytes(type)};
  if (job.lines == 0 || n == 0) return MARTLET_ROW_OK;
  job.per_chunk = n >= chunk_elements ? 1 : chunk_elements / n;
  rows_parallel((job.lines + job.per_chunk - 1) / job.per_chunk, sort_chunk, &job);
  return job.is_out_of_memory ? MARTLET_ROW_OUT_OF_MEMORY : MARTLET_ROW_OK;
}
