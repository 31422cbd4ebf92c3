// Convolutions with few output channels, of which a tile of a product would be filled in part: each output is a sum
// along the input channels, which lie next to each other, and nothing is packed but the filter.
#include <string.h>

#include "conv.h"
#include "pool.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

enum {
  most_outputs = 12,  // channels
  most_runs = 256,
  least_run = 8,  // input numbers next to each other
  tile_outputs = 4,
  most_places = 6,   // of a tile
  part_places = 64,  // of an output row, for one claim
};

// How many numbers lie next to each other under neighboring taps.
static size_t run_length(const martlet_conv *conv) {
  return (conv->dilation[2] == 1 ? conv->filter_size[2] : 1) * conv->in_channels;
}

bool martlet_conv_has_few_outputs(const martlet_conv *conv) {
  const size_t taps = conv->filter_size[1] * conv->filter_size[2];
  if (martlet_current_isa() < MARTLET_ISA_AVX2) return false;
  return conv->groups == 1 && conv->out_channels > 0 && conv->out_channels <= most_outputs && taps > 1 &&
         taps <= most_runs && run_length(conv) >= least_run && conv->filter_size[0] == 1 && conv->in_size[0] == 1 &&
         conv->out_size[0] == 1 && conv->pad_low[0] == 0;
}

#if defined(__x86_64__)
static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

// Input numbers next to each other, from the place's corner on, and theirs in the filter of an output channel.
typedef struct {
  ptrdiff_t image;
  size_t filter, length;
} run;

typedef struct {
  const martlet_conv *conv;
  const float *input, *bias;
  const float *filter;  // [out, taps, in]
  float *output;
  size_t depth, parts;
} few_run;

__attribute__((target("avx2,fma"))) INLINE float total(__m256 sum) {
  const __m128 half = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
  const __m128 quarter = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}

// The sums of some places, `step` numbers apart, in output channels from `channel` on. They run over eight lanes, in each
// in order, and over the lanes at the end.
__attribute__((target("avx2,fma"))) INLINE void sum_tile(const few_run *few, const run *runs, size_t count,
                                                          const float *image, size_t step, size_t channel, float *to,
                                                          size_t places, size_t outputs) {
  const float *filter = few->filter + channel * few->depth;
  __m256 sums[most_places][tile_outputs];
  for (size_t p = 0; p < places; ++p) {
    for (size_t o = 0; o < outputs; ++o) sums[p][o] = _mm256_setzero_ps();
  }
  for (size_t r = 0; r < count; ++r) {
    const float *x = image + runs[r].image, *w = filter + runs[r].filter;
    size_t k = 0;
    for (; k + 8 <= runs[r].length; k += 8) {
      __m256 factors[tile_outputs];
      for (size_t o = 0; o < outputs; ++o) factors[o] = _mm256_loadu_ps(w + o * few->depth + k);
      for (size_t p = 0; p < places; ++p) {
        const __m256 values = _mm256_loadu_ps(x + p * step + k);
        for (size_t o = 0; o < outputs; ++o) sums[p][o] = _mm256_fmadd_ps(values, factors[o], sums[p][o]);
      }
    }
    if (k == runs[r].length) continue;
    const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(runs[r].length - k)),
                                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    __m256 factors[tile_outputs];
    for (size_t o = 0; o < outputs; ++o) factors[o] = _mm256_maskload_ps(w + o * few->depth + k, mask);
    for (size_t p = 0; p < places; ++p) {
      const __m256 values = _mm256_maskload_ps(x + p * step + k, mask);
      for (size_t o = 0; o < outputs; ++o) sums[p][o] = _mm256_fmadd_ps(values, factors[o], sums[p][o]);
    }
  }
  const size_t width = few->conv->out_channels;
  for (size_t p = 0; p < places; ++p) {
    for (size_t o = 0; o < outputs; ++o) {
      to[p * width + channel + o] = total(sums[p][o]) + (few->bias ? few->bias[channel + o] : 0);
    }
  }
}

// Some places, in all output channels; as many places at a time as leave the sums in registers.
#define DEFINE_PLACES(name, one, two, three, four)                                                               \
  __attribute__((target("avx2,fma"))) static size_t name(const few_run *few, const run *runs, size_t count,      \
                                                         const float *image, size_t step, size_t channel,        \
                                                         size_t outputs, size_t length, float *to) {             \
    const size_t places = outputs == 1 ? one : outputs == 2 ? two : outputs == 3 ? three : four;                 \
    const size_t width = few->conv->out_channels;                                                                \
    size_t p = 0;                                                                                                \
    for (; p + places <= length; p += places, image += places * step, to += places * width) {                    \
      if (outputs == 1) {                                                                                        \
        sum_tile(few, runs, count, image, step, channel, to, one, 1);                                            \
      } else if (outputs == 2) {                                                                                 \
        sum_tile(few, runs, count, image, step, channel, to, two, 2);                                            \
      } else if (outputs == 3) {                                                                                 \
        sum_tile(few, runs, count, image, step, channel, to, three, 3);                                          \
      } else {                                                                                                   \
        sum_tile(few, runs, count, image, step, channel, to, four, 4);                                           \
      }                                                                                                          \
    }                                                                                                            \
    return p;                                                                                                    \
  }

