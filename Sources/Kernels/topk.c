// The first k positions of a sorted line, without sorting it: elements that beat the worst of the k best so far are
// collected; when there are enough of them, the k best are picked and the bar rises. Most elements meet one
// comparison, in vectors. Equal elements keep their order, because a later one never beats an earlier one.
#include "half.h"
#include "include/martlet_sort.h"
#include "row_runtime.h"
#include "sort_words.h"

enum { block = 256, few = 32, few_block = 16, chunk_elements = 1 << 14 };

typedef struct keyed {
  uint64_t key;
  size_t position;
} keyed;

typedef struct topk_job {
  uint8_t type;
  int is_descending, is_out_of_memory;
  const char *source;
  int64_t *order;
  size_t n, inner, k, lines, per_chunk, bytes;
} topk_job;

static inline int is_before(keyed a, keyed b) { return a.key != b.key ? a.key < b.key : a.position < b.position; }

static inline void swap(keyed *a, keyed *b) {
  keyed c = *a;
  *a = *b;
  *b = c;
}

// Moves the k first of n elements to the front, in any order: Hoare's selection around medians of three.
static void select_first(keyed *items, size_t n, size_t k) {
  ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, last = (ptrdiff_t)k - 1;
  while (low < high) {
    ptrdiff_t middle = low + (high - low) / 2;
    if (is_before(items[middle], items[low])) swap(&items[middle], &items[low]);
    if (is_before(items[high], items[low])) swap(&items[high], &items[low]);
    if (is_before(items[high], items[middle])) swap(&items[high], &items[middle]);
    keyed pivot = items[middle];
    ptrdiff_t i = low, j = high;
    while (i <= j) {
      while (is_before(items[i], pivot)) i++;
      while (is_before(pivot, items[j])) j--;
      if (i <= j) swap(&items[i++], &items[j--]);
    }
    if (last <= j) {
      high = j;
    } else if (last >= i) {
      low = i;
    } else {
      break;
    }
  }
}

static void sift(keyed *items, size_t start, size_t n) {
  keyed moved = items[start];
  for (size_t child; (child = 2 * start + 1) < n; start = child) {
    if (child + 1 < n && is_before(items[child], items[child + 1])) child++;
    if (!is_before(moved, items[child])) break;
    items[start] = items[child];
  }
  items[start] = moved;
}

static void sort_best(keyed *items, size_t n) {
  for (size_t i = n / 2; i-- > 0;) sift(items, i, n);
  for (size_t last = n; last-- > 1;) {
    swap(&items[0], &items[last]);
    sift(items, 0, last);
  }
}

#define KEYS(T, READ, KEY) \
  for (size_t i = 0; i < count; i++) keys[i] = KEY(READ(((const T *)from)[i * step]), descending)

static void make_keys(const topk_job *job, const void *from, size_t count, uint64_t *keys) {
  size_t step = job->inner;
  int descending = job->is_descending;
  KEYS_OF_TYPE(job->type, KEYS)
}

// Whether any of the elements may beat the bar, in their own type: no keys need be made for a block of which none
// does. NaN never does.
static int may_beat(const topk_job *job, const float *from, size_t count, float bar) {
  int found = 0;
  if (job->is_descending) {
    for (size_t i = 0; i < count; i++) found |= from[i] > bar;
  } else {
    for (size_t i = 0; i < count; i++) found |= from[i] < bar;
  }
  return found;
}

static void select_line(const topk_job *job, const char *from, keyed *best, int64_t *order) {
  size_t held = 0, capacity = 2 * job->k + block;
  uint64_t bar = UINT64_MAX, keys[block];
  int has_bar = 0, is_plain = job->type == MARTLET_F32 && job->inner == 1;
  float plain_bar = 0;
  for (size_t start = 0; start < job->n; start += block) {
    size_t count = job->n - start < block ? job->n - start : block;
    const char *at = from + start * job->inner * job->bytes;
    if (has_bar && is_plain && !may_beat(job, (const float *)at, count, plain_bar)) continue;
    make_keys(job, at, count, keys);
    for (size_t i = 0; i < count; i++) {
      if (!has_bar || keys[i] < bar) best[held++] = (keyed){keys[i], start + i};
    }
    if (held + block <= capacity && (has_bar || held < job->k)) continue;
    if (held <= job->k) continue;
    select_first(best, held, job->k);
    held = job->k;
    size_t worst = 0;
    for (size_t i = 1; i < held; i++) {
      if (is_before(best[worst], best[i])) worst = i;
    }
    bar = best[worst].key;
    has_bar = 1;
    if (is_plain) {
      float value = ((const float *)from)[best[worst].position];
      // A bar of NaN is beaten by every number.
      plain_bar = value == value ? value : (job->is_descending ? -__builtin_inff() : __builtin_inff());
      if (value != value) has_bar = 0, held = job->k;
    }
  }
  if (held > job->k) select_first(best, held, job->k);
  sort_best(best, job->k);
  for (size_t i = 0; i < job->k; i++) order[i * job->inner] = (int64_t)best[i].position;
}

