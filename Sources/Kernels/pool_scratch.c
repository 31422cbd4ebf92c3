#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "pool.h"

enum { maximum_depth = 16 };
static const size_t large = (size_t)2 << 20;     // from here on, ask for huge pages
static const size_t outlier = (size_t)256 << 20;  // from here on, free at once

typedef struct {
  size_t depth;
  void *blocks[maximum_depth];
  size_t sizes[maximum_depth];
} scratch;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local scratch *cached = NULL;

static void free_scratch(void *argument) {
  scratch *mine = argument;
  for (size_t i = 0; i < maximum_depth; ++i) free(mine->blocks[i]);
  free(mine);
  cached = NULL;
}

static void make_key(void) { pthread_key_create(&key, free_scratch); }

static scratch *this_thread(void) {
  if (cached) return cached;
  pthread_once(&once, make_key);
  cached = calloc(1, sizeof(scratch));
  if (cached) pthread_setspecific(key, cached);
  return cached;
}

static void *allocate(size_t bytes) {
  void *block = NULL;
  if (posix_memalign(&block, bytes >= large ? large : 64, bytes) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= large) madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block;
}

void *martlet_scratch_acquire(size_t bytes) {
  scratch *mine = this_thread();
  if (!mine || mine->depth == maximum_depth) return NULL;
  const size_t slot = mine->depth;
  if (mine->sizes[slot] < bytes) {
    // A quarter more than asked, so that slowly growing requests do not allocate each time.
    const size_t size = (bytes + bytes / 4 + 4095) & ~(size_t)4095;
    free(mine->blocks[slot]);
    mine->sizes[slot] = 0;
    mine->blocks[slot] = size < bytes ? NULL : allocate(size);
    if (!mine->blocks[slot]) return NULL;
    mine->sizes[slot] = size;
  }
  mine->depth += 1;
  return mine->blocks[slot];
}

void martlet_scratch_release(void) {
  scratch *mine = cached;
  const size_t slot = --mine->depth;
  if (mine->sizes[slot] < outlier) return;
  free(mine->blocks[slot]);
  mine->blocks[slot] = NULL;
  mine->sizes[slot] = 0;
}
