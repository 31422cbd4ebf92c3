// What Swift cannot say by itself: thread-local storage, a lock of one word, the program counter.
#ifndef MARTLET_SUPPORT_H
#define MARTLET_SUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <time.h>

/// The recorder of this thread, or NULL; `martlet_thread_end` is called with it when the thread ends.
void *martlet_thread_recorder(void);
void martlet_set_thread_recorder(void *recorder, void (*at_end)(void *));

/// A lock for sections of a few dozen instructions. Zero is unlocked.
typedef struct {
  uint32_t word;
} martlet_lock;

static inline void martlet_lock_acquire(martlet_lock *lock) {
  for (unsigned spins = 0;; spins++) {
    uint32_t expected = 0;
    if (__atomic_compare_exchange_n(&lock->word, &expected, 1, 1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      return;
    if (spins > 64) sched_yield();
  }
}

static inline void martlet_lock_release(martlet_lock *lock) {
  __atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
}

/// The address of the instruction that calls this: a source line, once debug information is asked.
__attribute__((always_inline)) static inline uintptr_t martlet_program_counter(void) {
  uintptr_t counter;
#if defined(__x86_64__)
  __asm__ volatile("lea 0(%%rip), %0" : "=r"(counter));
#elif defined(__aarch64__)
  __asm__ volatile("adr %0, ." : "=r"(counter));
#else
  counter = 0;
#endif
  return counter;
}

/// Nanoseconds of a clock that never goes back.
static inline uint64_t martlet_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// Processor time of the process, over all threads, in nanoseconds.
static inline uint64_t martlet_processor_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// How many calls a recorded operation keeps at most.
#define MARTLET_MAXIMUM_CALLS 128

/// The addresses to which the calls that led here return, the innermost first, as far as frame pointers tell.
///
/// - Returns: How many were written, at most `capacity`.
size_t martlet_calls(uintptr_t *addresses, size_t capacity);

/// How many calls led here, at most MARTLET_MAXIMUM_CALLS.
size_t martlet_call_count(void);

#endif
