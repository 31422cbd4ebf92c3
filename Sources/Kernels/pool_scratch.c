#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdatomic.h>
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
  size_t asked[maximum_depth];    // what the block is borrowed for now
  size_t touched[maximum_depth];  // the most that it was borrowed for, beyond which its pages do not exist
} scratch;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local scratch *cached = NULL;

// Over all threads: bytes of blocks that were ever used, and bytes that kernels hold at the moment and held at most.
static _Atomic size_t touched_bytes, borrowed_bytes, most_borrowed_bytes;

size_t martlet_scratch_bytes(void) { return touched_bytes; }

size_t martlet_scratch_most_borrowed(void) { return atomic_exchange(&most_borrowed_bytes, borrowed_bytes); }

static void touch(scratch *mine, size_t slot, size_t bytes) {
  touched_bytes += bytes - mine->touched[slot];
  mine->touched[slot] = bytes;
}

static void borrow(size_t bytes) {
  const size_t now = atomic_fetch_add_explicit(&borrowed_bytes, bytes, memory_order_relaxed) + bytes;
  size_t most = atomic_load_explicit(&most_borrowed_bytes, memory_order_relaxed);
  while (most < now && !atomic_compare_exchange_weak(&most_borrowed_bytes, &most, now)) {}
}

static void free_scratch(void *argument) {
  scratch *mine = argument;
  for (size_t i = 0; i < maximum_depth; ++i) {
    free(mine->blocks[i]);
    touch(mine, i, 0);
  }
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
    touch(mine, slot, 0);
    mine->sizes[slot] = 0;
    mine->blocks[slot] = size < bytes ? NULL : allocate(size);
    if (!mine->blocks[slot]) return NULL;
    mine->sizes[slot] = size;
  }
  if (mine->touched[slot] < bytes) touch(mine, slot, bytes);
  mine->asked[slot] = bytes;
  borrow(bytes);
  mine->depth += 1;
  return mine->blocks[slot];
}

void martlet_scratch_release(void) {
  scratch *mine = cached;
  const size_t slot = --mine->depth;
  atomic_fetch_sub_explicit(&borrowed_bytes, mine->asked[slot], memory_order_relaxed);
  if (mine->sizes[slot] < outlier) return;
  free(mine->blocks[slot]);
  touch(mine, slot, 0);
  mine->blocks[slot] = NULL;
  mine->sizes[slot] = 0;
}
