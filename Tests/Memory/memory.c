#if defined(__linux__)
#define _POSIX_C_SOURCE 200809L
#endif

#include "MartletTestMemory.h"

#include <time.h>

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

#include <errno.h>
#include <malloc.h>

// The program's own definitions stand before those of the C library, for the Swift runtime too; the C library keeps
// its own reachable under these names.
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static _Thread_local bool is_counting;
static _Thread_local ptrdiff_t in_use;
static _Thread_local ptrdiff_t most;

static void *counted(void *block) {
  if (is_counting && block) {
    in_use += (ptrdiff_t)malloc_usable_size(block);
    if (in_use > most) most = in_use;
  }
  return block;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1))) return EINVAL;
  void *block = counted(__libc_memalign(alignment, size));
  if (!block) return ENOMEM;
  *result = block;
  return 0;
}

void *realloc(void *old, size_t size) {
  ptrdiff_t before = is_counting && old ? (ptrdiff_t)malloc_usable_size(old) : 0;
  void *block = __libc_realloc(old, size);
  if (block || !size) in_use -= before;
  return counted(block);
}

void free(void *block) {
  if (is_counting && block) in_use -= (ptrdiff_t)malloc_usable_size(block);
  __libc_free(block);
}

bool martlet_test_can_count_memory(void) { return true; }

void martlet_test_begin_counting(void) {
  in_use = most = 0;
  is_counting = true;
}

ptrdiff_t martlet_test_end_counting(void) {
  is_counting = false;
  return most;
}

#else

bool martlet_test_can_count_memory(void) { return false; }
void martlet_test_begin_counting(void) {}
ptrdiff_t martlet_test_end_counting(void) { return 0; }

#endif

int64_t martlet_test_thread_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
