// Speed of attention against the multiply-add peak measured in the same run.
//   attention_bench [threads]
#include <stdio.h>
#include <stdlib.h>
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

static void measure(size_t batch, size_t heads, size_t length, size_t size, bool is_causal, double peak) {
  const size_t count = batch * heads * length * size;
  const ptrdiff_t row = (ptrdiff_t)(heads * size);
  const martlet_attention_strides strides = {{(ptrdiff_t)length * row, row, (ptrdiff_t)size, 1}};
  const martlet_attention attention = {
      .batch = batch, .heads = heads, .queries = length, .keys = length, .head_size = size, .value_size = size,
      .scale = 0.125f, .is_causal = is_causal, .query = strides, .key = strides, .value = strides, .output = strides,
  };
  float *q = numbers(count), *k = numbers(count), *v = numbers(count), *o = numbers(count), *g = numbers(count);
  float *dq = numbers(count), *dk = numbers(count), *dv = numbers(count), *sums = numbers(batch * heads * length);
  double forward = 1e300, backward = 1e300;
  const double end = seconds() + 1;
  for (int i = 0; i < 3 || seconds() < end; ++i) {
    const double start = seconds();
    martlet_attention_forward_f32(&attention, q, k, v, o, sums);
    const double middle = seconds();
    martlet_attention_backward_f32(&attention, q, k, v, o, sums, g, dq, dk, dv);
    const double stop = seconds();
    if (middle - start < forward) forward = middle - start;
    if (stop - middle < backward) backward = stop - middle;
  }
  // Two products forward; seven backward as computed here. Half of all where causal.
  const double product = 2.0 * (double)(count * length) * (is_causal ? 0.5 : 1);
  printf("batch %zu, heads %zu, length %zu, size %zu%s: ", batch, heads, length, size, is_causal ? ", causal" : "");
  printf("forward %.2f ms (%.1f %% of peak), backward %.2f ms (%.1f %%)\n", forward * 1e3,
         200 * product / forward / peak, backward * 1e3, 700 * product / backward / peak);
  free(q), free(k), free(v), free(o), free(g), free(dq), free(dk), free(dv), free(sums);
}

int main(int count, char **arguments) {
  const size_t threads = count > 1 ? (size_t)atoi(arguments[1]) : 1;
  martlet_pool_set_threads(threads);
  double peak = 0;
  for (int i = 0; i < 5; ++i) {
    const double now = martlet_peak_flops_f32(threads, 0.05);
    if (now > peak) peak = now;
  }
  printf("%s, %zu threads: peak %.1f GFLOPS\n", martlet_isa_name(martlet_current_isa()), threads, peak / 1e9);
  measure(2, 8, 512, 64, false, peak);
  measure(2, 8, 512, 64, true, peak);
  measure(1, 8, 2048, 64, true, peak);
  measure(8, 4, 64, 32, true, peak);
  return 0;
}
