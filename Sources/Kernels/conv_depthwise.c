// Convolutions of each channel by itself: bound by memory and loads, so channels are the vector.
#include <string.h>

#include "conv.h"
#include "pool.h"

#define INLINE static inline __attribute__((always_inline))

enum { most_taps = 64, vectors = 4, filter_parts = 16 };

// What one place needs: for each tap inside the image, where its channels are in image and filter.
typedef struct {
  size_t count;
  const float *image[most_taps], *filter[most_taps];
} tap_list;

// to[c] = start[c], or 0 without a start, + sum of image[t][c] * filter[t][c], t in order. No alignment assumed. What is
// left of whole vectors is done by one that goes over some channels again, where these do not start from their own sums.
#define DEFINE_CHANNELS(suffix, attributes, lanes)                                                              \
  typedef float vector_##suffix __attribute__((vector_size(4 * lanes), aligned(4)));                            \
  attributes static void sum_channels_##suffix(const tap_list *taps, size_t channels, const float *start,       \
                                                  float *to) {                                              \
    typedef vector_##suffix V;                                                                                  \
    size_t c = 0;                                                                                               \
    for (; c + vectors * lanes <= channels; c += vectors * lanes) {                                             \
      V sums[vectors] = {{0}};                                                                                  \
      if (start) {                                                                                              \
        for (size_t v = 0; v < vectors; ++v) sums[v] = *(const V *)(start + c + v * lanes);                     \
      }                                                                                                         \
      for (size_t t = 0; t < taps->count; ++t) {                                                                \
        const float *x = taps->image[t] + c, *w = taps->filter[t] + c;                                          \
        for (size_t v = 0; v < vectors; ++v) {                                                                  \
          sums[v] += *(const V *)(x + v * lanes) * *(const V *)(w + v * lanes);                                 \
        }                                                                                                       \
      }                                                                                                         \
      for (size_t v = 0; v < vectors; ++v) *(V *)(to + c + v * lanes) = sums[v];                                \
    }                                                                                                           \
    while (c < channels) {                                                                                      \
      if (c + lanes > channels) {                                                                               \
        if (channels < lanes || start == to) break;                                                             \
        c = channels - lanes;                                                                                   \
      }                                                                                                         \
      V sum = {0};                                                                                              \
      if (start) sum = *(const V *)(start + c);                                                                 \
      for (size_t t = 0; t < taps->count; ++t) {                                                                \
        sum += *(const V *)(taps->image[t] + c) * *(const V *)(taps->filter[t] + c);                            \
      }                                                                                                         \
      *(V *)(to + c) = sum;                                                                                     \
      c += lanes;                                                                                               \
    }                                                                                                           \
    for (; c < channels; ++c) {                                                                                 \
      float sum = start ? start[c] : 0;                                                                         \
      for (size_t t = 0; t < taps->count; ++t) sum += taps->image[t][c] * taps->filter[t][c];                   \
      to[c] = sum;                                                                                              \
    }                                                                                                           \
  }

DEFINE_CHANNELS(portable, , 4)
#if defined(__x86_64__)
DEFINE_CHANNELS(avx2, __attribute__((target("avx2,fma"))), 8)
DEFINE_CHANNELS(avx512, __attribute__((target("avx512f,avx512vl,fma"))), 16)
#endif

typedef void (*channel_sum)(const tap_list *, size_t, const float *, float *);

static channel_sum current_sum(void) {
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return sum_channels_avx512;
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return sum_channels_avx2;
#endif
  return sum_channels_portable;
}

typedef struct {
  const martlet_conv *conv;
  const float *input, *filter, *bias, *output_gradient;
  float *result;
  channel_sum sum;
  size_t parts;
} depthwise_run;

static size_t volume(const size_t size[3]) { return size[0] * size[1] * size[2]; }

// The place of the image in dimension `d` that filter place `tap` of place `at` meets, or false outside. Forward from
// outputs to inputs, or backward from inputs to outputs.
static inline bool met_along(const martlet_conv *conv, int d, size_t at, size_t tap, bool is_backward, size_t *place) {
  const ptrdiff_t stride = (ptrdiff_t)conv->stride[d];
  const ptrdiff_t shift = (ptrdiff_t)(tap * conv->dilation[d]) - conv->pad_low[d];
  ptrdiff_t met = is_backward ? (ptrdiff_t)at - shift : (ptrdiff_t)at * stride + shift;
  if (is_backward && stride != 1) {
    if (met % stride != 0) return false;
    met /= stride;
  }
  *place = (size_t)met;
  return met >= 0 && met < (ptrdiff_t)(is_backward ? conv->out_size[d] : conv->in_size[d]);
}

