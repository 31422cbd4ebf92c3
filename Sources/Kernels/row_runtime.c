#include "row_runtime.h"

#include <pthread.h>
#include <stdlib.h>

#include "include/martlet_cpu.h"
#include "include/martlet_pool.h"
#include "row_kernels.h"

int rows_isa(void) {
  switch (martlet_current_isa()) {
    case MARTLET_ISA_AVX512: return 2;
    case MARTLET_ISA_AVX2: return 1;
    default: return 0;
  }
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
  if (chunks == 1) {
    body(context, 0, 0);
  } else if (chunks > 1) {
    martlet_pool_run(chunks, body, context);
  }
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
