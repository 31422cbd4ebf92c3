#include "row_runtime.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "include/martlet_rows.h"
#include "row_kernels.h"

// The pool and the instruction-set choice of the other kernels, when they are linked in.
extern void martlet_pool_run(size_t chunks, void (*body)(void *, size_t, size_t), void *context) __attribute__((weak));

static int forced_isa = -1;

static int detected_isa(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi")) {
    return 2;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
  return 0;
}

static int chosen_isa(void) {
  int machine = detected_isa();
  const char *wanted = getenv("MARTLET_ISA");
  if (wanted == NULL) return machine;
  int level = strcmp(wanted, "scalar") == 0 ? 0 : strcmp(wanted, "avx2") == 0 ? 1 : 2;
  return level < machine ? level : machine;
}

static int initial_isa;
static pthread_once_t isa_once = PTHREAD_ONCE_INIT;
static void initialize_isa(void) { initial_isa = chosen_isa(); }

int rows_isa(void) {
  int forced = __atomic_load_n(&forced_isa, __ATOMIC_RELAXED);
  if (forced >= 0) return forced;
  pthread_once(&isa_once, initialize_isa);
  return initial_isa;
}

int martlet_rows_set_isa(int level) {
  int machine = detected_isa();
  int used = level < machine ? level : machine;
  __atomic_store_n(&forced_isa, level < 0 ? -1 : used, __ATOMIC_RELAXED);
  return rows_isa();
}

const row_kernels *martlet_row_kernels_current(void) {
#if defined(__x86_64__)
  int isa = rows_isa();
  if (isa == 2) return &martlet_row_kernels_avx512;
  if (isa == 1) return &martlet_row_kernels_avx2;
#endif
  return &martlet_row_kernels_scalar;
}

void rows_parallel(size_t chunks, void (*body)(void *, size_t, size_t), void *context) {
  if (chunks > 1 && martlet_pool_run) {
    martlet_pool_run(chunks, body, context);
    return;
  }
  for (size_t chunk = 0; chunk < chunks; chunk++) body(context, chunk, 0);
}

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static _Thread_local void *scratch_memory;
static _Thread_local size_t scratch_bytes;

static void make_scratch_key(void) { pthread_key_create(&scratch_key, free); }

void *rows_scratch(size_t bytes) {
  if (bytes <= scratch_bytes) return scratch_memory;
  pthread_once(&scratch_once, make_scratch_key);
  size_t rounded = (bytes + 4095) / 4096 * 4096;
  free(scratch_memory);
  scratch_bytes = 0;
  scratch_memory = aligned_alloc(64, rounded);
  if (scratch_memory != NULL) scratch_bytes = rounded;
  pthread_setspecific(scratch_key, scratch_memory);
  return scratch_memory;
}
