// Convolutions in many narrow groups, each of which would fill a small part of a tile of a product. The output channels of
// all groups are the vector instead: the image is spread out so that each output channel finds its own input beside
// those of the others. A chunk of work is a band of output rows in a block of channels.
#include <stdatomic.h>
#include <string.h>

#include "conv.h"
#include "pool.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

enum {
  most_columns = 64,  // output channels of a group
  window_lanes = 8,
  most_entries = 256,
  places = 4,   // outputs of a tile
  vectors = 2,  // of channels in a tile
  block_channels = 64,
  block_depth = 16,  // input channels of a group that are read together
  least_length = 8,  // of an output row
  wanted_chunks = 32,
  band_bytes = 128 << 10,  // of the image spread out, where that can be
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t rounded_up(size_t a, size_t b) { return divided_up(a, b) * b; }

// An input channel of a group under a tap: where it is from the place's corner, and its line of the filter.
typedef struct {
  size_t image, filter;
} entry;

// sums[place][c] += sum of image[place][e][c] * filter[e][c], e in order. Places of the image are `step` apart.
#define DEFINE_SUMS(suffix, attributes, lanes)                                                                    \
  typedef float vector_##suffix __attribute__((vector_size(4 * lanes), aligned(4)));                              \
  attributes INLINE void sum_tile_##suffix(const entry *entries, size_t count, const float *image, size_t step,   \
                                           const float *filter, float *sums, size_t channels, size_t height,      \
                                           size_t width) {                                                        \
    typedef vector_##suffix V;                                                                                    \
    V tile[places][vectors];                                                                                      \
    for (size_t p = 0; p < height; ++p) {                                                                         \
      for (size_t v = 0; v < width; ++v) tile[p][v] = *(const V *)(sums + p * channels + v * lanes);              \
    }                                                                                                             \
    for (size_t e = 0; e < count; ++e) {                                                                          \
      const float *x = image + entries[e].image, *w = filter + entries[e].filter;                                 \
      V factor[vectors];                                                                                          \
      for (size_t v = 0; v < width; ++v) factor[v] = *(const V *)(w + v * lanes);                                 \
      for (size_t p = 0; p < height; ++p) {                                                                       \
        for (size_t v = 0; v < width; ++v) tile[p][v] += *(const V *)(x + p * step + v * lanes) * factor[v];      \
      }                                                                                                           \
    }                                                                                                             \
    for (size_t p = 0; p < height; ++p) {                                                                         \
      for (size_t v = 0; v < width; ++v) *(V *)(sums + p * channels + v * lanes) = tile[p][v];                    \
    }                                                                                                             \
  }                                                                                                               \
  attributes static void sum_line_##suffix(const entry *entries, size_t count, const float *image, size_t step,   \
                                           const float *filter, float *sums, size_t channels, size_t length) {    \
    for (size_t c = 0; c < channels;) {                                                                           \
      const bool is_wide = c + vectors * lanes <= channels;                                                       \
      const float *x = image + c, *w = filter + c;                                                                \
      float *to = sums + c;                                                                                       \
      size_t p = 0;                                                                                               \
      for (; p + places <= length; p += places, x += places * step, to += places * channels) {                    \
        if (is_wide) {                                                                                            \
          sum_tile_##suffix(entries, count, x, step, w, to, channels, places, vectors);                           \
        } else {                                                                                                  \
          sum_tile_##suffix(entries, count, x, step, w, to, channels, places, 1);                                 \
        }                                                                                                         \
      }                                                                                                           \
      for (; p < length; ++p, x += step, to += channels) {                                                        \
        if (is_wide) {                                                                                            \
          sum_tile_##suffix(entries, count, x, step, w, to, channels, 1, vectors);                                \
        } else {                                                                                                  \
          sum_tile_##suffix(entries, count, x, step, w, to, channels, 1, 1);                                      \
        }                                                                                                         \
      }                                                                                                           \
      c += is_wide ? vectors * lanes : lanes;                                                                     \
    }                                                                                                             \
  }

DEFINE_SUMS(portable, , 4)
#if defined(__x86_64__)
DEFINE_SUMS(avx2, __attribute__((target("avx2,fma"))), 8)
DEFINE_SUMS(avx512, __attribute__((target("avx512f,avx512vl,fma"))), 16)
#endif

typedef struct piece piece;

typedef struct {
  void (*sum_line)(const entry *, size_t, const float *, size_t, const float *, float *, size_t, size_t);
  void (*spread_place)(const piece *, const float *, size_t, float *, size_t);
  size_t lanes;
} kernels;

