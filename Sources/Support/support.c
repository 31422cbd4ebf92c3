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

void martlet_call_below(uintptr_t counter, void (*body)(void *), void *context) {
  // A walk goes on only towards higher addresses and ends at a frame without a successor.
  frame below[2] = {{&below[1], counter + 1}, {0, 0}};
#if defined(__x86_64__)
  void *address = below;
  // The 128 bytes below the stack pointer may be in use by the compiler.
  __asm__ volatile(
      "movq %%rsp, %%r12\n\t"
      "subq $144, %%rsp\n\t"
      "andq $-16, %%rsp\n\t"
      "movq %%rbp, %%r13\n\t"
      "movq %0, %%rbp\n\t"
      "callq *%1\n\t"
      "movq %%r13, %%rbp\n\t"
      "movq %%r12, %%rsp"
      : "+a"(address), "+c"(body), "+D"(context)
      :
      : "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
        "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#else
  (void)below;
  body(context);
#endif
}
