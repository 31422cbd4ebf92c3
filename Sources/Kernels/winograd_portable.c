// Winograd's transforms in portable C, with the compiler's own 128-bit vectors.
#include <stddef.h>
#include <string.h>

#define TARGET

typedef float v4f __attribute__((vector_size(16), aligned(4)));

static inline v4f load_first(const float *from, size_t count) {
  v4f value = {0};
  memcpy(&value, from, count * sizeof(float));
  return value;
}

#define V v4f
#define LANES 4
#define NAME(x) x##_portable
#define V_LOAD_N(p, n) load_first(p, n)
#define V_STORE_N(p, v, n) memcpy(p, &(v4f){(v)[0], (v)[1], (v)[2], (v)[3]}, (n) * sizeof(float))
#include "winograd_body.h"
