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

// to[c] (+)= sum of image[t][c] * filter[t][c], t in order. No alignment assumed.
#define DEFINE_CHANNELS(suffix, attributes, lanes)                                                              \
  typedef float vector_##suffix __attribute__((vector_size(4 * lanes), aligned(4)));                            \
  attributes static void sum_channels_##suffix(const tap_list *taps, size_t channels, bool adds, float *to) {   \
    typedef vector_##suffix V;                                                                                  \
    size_t c = 0;                                                                                               \
    for (; c + vectors * lanes <= channels; c += vectors * lanes) {                                             \
      V sums[vectors] = {{0}};                                                                                  \
      if (adds) {                                                                                               \
        for (size_t v = 0; v < vectors; ++v) sums[v] = *(const V *)(to + c + v * lanes);                        \
      }                                                                                                         \
      for (size_t t = 0; t < taps->count; ++t) {                                                                \
        const float *x = taps->image[t] + c, *w = taps->filter[t] + c;                                          \
        for (size_t v = 0; v < vectors; ++v) {                                                                  \
          sums[v] += *(const V *)(x + v * lanes) * *(const V *)(w + v * lanes);                                 \
        }                                                                                                       \
      }                                                                                                         \
      for (size_t v = 0; v < vectors; ++v) *(V *)(to + c + v * lanes) = sums[v];                                \
    }                                                                                                           \
    for (; c + lanes <= channels; c += lanes) {                                                                 \
      V sum = {0};                                                                                              \
      if (adds) sum = *(const V *)(to + c);                                                                     \
      for (size_t t = 0; t < taps->count; ++t) {                                                                \
        sum += *(const V *)(taps->image[t] + c) * *(const V *)(taps->filter[t] + c);                            \
      }                                                                                                         \
      *(V *)(to + c) = sum;                                                                                     \
    }                                                                                                           \
    for (; c < channels; ++c) {                                                                                 \
      float sum = adds ? to[c] : 0;                                                                             \
      for (size_t t = 0; t < taps->count; ++t) sum += taps->image[t][c] * taps->filter[t][c];                   \
      to[c] = sum;                                                                                              \
    }                                                                                                           \
  }

DEFINE_CHANNELS(portable, , 4)
#if defined(__x86_64__)
DEFINE_CHANNELS(avx2, __attribute__((target("avx2,fma"))), 8)
DEFINE_CHANNELS(avx512, __attribute__((target("avx512f,avx512vl,fma"))), 16)
#endif

typedef void (*channel_sum)(const tap_list *, size_t, bool, float *);

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

static void coordinates(size_t index, const size_t size[3], ptrdiff_t at[3]) {
  for (int d = 2; d >= 0; --d) at[d] = (ptrdiff_t)(index % size[d]), index /= size[d];
}

// The place of the image that filter place `tap` of place `at` meets, or false outside. Forward from outputs to
// inputs, or backward from inputs to outputs.
static bool met_place(const martlet_conv *conv, const ptrdiff_t at[3], const ptrdiff_t tap[3], bool is_backward,
                      size_t *place) {
  const size_t *size = is_backward ? conv->out_size : conv->in_size;
  size_t index = 0;
  for (int d = 0; d < 3; ++d) {
    const ptrdiff_t stride = (ptrdiff_t)conv->stride[d], dilation = (ptrdiff_t)conv->dilation[d];
    const ptrdiff_t shift = tap[d] * dilation - conv->pad_low[d];
    ptrdiff_t met = is_backward ? at[d] - shift : at[d] * stride + shift;
    if (is_backward && met % stride != 0) return false;
    if (is_backward) met /= stride;
    if (met < 0 || met >= (ptrdiff_t)size[d]) return false;
    index = index * size[d] + (size_t)met;
  }
  *place = index;
  return true;
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

// One row of places along the fastest dimension.
static void sum_row(const depthwise_run *run, const float *image, bool is_backward, size_t row) {
  const martlet_conv *conv = run->conv;
  const size_t *grid = is_backward ? conv->in_size : conv->out_size;
  const size_t *size = is_backward ? conv->out_size : conv->in_size;
  const size_t channels = conv->in_channels, rows = grid[0] * grid[1], taps = volume(conv->filter_size);
  const float *here = image + row / rows * volume(size) * channels;
  const inner_places inner = inner_of(conv, is_backward, taps);
  tap_list list = {.count = 0};
  for (size_t x = 0; x < grid[2]; ++x) {
    float *to = run->result + (row * grid[2] + x) * channels;
    bool adds = run->bias != NULL;
    if (adds) memcpy(to, run->bias, channels * sizeof(float));
    if (x > inner.first && x < inner.last) {
      for (size_t t = 0; t < list.count; ++t) list.image[t] += inner.step * channels;
      run->sum(&list, channels, adds, to);
      continue;
    }
    ptrdiff_t at[3], tap[3];
    coordinates(row % rows * grid[2] + x, grid, at);
    list.count = 0;
    for (size_t t = 0; t < taps; ++t) {
      size_t place;
      coordinates(t, conv->filter_size, tap);
      if (met_place(conv, at, tap, is_backward, &place)) {
        list.image[list.count] = here + place * channels;
        list.filter[list.count++] = run->filter + t * channels;
      }
      if (list.count == most_taps && t + 1 < taps) {
        run->sum(&list, channels, adds, to);
        adds = true;
        list.count = 0;
      }
    }
    run->sum(&list, channels, adds, to);
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

// A part of all output places, for every tap: the gradient's row of a tap stays in cache along the places. Places
// are handed to the channel sum in lists, with the output's gradient in the filter's role.
static void filter_gradient_part(void *context, size_t part, size_t worker) {
  const depthwise_run *run = context;
  const martlet_conv *conv = run->conv;
  const size_t channels = conv->in_channels, taps = volume(conv->filter_size), places = volume(conv->out_size);
  const size_t total = conv->batch * places, inputs = volume(conv->in_size);
  (void)worker;
  for (size_t start = total * part / run->parts, end = total * (part + 1) / run->parts; start < end;) {
    const bool is_first = start == total * part / run->parts;
    const size_t stop = end - start < most_taps ? end : start + most_taps;
    for (size_t t = 0; t < taps; ++t) {
      ptrdiff_t at[3], tap[3];
      coordinates(t, conv->filter_size, tap);
      tap_list list = {.count = 0};
      for (size_t index = start; index < stop; ++index) {
        size_t place;
        coordinates(index % places, conv->out_size, at);
        if (!met_place(conv, at, tap, false, &place)) continue;
        list.image[list.count] = run->input + (index / places * inputs + place) * channels;
        list.filter[list.count++] = run->output_gradient + index * channels;
      }
      run->sum(&list, channels, !is_first, run->result + (part * taps + t) * channels);
    }
    start = stop;
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