// The input channels that some neighboring output channels find: each is `index` after `base`, plus its number in the
// group. They are adjacent enough for one vector, or not.
typedef struct {
  size_t base;
  int32_t index[window_lanes];
  bool is_close;
} window;

typedef struct {
  const martlet_conv *conv;
  kernels kernels;
  const window *windows;  // of all output channels
  const float *input, *bias;
  const float *filter;   // in lines of `filter_stride` numbers, whole vectors
  size_t filter_stride;
  float *output;
  size_t inputs, columns;  // channels of a group
  size_t block, blocks;    // output channels of a block, and how many blocks there are
  size_t lines, bands;     // output rows of a band
  size_t length, parts;    // outputs of a part of a row
  size_t depth;            // input channels of each group that are spread out at a time
  _Atomic bool has_failed;
} narrow_run;

// One chunk: a part of a band of one image, in one block of channels.
struct piece {
  const narrow_run *run;
  size_t image, line, lines, place, length, channel, count;
  size_t padded;       // channels in whole vectors
  size_t rows, width;  // of the image that are seen
  float *band, *sums;
};

// The places of the image in dimension `d` that some outputs see.
static size_t seen(const martlet_conv *conv, int d, size_t outputs) {
  return (outputs - 1) * conv->stride[d] + (conv->filter_size[d] - 1) * conv->dilation[d] + 1;
}

