#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "MartletSupport.h"
#include <pthread.h>
#include <stddef.h>

static _Thread_local void *recorder;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void (*end)(void *);

static void thread_end(void *value) {
  recorder = NULL;
  void (*at_end)(void *) = __atomic_load_n(&end, __ATOMIC_RELAXED);
  if (at_end) at_end(value);
}

static void make_key(void) { pthread_key_create(&key, thread_end); }

void *martlet_thread_recorder(void) { return recorder; }

void martlet_set_thread_recorder(void *value, void (*at_end)(void *)) {
  // Every thread brings the same function.
  __atomic_store_n(&end, at_end, __ATOMIC_RELAXED);
  pthread_once(&once, make_key);
  pthread_setspecific(key, value);
  recorder = value;
}

// The two words that a frame pointer points at: the caller's frame pointer and the return address.
typedef struct {
  void *next;
  uintptr_t return_address;
} frame;

/// The end of this thread's stack, or 0 if the system does not say.
static uintptr_t stack_end(void) {
  static _Thread_local uintptr_t end = 1;
  if (end != 1) return end;
  end = 0;
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void *start;
    size_t size;
    if (pthread_attr_getstack(&attributes, &start, &size) == 0) end = (uintptr_t)start + size;
    pthread_attr_destroy(&attributes);
  }
#elif defined(__APPLE__)
  end = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
#endif
  return end;
}

/// Follows frame pointers from a frame on.
static size_t walk(uintptr_t at, uintptr_t *addresses, size_t capacity) {
  const uintptr_t end = stack_end();
  size_t count = 0;
  // Code without frame pointers may leave anything in the register; only what lies further up the stack is followed.
  while (count < capacity && at % sizeof(void *) == 0 && at + sizeof(frame) <= end) {
    const frame *here = (const frame *)at;
    if (here->return_address == 0) break;
    addresses[count++] = here->return_address;
    const uintptr_t next = (uintptr_t)here->next;
    if (next <= at) break;
    at = next;
  }
  return count;
}

size_t martlet_calls(uintptr_t *addresses, size_t capacity) {
  return walk((uintptr_t)__builtin_frame_address(0), addresses, capacity);
}

size_t martlet_call_count(void) {
  uintptr_t addresses[MARTLET_MAXIMUM_CALLS];
  return walk((uintptr_t)__builtin_frame_address(0), addresses, MARTLET_MAXIMUM_CALLS);
}
