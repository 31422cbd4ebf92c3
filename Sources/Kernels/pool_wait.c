#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "pool_wait.h"

#include <time.h>

double martlet_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

bool martlet_spin_while_equal(_Atomic uint32_t *word, uint32_t seen, unsigned microseconds) {
  const double end = martlet_seconds() + 1e-6 * microseconds;
  do {
    for (int i = 0; i < 16; ++i) {
      if (atomic_load_explicit(word, memory_order_acquire) != seen) return true;
      relax();
    }
  } while (martlet_seconds() < end);
  return false;
}

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void martlet_wait(_Atomic uint32_t *word, uint32_t seen) {
  syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

void martlet_wake(_Atomic uint32_t *word, uint32_t count) {
  syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

#else
#include <pthread.h>

// One condition for every word: waking is rare, and all who wake look at their own word again.
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void martlet_wait(_Atomic uint32_t *word, uint32_t seen) {
  pthread_mutex_lock(&guard);
  if (atomic_load(word) == seen) pthread_cond_wait(&changed, &guard);
  pthread_mutex_unlock(&guard);
}

void martlet_wake(_Atomic uint32_t *word, uint32_t count) {
  (void)word, (void)count;
  pthread_mutex_lock(&guard);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&guard);
}
#endif
