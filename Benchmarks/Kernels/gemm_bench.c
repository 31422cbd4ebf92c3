// Speed of matrix products against the multiply-add peak measured in the same run.
//   gemm_bench [threads] [names]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "MartletKernels.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static float *numbers(size_t count) {
  float *values = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
  for (size_t i = 0; i < count; ++i) values[i] = (float)((i * 7919) % 1000) / 1000 - 0.5f;
  return values;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct {
  const char *name;
  size_t rows, columns, depth, batch;
  int transposes_a, transposes_b;
} shape;

static void measure(const shape *s, double peak) {
  const size_t m = s->rows, n = s->columns, k = s->depth, batch = s->batch;
  float *a = numbers(m * k * batch), *b = numbers(k * n * batch), *c = numbers(m * n * batch);
  martlet_gemm gemm = {
      .rows = m, .columns = n, .depth = k, .a = a, .b = b, .c = c, .alpha = 1, .batch = batch,
      .a_row_stride = s->transposes_a ? 1 : (ptrdiff_t)k, .a_column_stride = s->transposes_a ? (ptrdiff_t)m : 1,
      .b_row_stride = s->transposes_b ? 1 : (ptrdiff_t)n, .b_column_stride = s->transposes_b ? (ptrdiff_t)k : 1,
      .c_row_stride = (ptrdiff_t)n, .c_column_stride = 1, .a_batch_stride = (ptrdiff_t)(m * k),
      .b_batch_stride = (ptrdiff_t)(k * n), .c_batch_stride = (ptrdiff_t)(m * n),
  };
  void *packed = NULL;
  if (strcmp(s->name, "packed once") == 0) {
    packed = aligned_alloc(64, martlet_gemm_packed_bytes_f32(&gemm));
    martlet_gemm_pack_b_f32(&gemm, packed);
    gemm.packed_b = packed;
  }
  double times[4096];
  size_t count = 0;
  const double end = seconds() + 0.6;
  martlet_gemm_f32(&gemm);
  while (count < 3 || (seconds() < end && count < 4096)) {
    const double start = seconds();
    martlet_gemm_f32(&gemm);
    times[count++] = seconds() - start;
  }
  qsort(times, count, sizeof times[0], compare);
  const double work = 2.0 * (double)(m * n * k * batch), bytes = 4.0 * (double)((m * k + k * n + m * n) * batch);
  printf("%-12s %6zu x %4zu x %5zu x %2zu  best %9.1f us  median %9.1f us  ", s->name, m, n, k, batch, times[0] * 1e6,
         times[count / 2] * 1e6);
  printf("%6.1f GFLOPS  %5.1f %% of peak  %5.1f GB/s\n", work / times[0] / 1e9, 100 * work / times[0] / peak,
         bytes / times[0] / 1e9);
  free(a), free(b), free(c), free(packed);
}

int main(int count, char **arguments) {
  const size_t threads = count > 1 ? (size_t)atoi(arguments[1]) : 1;
  martlet_pool_set_threads(threads);
  double peak = 0;
  for (int i = 0; i < 5; ++i) {
    const double now = martlet_peak_flops_f32(threads, 0.05);
    if (now > peak) peak = now;
  }
  printf("%s, %zu threads: peak %.1f GFLOPS, copy %.1f GB/s, read %.1f GB/s\n", martlet_isa_name(martlet_current_isa()),
         threads, peak / 1e9, martlet_copy_bandwidth(threads, 64 << 20) / 1e9,
         martlet_read_bandwidth(threads, 64 << 20) / 1e9);
  const shape shapes[] = {
      {"square", 2048, 2048, 2048, 1, 0, 0}, {"square", 1024, 1024, 1024, 1, 0, 0},
      {"A^T", 1024, 1024, 1024, 1, 1, 0}, {"B^T", 1024, 1024, 1024, 1, 0, 1},
      {"square", 512, 512, 512, 1, 0, 0}, {"B^T", 512, 512, 512, 1, 0, 1},
      {"square", 256, 256, 256, 1, 0, 0}, {"square", 128, 128, 128, 1, 0, 0},
      {"square", 64, 64, 64, 1, 0, 0}, {"square", 32, 32, 32, 1, 0, 0},
      {"square", 16, 16, 16, 1, 0, 0}, {"batched", 64, 64, 64, 64, 0, 0},
      {"batched", 128, 64, 64, 64, 0, 1}, {"dense", 128, 512, 784, 1, 0, 0},
      {"dense dW", 784, 512, 128, 1, 1, 0}, {"dense dX", 128, 784, 512, 1, 0, 1},
      {"last dense", 128, 10, 512, 1, 0, 0}, {"long depth", 64, 64, 20000, 1, 1, 0},
      {"tall", 100352, 64, 576, 1, 0, 0}, {"skinny 8", 8, 4096, 4096, 1, 0, 0},
      {"skinny 4", 4, 4096, 4096, 1, 0, 0}, {"row", 1, 4096, 4096, 1, 0, 0},
      {"row B^T", 1, 4096, 4096, 1, 0, 1}, {"column", 4096, 1, 4096, 1, 0, 0},
      {"column A^T", 4096, 1, 4096, 1, 1, 0}, {"row small", 1, 512, 512, 1, 0, 0},
      {"recurrent", 32, 2048, 512, 1, 0, 0}, {"packed once", 32, 2048, 512, 1, 0, 0},
      {"recurrent dX", 32, 512, 2048, 1, 0, 1}, {"packed once", 32, 512, 2048, 1, 0, 1},
      {"transformer", 2048, 1536, 384, 1, 0, 0}, {"dW", 384, 1536, 2048, 1, 1, 0},
      {"dX", 2048, 384, 1536, 1, 0, 1}, {"head", 2048, 4096, 384, 1, 0, 1}, {"head dW", 4096, 384, 2048, 1, 1, 0},
      {"conv 2", 25088, 64, 288, 1, 0, 0}, {"512", 512, 3072, 768, 1, 0, 0}, {"64", 64, 3072, 768, 1, 0, 0},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; ++i) {
    if (count < 3 || strstr(arguments[2], shapes[i].name)) measure(&shapes[i], peak);
  }
  return 0;
}