// The few best of a line of float32, kept in order: an element that beats the last is put into its place. Of n elements
// in random order k (1 + ln(n / k)) do; in the worst order all do, which is why k is small.
static void insert_best(const float *from, size_t n, size_t k, int descending, uint64_t *best, int64_t *order) {
  size_t held = 0;
  for (size_t start = 0; start < n; start += few_block) {
    size_t count = n - start < few_block ? n - start : few_block;
    const float *at = from + start;
    if (held == k && count == few_block && best[k - 1] >> 32 != UINT32_MAX) {
      float bar = from[(uint32_t)best[k - 1]];
      int found = 0;
      if (descending) {
        for (size_t i = 0; i < few_block; i++) found |= at[i] > bar;
      } else {
        for (size_t i = 0; i < few_block; i++) found |= at[i] < bar;
      }
      if (!found) continue;
    }
    for (size_t i = 0; i < count; i++) {
      uint64_t word = (uint64_t)short_key_of_float(at[i], descending) << 32 | (start + i);
      if (held == k && word > best[k - 1]) continue;
      size_t place = held < k ? held++ : k - 1;
      for (; place > 0 && best[place - 1] > word; place--) best[place] = best[place - 1];
      best[place] = word;
    }
  }
  for (size_t i = 0; i < k; i++) order[i] = (int64_t)(uint32_t)best[i];
}

// Moves the k first of n words to the front, in any order: Hoare's selection, as `select_first`.
static void select_words(uint64_t *words, size_t n, size_t k) {
  ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, last = (ptrdiff_t)k - 1;
  while (high - low > sort_few) {
    uint64_t a = words[low], b = words[low + (high - low) / 2], c = words[high];
    uint64_t pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
    ptrdiff_t i = low, j = high;
    while (i <= j) {
      while (words[i] < pivot) i++;
      while (pivot < words[j]) j--;
      if (i > j) break;
      uint64_t held = words[i];
      words[i++] = words[j];
      words[j--] = held;
    }
    if (last <= j) {
      high = j;
    } else if (last >= i) {
      low = i;
    } else {
      return;
    }
  }
  sort_words_by_insertion(words + low, (size_t)(high - low) + 1);
}

static void topk_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  topk_job *job = context;
  // Short lines, and large shares of longer ones, are sorted sooner than searched.
  int is_sorted = job->n <= UINT32_MAX && (job->n <= 2 * sort_few || job->n / 20 <= job->k);
  int is_few = job->k <= few && job->type == MARTLET_F32 && job->inner == 1 && job->n <= UINT32_MAX;
  size_t words_bytes = is_sorted ? (2 * job->n + 1) * sizeof(uint64_t) : 0;
  keyed *memory = rows_scratch((2 * job->k + 2 * block) * sizeof(keyed) + words_bytes);
  if (memory == NULL) {
    __atomic_store_n(&job->is_out_of_memory, 1, __ATOMIC_RELAXED);
    return;
  }
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  for (size_t line = first; line < last && line < job->lines; line++) {
    size_t outer = line / job->inner, column = line % job->inner;
    const char *from = job->source + (outer * job->n * job->inner + column) * job->bytes;
    int64_t *order = job->order + outer * job->k * job->inner + column;
    uint64_t *words = (uint64_t *)memory;
    if (is_few) {
      insert_best((const float *)from, job->n, job->k, job->is_descending, words, order);
    } else if (is_sorted && make_short_keys(job->type, job->is_descending, from, job->n, job->inner, words)) {
      size_t n = job->n;
      if (job->k < n / 4) select_words(words, n, job->k), n = job->k;
      words = sort_words(words, words + job->n, n);
      for (size_t i = 0; i < job->k; i++) order[i * job->inner] = (int64_t)(uint32_t)words[i];
    } else {
      select_line(job, from, memory, order);
    }
  }
}

int martlet_topk(uint8_t type, int is_descending, const void *source, size_t outer, size_t n, size_t inner, size_t k,
                 int64_t *order) {
  topk_job job = {.type = type, .is_descending = is_descending, .source = source, .order = order, .n = n,
                  .inner = inner, .k = k, .lines = outer * inner, .bytes = martlet_type_bytes(type)};
  if (job.lines == 0 || k == 0) return MARTLET_ROW_OK;
  job.per_chunk = n >= chunk_elements ? 1 : chunk_elements / n;
  rows_parallel((job.lines + job.per_chunk - 1) / job.per_chunk, topk_chunk, &job);
  return job.is_out_of_memory ? MARTLET_ROW_OUT_OF_MEMORY : MARTLET_ROW_OK;
}