// Copies the next `count` input channels of each group to where the output channels find them. `rest` numbers may be read.
static void spread_place(const piece *at, const float *from, size_t rest, float *to, size_t count) {
  const window *windows = at->run->windows + at->channel / window_lanes;
  (void)rest;
  for (size_t w = 0; w < at->padded / window_lanes; ++w) {
    for (size_t i = 0; i < count; ++i) {
      const float *next = from + windows[w].base + i;
      float *lanes = to + i * at->padded + w * window_lanes;
      for (size_t lane = 0; lane < window_lanes; ++lane) lanes[lane] = next[windows[w].index[lane]];
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void spread_place_avx2(const piece *at, const float *from, size_t rest,
                                                               float *to, size_t count) {
  const window *windows = at->run->windows + at->channel / window_lanes;
  for (size_t w = 0; w < at->padded / window_lanes; ++w) {
    const __m256i index = _mm256_loadu_si256((const __m256i *)windows[w].index);
    const float *next = from + windows[w].base;
    float *lanes = to + w * window_lanes;
    if (windows[w].is_close && windows[w].base + count - 1 + window_lanes <= rest) {
      for (size_t i = 0; i < count; ++i) {
        const __m256 values = _mm256_permutevar8x32_ps(_mm256_loadu_ps(next + i), index);
        _mm256_storeu_ps(lanes + i * at->padded, values);
      }
    } else {
      for (size_t i = 0; i < count; ++i) {
        _mm256_storeu_ps(lanes + i * at->padded, _mm256_i32gather_ps(next + i, index, sizeof(float)));
      }
    }
  }
}
#endif

static kernels current_kernels(void) {
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return (kernels){sum_line_avx512, spread_place_avx2, 16};
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return (kernels){sum_line_avx2, spread_place_avx2, 8};
#endif
  return (kernels){sum_line_portable, spread_place, window_lanes};
}

// What lies outside the image was cleared before, and is left alone.
static void spread(const piece *at, size_t first, size_t count) {
  const narrow_run *run = at->run;
  const martlet_conv *conv = run->conv;
  const ptrdiff_t height = (ptrdiff_t)conv->in_size[1], width = (ptrdiff_t)conv->in_size[2];
  const ptrdiff_t top = (ptrdiff_t)(at->line * conv->stride[1]) - conv->pad_low[1];
  const ptrdiff_t left = (ptrdiff_t)(at->place * conv->stride[2]) - conv->pad_low[2];
  const size_t size = (size_t)(height * width) * conv->in_channels, all = conv->batch * size;
  for (ptrdiff_t y = top; y < top + (ptrdiff_t)at->rows; ++y) {
    if (y < 0 || y >= height) continue;
    for (ptrdiff_t x = left; x < left + (ptrdiff_t)at->width; ++x) {
      if (x < 0 || x >= width) continue;
      const size_t from = at->image * size + (size_t)(y * width + x) * conv->in_channels + first;
      const size_t to = (size_t)(y - top) * at->width + (size_t)(x - left);
      run->kernels.spread_place(at, run->input + from, all - from, at->band + to * run->depth * at->padded, count);
    }
  }
}

static void add_channels(const piece *at, size_t first, size_t count) {
  const narrow_run *run = at->run;
  const martlet_conv *conv = run->conv;
  const size_t pixel = run->depth * at->padded;
  entry entries[most_entries];
  size_t used = 0;
  for (size_t tap = 0; tap < conv->filter_size[1] * conv->filter_size[2]; ++tap) {
    const size_t y = tap / conv->filter_size[2] * conv->dilation[1], x = tap % conv->filter_size[2] * conv->dilation[2];
    for (size_t i = 0; i < count; ++i) {
      entries[used++] = (entry){.image = (y * at->width + x) * pixel + i * at->padded,
                                .filter = (tap * run->inputs + first + i) * run->filter_stride};
    }
  }
  for (size_t line = 0; line < at->lines; ++line) {
    run->kernels.sum_line(entries, used, at->band + line * conv->stride[1] * at->width * pixel, conv->stride[2] * pixel,
                          run->filter + at->channel, at->sums + line * at->length * at->padded, at->padded, at->length);
  }
}

static void prepare_sums(const piece *at) {
  const size_t places = at->lines * at->length;
  memset(at->sums, 0, places * at->padded * sizeof(float));
  for (size_t place = 0; at->run->bias && place < places; ++place) {
    memcpy(at->sums + place * at->padded, at->run->bias + at->channel, at->count * sizeof(float));
  }
}

static void copy_sums(const piece *at) {
  const martlet_conv *conv = at->run->conv;
  for (size_t line = 0; line < at->lines; ++line) {
    const size_t row = (at->image * conv->out_size[1] + at->line + line) * conv->out_size[2] + at->place;
    float *to = at->run->output + row * conv->out_channels + at->channel;
    const float *from = at->sums + line * at->length * at->padded;
    for (size_t x = 0; x < at->length; ++x) {
      memcpy(to + x * conv->out_channels, from + x * at->padded, at->count * sizeof(float));
    }
  }
}

static void run_chunk(void *context, size_t chunk, size_t worker) {
  narrow_run *run = context;
  const martlet_conv *conv = run->conv;
  (void)worker;
  piece at = {.run = run, .channel = chunk % run->blocks * run->block};
  chunk /= run->blocks;
  at.place = chunk % run->parts * run->length, chunk /= run->parts;
  at.line = chunk % run->bands * run->lines, at.image = chunk / run->bands;
  at.lines = least(run->lines, conv->out_size[1] - at.line);
  at.length = least(run->length, conv->out_size[2] - at.place);
  at.count = least(run->block, conv->out_channels - at.channel);
  at.padded = rounded_up(at.count, run->kernels.lanes);
  at.rows = seen(conv, 1, at.lines), at.width = seen(conv, 2, at.length);
  const size_t band = at.rows * at.width * run->depth * at.padded, sums = at.lines * at.length * at.padded;
  at.band = martlet_scratch_acquire((band + sums) * sizeof(float));
  if (!at.band) {
    run->has_failed = true;
    return;
  }
  at.sums = at.band + band;
  memset(at.band, 0, band * sizeof(float));
  prepare_sums(&at);
  for (size_t first = 0; first < run->inputs; first += run->depth) {
    const size_t count = least(run->depth, run->inputs - first);
    spread(&at, first, count);
    add_channels(&at, first, count);
  }
  copy_sums(&at);
  martlet_scratch_release();
}

// Blocks of whole groups and whole vectors; bands and parts that leave enough chunks, and fit the cache.
static void make_plan(narrow_run *run) {
  const martlet_conv *conv = run->conv;
  size_t unit = run->columns;
  while (unit % run->kernels.lanes != 0) unit += run->columns;
  run->block = unit < block_channels ? block_channels / unit * unit : unit;
  run->blocks = divided_up(conv->out_channels, run->block);
  const size_t channels = rounded_up(least(run->block, conv->out_channels), run->kernels.lanes);
  run->depth = least(run->inputs, least(block_depth, most_entries / (conv->filter_size[1] * conv->filter_size[2])));
  run->lines = divided_up(conv->out_size[1], divided_up(wanted_chunks, conv->batch * run->blocks));
  run->length = conv->out_size[2];
  for (;;) {
    const size_t bytes = seen(conv, 1, run->lines) * seen(conv, 2, run->length) * run->depth * channels * sizeof(float);
    if (bytes <= band_bytes) break;
    if (run->length > 2 * least_length) {
      run->length = divided_up(run->length, 2);
    } else if (run->lines > 1) {
      run->lines = divided_up(run->lines, 2);
    } else if (run->depth > 1) {
      run->depth = divided_up(run->depth, 2);
    } else {
      break;
    }
  }
  run->bands = divided_up(conv->out_size[1], run->lines);
  run->parts = divided_up(conv->out_size[2], run->length);
}

static void make_windows(const narrow_run *run, window *windows) {
  const size_t last = run->conv->groups - 1;
  for (size_t w = 0; w < run->filter_stride / window_lanes; ++w) {
    const size_t first = least(w * window_lanes / run->columns, last);
    windows[w].base = first * run->inputs;
    for (size_t lane = 0; lane < window_lanes; ++lane) {
      const size_t group = least((w * window_lanes + lane) / run->columns, last);
      windows[w].index[lane] = (int32_t)((group - first) * run->inputs);
    }
    windows[w].is_close = windows[w].index[window_lanes - 1] < window_lanes;
  }
}

// A copy of the filter whose lines are whole vectors, in memory to be given back; null without memory.
static float *padded_filter(const narrow_run *run) {
  const martlet_conv *conv = run->conv;
  const size_t lines = conv->filter_size[1] * conv->filter_size[2] * run->inputs, stride = run->filter_stride;
  float *copy = martlet_scratch_acquire(lines * stride * sizeof(float));
  for (size_t line = 0; copy && line < lines; ++line) {
    memcpy(copy + line * stride, run->filter + line * conv->out_channels, conv->out_channels * sizeof(float));
    memset(copy + line * stride + conv->out_channels, 0, (stride - conv->out_channels) * sizeof(float));
  }
  return copy;
}

// Cycles for a place, an input and an output channel of a group, about: what products of the groups take, whose tiles are
// filled in part and where each place and each group cost something beside, against spreading out and adding up.
static bool is_cheaper(const narrow_run *run) {
  const martlet_conv *conv = run->conv;
  const double taps = (double)(conv->filter_size[1] * conv->filter_size[2]), inputs = (double)run->inputs;
  const double columns = (double)run->columns, count = (double)(conv->batch * conv->out_size[1] * conv->out_size[2]);
  const double product = taps * 1.75 / columns + (100 + 45000 / count) / (inputs * columns);
  const double seen_places = (double)(seen(conv, 1, run->lines) * seen(conv, 2, run->length));
  const bool is_close = (divided_up(window_lanes, run->columns) - 1) * run->inputs < window_lanes;
  const double spreading = seen_places / (double)(run->lines * run->length) * (is_close ? 0.9 : 6);
  return spreading + taps / 16 < product;
}

static narrow_run planned(const martlet_conv *conv) {
  narrow_run run = {.conv = conv, .kernels = current_kernels(), .inputs = conv->in_channels / conv->groups,
                    .columns = conv->out_channels / conv->groups};
  make_plan(&run);
  return run;
}

bool martlet_conv_is_narrow(const martlet_conv *conv) {
  const size_t taps = conv->filter_size[1] * conv->filter_size[2];
  if (conv->groups <= 1 || conv->in_channels == 0 || conv->out_channels == 0) return false;
  if (conv->batch * conv->out_size[1] * conv->out_size[2] == 0 || taps == 0 || taps > most_entries) return false;
  if (conv->filter_size[0] != 1 || conv->in_size[0] != 1 || conv->out_size[0] != 1 || conv->pad_low[0] != 0) return false;
  if (conv->out_channels / conv->groups > most_columns || conv->in_channels / conv->groups >= 1 << 24) return false;
  if (martlet_conv_is_depthwise(conv)) return false;
  const narrow_run run = planned(conv);
  return is_cheaper(&run);
}

martlet_status martlet_narrow_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                          const float *bias, float *output) {
  narrow_run run = planned(conv);
  run.input = input, run.filter = filter, run.bias = bias, run.output = output;
  run.filter_stride = rounded_up(conv->out_channels, run.kernels.lanes);
  window *windows = martlet_scratch_acquire(run.filter_stride / window_lanes * sizeof(window));
  if (!windows) return MARTLET_OUT_OF_MEMORY;
  make_windows(&run, windows);
  run.windows = windows;
  const bool is_copied = run.filter_stride != conv->out_channels;
  if (is_copied) run.filter = padded_filter(&run);
  if (run.filter) {
    martlet_pool_run(conv->batch * run.bands * run.parts * run.blocks, run_chunk, &run);
    if (is_copied) martlet_scratch_release();
  }
  martlet_scratch_release();
  return run.filter && !run.has_failed ? MARTLET_OK : MARTLET_OUT_OF_MEMORY;
}