// The places x of a row, `first..<last`, whose taps are all inside along the fastest dimension: from one to the next, all
// that is met moves on by `step` places. Empty where that is not so.
typedef struct {
  size_t first, last, step;
} inner_places;

static inner_places inner_of(const martlet_conv *conv, bool is_backward, size_t taps) {
  if (taps > most_taps || (is_backward && conv->stride[2] != 1)) return (inner_places){0};
  const ptrdiff_t width = (ptrdiff_t)(is_backward ? conv->in_size[2] : conv->out_size[2]);
  ptrdiff_t low = -1, high = -1;
  for (ptrdiff_t x = 0; x < width; ++x) {
    bool is_inner = true;
    for (ptrdiff_t t = 0; is_inner && t < (ptrdiff_t)conv->filter_size[2]; ++t) {
      const ptrdiff_t shift = t * (ptrdiff_t)conv->dilation[2] - conv->pad_low[2];
      const ptrdiff_t met = is_backward ? x - shift : x * (ptrdiff_t)conv->stride[2] + shift;
      is_inner = met >= 0 && met < (ptrdiff_t)(is_backward ? conv->out_size[2] : conv->in_size[2]);
    }
    if (is_inner && low < 0) low = x;
    if (is_inner) high = x;
  }
  if (low < 0) return (inner_places){0};
  return (inner_places){(size_t)low, (size_t)high + 1, is_backward ? 1 : conv->stride[2]};
}

// Adds up what the filter meets from place `at`, `most_taps` at a time; leaves the last of them in the list.
static void sum_place(const depthwise_run *run, const float *image, bool is_backward, const size_t at[3],
                      tap_list *list, float *to) {
  const martlet_conv *conv = run->conv;
  const size_t *size = is_backward ? conv->out_size : conv->in_size, *filter = conv->filter_size;
  const size_t channels = conv->in_channels;
  const float *start = run->bias;
  size_t z, y, x;
  list->count = 0;
  for (size_t a = 0; a < filter[0]; ++a) {
    if (!met_along(conv, 0, at[0], a, is_backward, &z)) continue;
    for (size_t b = 0; b < filter[1]; ++b) {
      if (!met_along(conv, 1, at[1], b, is_backward, &y)) continue;
      const float *line = image + (z * size[1] + y) * size[2] * channels;
      const float *factors = run->filter + (a * filter[1] + b) * filter[2] * channels;
      for (size_t c = 0; c < filter[2]; ++c) {
        if (!met_along(conv, 2, at[2], c, is_backward, &x)) continue;
        if (list->count == most_taps) {
          run->sum(list, channels, start, to);
          start = to, list->count = 0;
        }
        list->image[list->count] = line + x * channels;
        list->filter[list->count++] = factors + c * channels;
      }
    }
  }
  run->sum(list, channels, start, to);
}

// One row of places along the fastest dimension.
static void sum_row(const depthwise_run *run, const float *image, bool is_backward, size_t row) {
  const martlet_conv *conv = run->conv;
  const size_t *grid = is_backward ? conv->in_size : conv->out_size;
  const size_t *size = is_backward ? conv->out_size : conv->in_size;
  const size_t channels = conv->in_channels, rows = grid[0] * grid[1];
  const float *here = image + row / rows * volume(size) * channels;
  const inner_places inner = inner_of(conv, is_backward, volume(conv->filter_size));
  size_t at[3] = {row % rows / grid[1], row % grid[1], 0};
  tap_list list = {.count = 0};
  for (; at[2] < grid[2]; ++at[2]) {
    float *to = run->result + (row * grid[2] + at[2]) * channels;
    if (at[2] > inner.first && at[2] < inner.last) {
      for (size_t t = 0; t < list.count; ++t) list.image[t] += inner.step * channels;
      run->sum(&list, channels, run->bias, to);
    } else {
      sum_place(run, here, is_backward, at, &list, to);
    }
  }
}

static void forward_row(void *context, size_t row, size_t worker) {
  const depthwise_run *run = context;
  (void)worker;
  sum_row(run, run->input, false, row);
}

