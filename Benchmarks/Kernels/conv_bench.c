// Speed of convolutions against the multiply-add peak measured in the same run.
//   conv_bench [threads]
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

enum { forward, input_gradient, filter_gradient };

static double best(int kind, const martlet_conv *conv, const float *x, const float *w, const float *y, float *result) {
  double best = 1e300;
  const double end = seconds() + 0.5;
  for (int i = 0; i < 3 || seconds() < end; ++i) {
    const double start = seconds();
    if (kind == forward) martlet_conv_forward_f32(conv, x, w, NULL, result, NULL, NULL);
    if (kind == input_gradient) martlet_conv_input_gradient_f32(conv, y, w, result);
    if (kind == filter_gradient) martlet_conv_filter_gradient_f32(conv, x, y, result);
    const double elapsed = seconds() - start;
    if (elapsed < best) best = elapsed;
  }
  return best;
}

typedef struct {
  const char *name;
  size_t batch, size, in, out, filter, stride, pad, groups;
} shape;

static void measure(const shape *s, double peak) {
  const size_t out_size = (s->size + 2 * s->pad - s->filter) / s->stride + 1;
  const martlet_conv conv = {
      .batch = s->batch, .in_channels = s->in, .out_channels = s->out, .groups = s->groups,
      .in_size = {1, s->size, s->size}, .filter_size = {1, s->filter, s->filter}, .out_size = {1, out_size, out_size},
      .stride = {1, s->stride, s->stride}, .dilation = {1, 1, 1},
      .pad_low = {0, (ptrdiff_t)s->pad, (ptrdiff_t)s->pad},
  };
  const size_t inputs = s->batch * s->size * s->size * s->in, outputs = s->batch * out_size * out_size * s->out;
  const size_t filters = s->filter * s->filter * s->in / s->groups * s->out;
  float *x = numbers(inputs), *w = numbers(filters), *y = numbers(outputs);
  float *result = numbers(inputs + outputs + filters);  // room for any of them
  const double work = 2.0 * (double)outputs * (double)(s->filter * s->filter * s->in / s->groups);
  const char *kinds[] = {"forward", "input gradient", "filter gradient"};
  for (int kind = forward; kind <= filter_gradient; ++kind) {
    const double time = best(kind, &conv, x, w, y, result);
    printf("%-12s %-16s %8.2f ms  %6.1f GFLOPS  %5.1f %% of peak\n", s->name, kinds[kind], time * 1e3,
           work / time / 1e9, 100 * work / time / peak);
  }
  free(x), free(w), free(y), free(result);
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
  const shape shapes[] = {
      {"stem 7x7/2", 8, 224, 3, 64, 7, 2, 3, 1}, {"56 x 64", 8, 56, 64, 64, 3, 1, 1, 1},
      {"28 x 128", 8, 28, 128, 128, 3, 1, 1, 1}, {"14 x 256", 8, 14, 256, 256, 3, 1, 1, 1},
      {"7 x 512", 8, 7, 512, 512, 3, 1, 1, 1},   {"56 down", 8, 56, 64, 128, 3, 2, 1, 1},
      {"1x1", 8, 56, 64, 256, 1, 1, 0, 1},       {"1x1 down", 8, 56, 256, 512, 1, 2, 0, 1},
      {"mnist 5x5", 64, 28, 1, 32, 5, 1, 2, 1},  {"depthwise", 8, 56, 128, 128, 3, 1, 1, 128},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; ++i) measure(&shapes[i], peak);
  return 0;
}