DEFINE_PLACES(sum_many, 6, 5, 4, 3)
DEFINE_PLACES(sum_each, 1, 1, 1, 1)

static void sum_places(const few_run *few, const run *runs, size_t count, const float *image, size_t length,
                       float *to) {
  const size_t step = few->conv->stride[2] * few->conv->in_channels, width = few->conv->out_channels;
  for (size_t channel = 0; channel < width; channel += tile_outputs) {
    const size_t outputs = least(tile_outputs, width - channel);
    const size_t done = sum_many(few, runs, count, image, step, channel, outputs, length, to);
    sum_each(few, runs, count, image + done * step, step, channel, outputs, length - done, to + done * width);
  }
}

// What taps `first..<last` of each row of the filter meet from an output of row `y`, seen from its corner.
static size_t make_runs(const martlet_conv *conv, size_t y, size_t first, size_t last, run *runs) {
  const size_t taps = conv->filter_size[2], channels = conv->in_channels;
  size_t count = 0;
  for (size_t tap = 0; tap < conv->filter_size[1]; ++tap) {
    const ptrdiff_t row = (ptrdiff_t)(y * conv->stride[1] + tap * conv->dilation[1]) - conv->pad_low[1];
    if (row < 0 || row >= (ptrdiff_t)conv->in_size[1]) continue;
    const size_t width = conv->dilation[2] == 1 ? last - first : 1;
    for (size_t x = first; x < last; x += width) {
      const ptrdiff_t place = row * (ptrdiff_t)conv->in_size[2] + (ptrdiff_t)(x * conv->dilation[2]) - conv->pad_low[2];
      runs[count++] = (run){.image = place * (ptrdiff_t)channels, .filter = (tap * taps + x) * channels,
                            .length = width * channels};
    }
  }
  return count;
}

// The taps of a row of the filter that are inside the image's row, from output `x`.
static void seen_taps(const martlet_conv *conv, size_t x, size_t *first, size_t *last) {
  const ptrdiff_t left = (ptrdiff_t)(x * conv->stride[2]) - conv->pad_low[2], step = (ptrdiff_t)conv->dilation[2];
  const ptrdiff_t taps = (ptrdiff_t)conv->filter_size[2], room = (ptrdiff_t)conv->in_size[2] - left;
  ptrdiff_t begin = left < 0 ? (-left + step - 1) / step : 0, end = room > 0 ? (room + step - 1) / step : 0;
  if (end > taps) end = taps;
  if (begin > end) begin = end;
  *first = (size_t)begin, *last = (size_t)end;
}

static void run_part(void *context, size_t chunk, size_t worker) {
  const few_run *few = context;
  const martlet_conv *conv = few->conv;
  (void)worker;
  const size_t row = chunk / few->parts, y = row % conv->out_size[1], image = row / conv->out_size[1];
  const float *source = few->input + image * conv->in_size[1] * conv->in_size[2] * conv->in_channels;
  const size_t step = conv->stride[2] * conv->in_channels, start = chunk % few->parts * part_places;
  const size_t stop = least(start + part_places, conv->out_size[2]);
  run runs[most_runs];
  for (size_t x = start, next; x < stop; x = next) {
    size_t first, last, other_first, other_last;
    seen_taps(conv, x, &first, &last);
    for (next = x + 1; next < stop; ++next) {
      seen_taps(conv, next, &other_first, &other_last);
      if (other_first != first || other_last != last) break;
    }
    const size_t count = make_runs(conv, y, first, last, runs);
    float *to = few->output + (row * conv->out_size[2] + x) * conv->out_channels;
    sum_places(few, runs, count, source + x * step, next - x, to);
  }
}

martlet_status martlet_few_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                       const float *bias, float *output) {
  const size_t width = conv->out_channels;
  few_run few = {.conv = conv, .input = input, .bias = bias, .output = output,
                 .depth = conv->filter_size[1] * conv->filter_size[2] * conv->in_channels,
                 .parts = divided_up(conv->out_size[2], part_places)};
  float *turned = martlet_scratch_acquire(width * few.depth * sizeof(float));
  if (!turned) return MARTLET_OUT_OF_MEMORY;
  for (size_t k = 0; k < few.depth; ++k) {
    for (size_t o = 0; o < width; ++o) turned[o * few.depth + k] = filter[k * width + o];
  }
  few.filter = turned;
  martlet_pool_run(conv->batch * conv->out_size[1] * few.parts, run_part, &few);
  martlet_scratch_release();
  return MARTLET_OK;
}
#else
martlet_status martlet_few_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                       const float *bias, float *output) {
  (void)conv, (void)input, (void)filter, (void)bias, (void)output;
  return MARTLET_OUT_OF_MEMORY;
}
#endif