static void input_gradient_row(void *context, size_t row, size_t worker) {
  const depthwise_run *run = context;
  (void)worker;
  sum_row(run, run->output_gradient, true, row);
}

void martlet_depthwise_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                   const float *bias, float *output) {
  depthwise_run run = {.conv = conv, .input = input, .filter = filter, .bias = bias, .result = output,
                       .sum = current_sum()};
  martlet_pool_run(conv->batch * conv->out_size[0] * conv->out_size[1], forward_row, &run);
}

void martlet_depthwise_input_gradient_f32(const martlet_conv *conv, const float *output_gradient,
                                          const float *filter, float *input_gradient) {
  depthwise_run run = {.conv = conv, .output_gradient = output_gradient, .filter = filter, .result = input_gradient,
                       .sum = current_sum()};
  martlet_pool_run(conv->batch * conv->in_size[0] * conv->in_size[1], input_gradient_row, &run);
}

// The place after `at` in a grid.
static inline void advance(size_t at[3], const size_t grid[3]) {
  if (++at[2] < grid[2]) return;
  at[2] = 0;
  if (++at[1] < grid[1]) return;
  at[1] = 0, at[0] += 1;
}

// The sum for tap `tap` over output places `start..<stop`, at most `most_taps`, into a line of the result. Places are handed
// to the channel sum in a list, with the output's gradient in the filter's role.
static void sum_tap(const depthwise_run *run, const size_t tap[3], size_t start, size_t stop, bool adds, float *to) {
  const martlet_conv *conv = run->conv;
  const size_t channels = conv->in_channels, *grid = conv->out_size, *size = conv->in_size;
  const size_t places = volume(grid), row = start % places / grid[2];
  size_t at[3] = {row / grid[1], row % grid[1], start % grid[2]}, image = start / places, z, y, x;
  tap_list list = {.count = 0};
  for (size_t index = start; index < stop; ++index) {
    if (at[0] == grid[0]) at[0] = 0, image += 1;
    if (met_along(conv, 0, at[0], tap[0], false, &z) && met_along(conv, 1, at[1], tap[1], false, &y) &&
        met_along(conv, 2, at[2], tap[2], false, &x)) {
      list.image[list.count] = run->input + (((image * size[0] + z) * size[1] + y) * size[2] + x) * channels;
      list.filter[list.count++] = run->output_gradient + index * channels;
    }
    advance(at, grid);
  }
  run->sum(&list, channels, adds ? to : NULL, to);
}

// A part of all output places, for every tap: the gradient's row of a tap stays in cache along the places.
static void filter_gradient_part(void *context, size_t part, size_t worker) {
  const depthwise_run *run = context;
  const martlet_conv *conv = run->conv;
  const size_t taps = volume(conv->filter_size), total = conv->batch * volume(conv->out_size);
  const size_t first = total * part / run->parts, end = total * (part + 1) / run->parts;
  (void)worker;
  for (size_t start = first, stop; start < end; start = stop) {
    stop = end - start < most_taps ? end : start + most_taps;
    size_t tap[3] = {0};
    for (size_t t = 0; t < taps; ++t, advance(tap, conv->filter_size)) {
      sum_tap(run, tap, start, stop, start != first, run->result + (part * taps + t) * conv->in_channels);
    }
  }
}

martlet_status martlet_depthwise_filter_gradient_f32(const martlet_conv *conv, const float *input,
                                                     const float *output_gradient, float *filter_gradient) {
  const size_t count = volume(conv->filter_size) * conv->in_channels, places = conv->batch * volume(conv->out_size);
  depthwise_run run = {.conv = conv, .input = input, .output_gradient = output_gradient, .sum = current_sum()};
  run.parts = places < filter_parts * most_taps ? 1 : filter_parts;
  run.result = martlet_scratch_acquire(run.parts * count * sizeof(float));
  if (!run.result) return MARTLET_OUT_OF_MEMORY;
  martlet_pool_run(run.parts, filter_gradient_part, &run);
  for (size_t i = 0; i < count; ++i) {
    float sum = 0;
    for (size_t part = 0; part < run.parts; ++part) sum += run.result[part * count + i];
    filter_gradient[i] = sum;
  }
  martlet_scratch_release();
  return MARTLET_OK;
}
