// Lines of elements whose keys have 32 bits, as words that hold key and position: sorting words sorts stably.
#ifndef MARTLET_SORT_WORDS_H
#define MARTLET_SORT_WORDS_H

#include "half.h"
#include "include/martlet_rows.h"
#include "sort_keys.h"

/// Lines up to `sort_few` are sorted by insertion, up to `sort_some` by merging.
enum { sort_few = 24, sort_some = 192, sort_run = 8 };

#define SHORT_KEYS(T, READ, KEY) \
  for (size_t i = 0; i < n; i++) keys[i] = (uint64_t)KEY(READ(((const T *)from)[i * step]), descending) << 32 | i

// Returns whether elements of the type have keys of 32 bits.
static int make_short_keys(uint8_t type, int descending, const void *from, size_t n, size_t step, uint64_t *keys) {
  switch (type) {
    case MARTLET_BOOL:
    case MARTLET_U8: SHORT_KEYS(uint8_t, KEY_AS_IT_IS, short_key_of_unsigned); return 1;
    case MARTLET_U16: SHORT_KEYS(uint16_t, KEY_AS_IT_IS, short_key_of_unsigned); return 1;
    case MARTLET_U32: SHORT_KEYS(uint32_t, KEY_AS_IT_IS, short_key_of_unsigned); return 1;
    case MARTLET_I8: SHORT_KEYS(int8_t, KEY_AS_IT_IS, short_key_of_signed); return 1;
    case MARTLET_I16: SHORT_KEYS(int16_t, KEY_AS_IT_IS, short_key_of_signed); return 1;
    case MARTLET_I32: SHORT_KEYS(int32_t, KEY_AS_IT_IS, short_key_of_signed); return 1;
    case MARTLET_F16: SHORT_KEYS(uint16_t, float_from_f16, short_key_of_float); return 1;
    case MARTLET_BF16: SHORT_KEYS(uint16_t, float_from_bf16, short_key_of_float); return 1;
    case MARTLET_F32: SHORT_KEYS(float, KEY_AS_IT_IS, short_key_of_float); return 1;
    default: return 0;
  }
}

// Positions stand below the keys, so that equal keys keep their order.
static void sort_words_by_insertion(uint64_t *words, size_t n) {
  for (size_t i = 1; i < n; i++) {
    uint64_t moved = words[i];
    size_t j = i;
    for (; j > 0 && words[j - 1] > moved; j--) words[j] = words[j - 1];
    words[j] = moved;
  }
}

// Merges a sorted run of `width` words and what follows it. Which of the two is taken is no branch: it is not foreseen.
static void merge_pair(const uint64_t *left, size_t n, size_t width, uint64_t *to) {
  if (n <= width) {
    memcpy(to, left, n * sizeof *to);
    return;
  }
  const uint64_t *right = left + width, *end = left + n;
  size_t i = 0, j = 0, count = n - width;
  while (i < width && j < count) {
    uint64_t a = left[i], b = right[j];
    int takes_left = a <= b;
    *to++ = takes_left ? a : b;
    i += (size_t)takes_left, j += (size_t)!takes_left;
  }
  memcpy(to, left + i, (width - i) * sizeof *to);
  memcpy(to + (width - i), right + j, (size_t)(end - (right + j)) * sizeof *to);
}

static uint64_t *sort_words_by_merging(uint64_t *words, uint64_t *other, size_t n) {
  for (size_t i = 0; i < n; i += sort_run) sort_words_by_insertion(words + i, n - i < sort_run ? n - i : sort_run);
  for (size_t width = sort_run; width < n; width *= 2) {
    for (size_t i = 0; i < n; i += 2 * width) {
      merge_pair(words + i, n - i < 2 * width ? n - i : 2 * width, width, other + i);
    }
    uint64_t *swapped = words;
    words = other;
    other = swapped;
  }
  return words;
}

static uint64_t *sort_words_by_radix(uint64_t *words, uint64_t *other, size_t n) {
  // All counts in one pass. Few words: four digits, so that there are not more counts than words; many: three.
  unsigned bits = n < 4096 ? 8 : 11, digits = (32 + bits - 1) / bits, mask = (1u << bits) - 1;
  size_t counts[4][2048];
  for (unsigned digit = 0; digit < digits; digit++) memset(counts[digit], 0, (mask + 1) * sizeof(size_t));
  for (size_t i = 0; i < n; i++) {
    uint64_t key = words[i] >> 32;
    for (unsigned digit = 0; digit < digits; digit++) counts[digit][(key >> (digit * bits)) & mask]++;
  }
  for (unsigned digit = 0; digit < digits; digit++) {
    unsigned shift = 32 + bits * digit;
    size_t *starts = counts[digit], total = 0;
    if (starts[(words[0] >> shift) & mask] == n) continue;
    for (size_t b = 0; b <= mask; b++) {
      size_t count = starts[b];
      starts[b] = total;
      total += count;
    }
    for (size_t i = 0; i < n; i++) other[starts[(words[i] >> shift) & mask]++] = words[i];
    uint64_t *swapped = words;
    words = other;
    other = swapped;
  }
  return words;
}

/// Sorts n words; returns whichever of the two arrays holds them then.
static uint64_t *sort_words(uint64_t *words, uint64_t *other, size_t n) {
  if (n > sort_some) return sort_words_by_radix(words, other, n);
  if (n > sort_few) return sort_words_by_merging(words, other, n);
  sort_words_by_insertion(words, n);
  return words;
}

#endif
