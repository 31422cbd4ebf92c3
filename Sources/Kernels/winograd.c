// Convolutions by Winograd's minimal filtering: inputs to points, a product of matrices at each point, points to
// outputs. Works through the image in chunks of whole rows of tiles, so that all values at the points stay in cache.
#include "winograd.h"

#include <stdatomic.h>
#include <string.h>

#include "gemm.h"
#include "pool.h"

enum {
  fewest_channels = 16,           // below which the transforms cost more than the products save
  chunk_bytes = 1 << 20,          // of values at the points, in a chunk that one thread works on
  shared_chunk_bytes = 8 << 20,   // the same where all threads work on it
  fewest_chunk_tiles = 24,        // that make one pass over the filter's points worth while
  enough_chunks = 16,             // for a thread to take each whole
  longest_depth = 512,            // of a product between two visits of its sums
  filter_depth = 32,              // of the block of filter taps that is transformed at once
  line_elements = 16,             // of a cache line
  element_cost = 26,              // of transforming one value at one point, in multiply-adds
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t rounded_up(size_t a, size_t b) { return divided_up(a, b) * b; }

// The distance of values that are used together: an odd number of cache lines, since powers of two meet in few places of
// the cache.
static size_t spread(size_t elements) { return (divided_up(elements, line_elements) | 1) * line_elements; }

static const martlet_winograd_kernels *transforms(void) {
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return &martlet_winograd_kernels_avx512;
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return &martlet_winograd_kernels_avx2;
#endif
  return &martlet_winograd_kernels_portable;
}

// One image of a convolution: the one that is read by fields, or the one that tiles cover.
typedef struct {
  const float *values;  // the first channel of the group
  size_t height, width, pixel_stride;
} image;

// A convolution of one group. `covered` is the image of which each tile covers 4 x 4 places; a tile's field begins
// `pad` places before it in `seen`.
typedef struct {
  const martlet_winograd_kernels *kernels;
  const martlet_gemm_kernels *gemm;
  image seen, covered;
  ptrdiff_t pad[2];
  size_t batch, depth, columns;             // channels of `seen`, channels of `covered`
  size_t row_tiles, image_rows;             // tiles in a row, rows of tiles in an image
  size_t depth_stride, panels;              // elements of a tile's line in a point of the fields; panels of `columns`
  const float *filter_points;               // [point][panel][depth][tile_columns]
  const float *bias;
  martlet_gemm_epilogue epilogue;
  void *epilogue_context;
  size_t first_column;
} problem;

// Rows of tiles `first_row..<first_row + rows`, and the values at their points.
typedef struct {
  const problem *p;
  size_t first_row, rows;
  float *fields, *tiles;
  float *sums;  // of the filter's gradient: [point][depth][panels * tile_columns]
  bool is_first;
  _Atomic bool has_failed;
} chunk;

static size_t chunk_tiles(const chunk *c) { return c->rows * c->p->row_tiles; }
static size_t wide(const problem *p) { return p->panels * p->gemm->tile_columns; }
static size_t fields_stride(const chunk *c) { return spread(chunk_tiles(c) * c->p->depth_stride); }
static size_t tiles_stride(const chunk *c) { return spread(chunk_tiles(c) * wide(c->p)); }
static size_t filter_stride(const problem *p) { return spread(p->depth * wide(p)); }
static size_t chunk_elements(const chunk *c) { return winograd_points * (fields_stride(c) + tiles_stride(c)); }

// The fields' points are matrices `[tile, depth]`; the tiles' are cut into panels of columns for the filter's gradient.
static martlet_winograd_layout field_layout(const chunk *c) {
  return (martlet_winograd_layout){.point_stride = fields_stride(c), .panel_width = c->p->depth_stride};
}
static martlet_winograd_layout row_layout(const chunk *c) {
  return (martlet_winograd_layout){.point_stride = tiles_stride(c), .panel_width = wide(c->p)};
}
static martlet_winograd_layout panel_layout(const chunk *c) {
  const size_t width = c->p->gemm->tile_columns;
  return (martlet_winograd_layout){.point_stride = tiles_stride(c), .panel_width = width,
                                   .panel_stride = chunk_tiles(c) * width};
}

static problem make_problem(const martlet_conv *conv, const float *seen, const size_t *seen_size, size_t seen_channels,
                            const float *covered, const size_t *covered_size, size_t covered_channels) {
  problem p = {.kernels = transforms(), .gemm = martlet_gemm_kernels_f32(), .batch = conv->batch,
               .depth = seen_channels / conv->groups, .columns = covered_channels / conv->groups,
               .seen = {seen, seen_size[1], seen_size[2], seen_channels},
               .covered = {covered, covered_size[1], covered_size[2], covered_channels}};
  p.row_tiles = divided_up(p.covered.width, winograd_tile);
  p.image_rows = divided_up(p.covered.height, winograd_tile);
  p.depth_stride = rounded_up(p.depth, p.kernels->lanes);
  if (p.depth_stride % (4 * line_elements) == 0) p.depth_stride += line_elements;
  p.panels = divided_up(p.columns, p.gemm->tile_columns);
  return p;
}

// The `side` x `side` pixels from a corner, which may lie outside the image.
typedef struct {
  const image *image;
  size_t index;
  ptrdiff_t y, x, side;
} window;

static float *pixel(const window *w, ptrdiff_t y, ptrdiff_t x) {
  const ptrdiff_t row = (ptrdiff_t)(w->index * w->image->height) + y;
  return (float *)w->image->values + (row * (ptrdiff_t)w->image->width + x) * (ptrdiff_t)w->image->pixel_stride;
}

static bool is_whole(const window *w) {
  return w->y >= 0 && w->x >= 0 && w->y + w->side <= (ptrdiff_t)w->image->height &&
         w->x + w->side <= (ptrdiff_t)w->image->width;
}

// The window in place, if it is whole, else a square in `staged`, which has room for all of its pixels.
static martlet_winograd_square square_of(const window *w, size_t channels, float *staged) {
  const ptrdiff_t pixel_stride = (ptrdiff_t)w->image->pixel_stride, adjacent = (ptrdiff_t)channels;
  if (is_whole(w)) {
    return (martlet_winograd_square){pixel(w, w->y, w->x), pixel_stride * (ptrdiff_t)w->image->width, pixel_stride};
  }
  return (martlet_winograd_square){staged, adjacent * w->side, adjacent};
}

// Copies the pixels that lie inside the image between it and a staged square; zeros are what lies outside.
static void copy_inside(const window *w, size_t channels, float *staged, bool writes) {
  for (ptrdiff_t i = 0; i < w->side * w->side; ++i) {
    const ptrdiff_t y = w->y + i / w->side, x = w->x + i % w->side;
    float *mine = staged + i * (ptrdiff_t)channels;
    if (y < 0 || x < 0 || y >= (ptrdiff_t)w->image->height || x >= (ptrdiff_t)w->image->width) {
      if (!writes) memset(mine, 0, channels * sizeof(float));
    } else if (writes) {
      memcpy(pixel(w, y, x), mine, channels * sizeof(float));
    } else {
      memcpy(mine, pixel(w, y, x), channels * sizeof(float));
    }
  }
}

static martlet_winograd_square read_square(const window *w, size_t channels, float *staged) {
  if (!is_whole(w)) copy_inside(w, channels, staged, false);
  return square_of(w, channels, staged);
}

// The window of a tile of `side` pixels that begins `pad` before the tile's first place.
static window tile_window(const image *of, const problem *p, size_t row, size_t tile, ptrdiff_t side,
                          const ptrdiff_t pad[2]) {
  return (window){.image = of, .index = row / p->image_rows, .side = side,
                  .y = (ptrdiff_t)(row % p->image_rows * winograd_tile) - pad[0],
                  .x = (ptrdiff_t)(tile * winograd_tile) - pad[1]};
}

static const ptrdiff_t no_pad[2] = {0, 0};

// A line of scratch memory for squares that reach over the edge; null without memory, which the chunk remembers.
static float *acquire_staged(chunk *c, size_t pixels, size_t channels) {
  float *staged = martlet_scratch_acquire(pixels * channels * sizeof(float));
  if (!staged) c->has_failed = true;
  return staged;
}

static void transform_fields(void *context, size_t row, size_t worker) {
  chunk *c = context;
  const problem *p = c->p;
  const martlet_winograd_layout layout = field_layout(c);
  (void)worker;
  float *staged = acquire_staged(c, winograd_points, p->depth);
  if (!staged) return;
  for (size_t tile = 0; tile < p->row_tiles; ++tile) {
    const window w = tile_window(&p->seen, p, c->first_row + row, tile, winograd_field, p->pad);
    const martlet_winograd_square field = read_square(&w, p->depth, staged);
    p->kernels->input(&field, p->depth, c->fields + (row * p->row_tiles + tile) * p->depth_stride, &layout);
  }
  martlet_scratch_release();
}

// A product of fields and filter at one point.
static void multiply_point(void *context, size_t point, size_t worker) {
  const chunk *c = context;
  const problem *p = c->p;
  const size_t tiles = chunk_tiles(c), width = p->gemm->tile_columns;
  const float *fields = c->fields + point * fields_stride(c);
  const float *filter = p->filter_points + point * filter_stride(p);
  (void)worker;
  for (size_t panel = 0; panel < p->panels; ++panel) {
    martlet_tile to = {.c = c->tiles + point * tiles_stride(c) + panel * width, .row_stride = (ptrdiff_t)wide(p),
                       .column_stride = 1, .alpha = 1};
    for (size_t k = 0; k < p->depth; k += longest_depth) {
      to.accumulates = k > 0;
      p->gemm->direct_tile(least(longest_depth, p->depth - k), fields + k, (ptrdiff_t)p->depth_stride, 1,
                           filter + (panel * p->depth + k) * width, (ptrdiff_t)width, tiles, width, &to);
    }
  }
}

static void finish_rows(const problem *p, size_t row) {
  const size_t y = row % p->image_rows * winograd_tile, lines = least(winograd_tile, p->covered.height - y);
  const size_t place = (row / p->image_rows * p->covered.height + y) * p->covered.width;
  p->epilogue(p->epilogue_context, (float *)p->covered.values + place * p->covered.pixel_stride, 0, place,
              p->first_column, lines * p->covered.width, p->columns, p->covered.pixel_stride);
}

static void transform_tiles(void *context, size_t row, size_t worker) {
  chunk *c = context;
  const problem *p = c->p;
  const martlet_winograd_layout layout = row_layout(c);
  (void)worker;
  float *staged = acquire_staged(c, winograd_places, p->columns);
  if (!staged) return;
  for (size_t tile = 0; tile < p->row_tiles; ++tile) {
    const window w = tile_window(&p->covered, p, c->first_row + row, tile, winograd_tile, no_pad);
    const martlet_winograd_square to = square_of(&w, p->columns, staged);
    p->kernels->output(c->tiles + (row * p->row_tiles + tile) * wide(p), &layout, p->columns, p->bias, &to);
    if (!is_whole(&w)) copy_inside(&w, p->columns, staged, true);
  }
  martlet_scratch_release();
  if (p->epilogue) finish_rows(p, c->first_row + row);
}

static void transform_gradients(void *context, size_t row, size_t worker) {
  chunk *c = context;
  const problem *p = c->p;
  const martlet_winograd_layout layout = panel_layout(c);
  (void)worker;
  float *staged = acquire_staged(c, winograd_places, p->columns);
  if (!staged) return;
  for (size_t tile = 0; tile < p->row_tiles; ++tile) {
    const window w = tile_window(&p->covered, p, c->first_row + row, tile, winograd_tile, no_pad);
    const martlet_winograd_square from = read_square(&w, p->columns, staged);
    p->kernels->output_gradient(&from, p->columns, c->tiles + (row * p->row_tiles + tile) * p->gemm->tile_columns,
                                &layout);
  }
  martlet_scratch_release();
}

// Adds the product of fields, transposed, and gradients at one point to the filter's sums.
static void add_point(void *context, size_t point, size_t worker) {
  const chunk *c = context;
  const problem *p = c->p;
  const size_t tiles = chunk_tiles(c), width = p->gemm->tile_columns;
  (void)worker;
  for (size_t panel = 0; panel < p->panels; ++panel) {
    const martlet_tile to = {.c = c->sums + point * filter_stride(p) + panel * width,
                             .row_stride = (ptrdiff_t)wide(p), .column_stride = 1, .alpha = 1,
                             .accumulates = !c->is_first};
    p->gemm->direct_tile(tiles, c->fields + point * fields_stride(c), 1, (ptrdiff_t)p->depth_stride,
                         c->tiles + point * tiles_stride(c) + panel * tiles * width, (ptrdiff_t)width, p->depth, width, &to);
  }
}

// The taps of a filter as they meet the fields: `[tap][depth][column]`, turned round for the gradient of the input.
typedef struct {
  const problem *p;
  const float *filter;
  ptrdiff_t tap_stride, depth_stride, column_stride;
  bool is_turned;
  float *points;
  _Atomic bool has_failed;
} filter_source;

static void transform_filter(void *context, size_t panel, size_t worker) {
  filter_source *source = context;
  const problem *p = source->p;
  const size_t width = p->gemm->tile_columns, columns = least(width, p->columns - panel * width);
  (void)worker;
  float *taps = martlet_scratch_acquire(winograd_taps * filter_depth * width * sizeof(float));
  if (!taps) {
    source->has_failed = true;
    return;
  }
  const float *from = source->filter + (ptrdiff_t)(panel * width) * source->column_stride;
  for (size_t k = 0; k < p->depth; k += filter_depth) {
    const size_t depth = least(filter_depth, p->depth - k);
    for (size_t tap = 0; tap < winograd_taps; ++tap) {
      const size_t place = source->is_turned ? winograd_taps - 1 - tap : tap;
      p->gemm->pack(taps + tap * depth * width, width,
                    from + (ptrdiff_t)place * source->tap_stride + (ptrdiff_t)k * source->depth_stride,
                    source->column_stride, source->depth_stride, columns, depth);
    }
    p->kernels->filter(taps, depth * width, source->points + (panel * p->depth + k) * width, filter_stride(p));
  }
  martlet_scratch_release();
}

// How many rows of tiles a chunk has. Shapes alone decide, so that the bits do not depend on the number of threads.
static size_t chunk_rows(const problem *p, size_t bytes) {
  const size_t row_bytes = p->row_tiles * winograd_points * (p->depth_stride + wide(p)) * sizeof(float);
  const size_t rows = bytes / (row_bytes + 1), fewest = divided_up(fewest_chunk_tiles, p->row_tiles);
  return least(rows > fewest ? rows : fewest, p->batch * p->image_rows);
}

typedef struct {
  const problem *p;
  size_t rows;  // of a chunk
  _Atomic bool has_failed;
} forward_run;

static void forward_chunk(void *context, size_t index, size_t worker) {
  forward_run *run = context;
  const problem *p = run->p;
  (void)worker;
  chunk c = {.p = p, .first_row = index * run->rows};
  c.rows = least(run->rows, p->batch * p->image_rows - c.first_row);
  c.fields = martlet_scratch_acquire(chunk_elements(&c) * sizeof(float));
  if (!c.fields) {
    run->has_failed = true;
    return;
  }
  c.tiles = c.fields + winograd_points * fields_stride(&c);
  martlet_pool_run(c.rows, transform_fields, &c);
  martlet_pool_run(winograd_points, multiply_point, &c);
  martlet_pool_run(c.rows, transform_tiles, &c);
  martlet_scratch_release();
  if (c.has_failed) run->has_failed = true;
}

// Runs one group, given the filter's points.
static martlet_status run_chunks(const problem *p) {
  const size_t rows = p->batch * p->image_rows;
  forward_run run = {.p = p, .rows = chunk_rows(p, chunk_bytes)};
  // Many chunks: each goes to a thread. Few: the threads share each, and it may be larger.
  if (divided_up(rows, run.rows) < enough_chunks) run.rows = chunk_rows(p, shared_chunk_bytes);
  const size_t chunks = divided_up(rows, run.rows);
  if (chunks >= enough_chunks) {
    martlet_pool_run(chunks, forward_chunk, &run);
  } else {
    for (size_t index = 0; index < chunks; ++index) forward_chunk(&run, index, 0);
  }
  return run.has_failed ? MARTLET_OUT_OF_MEMORY : MARTLET_OK;
}

static size_t filter_elements(const problem *p) { return winograd_points * filter_stride(p); }

static martlet_status transform_whole_filter(const problem *p, filter_source *filter, float *points) {
  filter->p = p;
  filter->points = points;
  martlet_pool_run(p->panels, transform_filter, filter);
  return filter->has_failed ? MARTLET_OUT_OF_MEMORY : MARTLET_OK;
}

static martlet_status run_forward(problem *p, filter_source *filter) {
  float *points = martlet_scratch_acquire(filter_elements(p) * sizeof(float));
  if (!points) return MARTLET_OUT_OF_MEMORY;
  p->filter_points = points;
  martlet_status status = transform_whole_filter(p, filter, points);
  if (status == MARTLET_OK) status = run_chunks(p);
  martlet_scratch_release();
  return status;
}

static bool has_form(const martlet_conv *conv) {
  bool result = conv->in_size[0] == 1 && conv->out_size[0] == 1 && conv->filter_size[0] == 1 && conv->pad_low[0] == 0;
  for (int d = 1; d < 3; ++d) {
    result = result && conv->filter_size[d] == 3 && conv->stride[d] == 1 && conv->dilation[d] == 1;
  }
  return result && conv->in_channels / conv->groups >= fewest_channels &&
         conv->out_channels / conv->groups >= fewest_channels;
}

// Costs are counted in multiply-adds; those of transforms were measured.
bool martlet_winograd_serves(const martlet_conv *conv) {
  if (!has_form(conv)) return false;
  const double inputs = (double)(conv->in_channels / conv->groups), outputs = (double)(conv->out_channels / conv->groups);
  const double tiles = (double)(conv->batch * divided_up(conv->out_size[1], winograd_tile) *
                                divided_up(conv->out_size[2], winograd_tile));
  const double places = (double)(conv->batch * conv->out_size[1] * conv->out_size[2]);
  const double transforms = winograd_points * (tiles * (inputs + outputs) + inputs * outputs) * element_cost;
  return transforms + winograd_points * tiles * inputs * outputs < winograd_taps * places * inputs * outputs;
}

static problem forward_problem(const martlet_conv *conv, const float *input, const float *output) {
  return make_problem(conv, input, conv->in_size, conv->in_channels, output, conv->out_size, conv->out_channels);
}

static filter_source forward_filter(const martlet_conv *conv, const problem *p, const float *filter, size_t group) {
  return (filter_source){.filter = filter + group * p->columns, .column_stride = 1,
                         .depth_stride = (ptrdiff_t)conv->out_channels,
                         .tap_stride = (ptrdiff_t)(p->depth * conv->out_channels)};
}

size_t martlet_winograd_packed_bytes(const martlet_conv *conv) {
  const problem p = forward_problem(conv, NULL, NULL);
  return conv->groups * filter_elements(&p) * sizeof(float);
}

martlet_status martlet_winograd_pack_f32(const martlet_conv *conv, const float *filter, void *packed) {
  const problem p = forward_problem(conv, NULL, NULL);
  for (size_t group = 0; group < conv->groups; ++group) {
    filter_source source = forward_filter(conv, &p, filter, group);
    float *points = (float *)packed + group * filter_elements(&p);
    const martlet_status status = transform_whole_filter(&p, &source, points);
    if (status != MARTLET_OK) return status;
  }
  return MARTLET_OK;
}

martlet_status martlet_winograd_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                            const float *bias, float *output, martlet_gemm_epilogue epilogue,
                                            void *epilogue_context) {
  problem p = forward_problem(conv, input, output);
  p.pad[0] = conv->pad_low[1], p.pad[1] = conv->pad_low[2];
  p.epilogue = epilogue, p.epilogue_context = epilogue_context;
  for (size_t group = 0; group < conv->groups; ++group) {
    p.first_column = group * p.columns;
    p.bias = bias ? bias + p.first_column : NULL;
    filter_source source = forward_filter(conv, &p, filter, group);
    const float *packed = conv->packed_filter;
    if (packed) p.filter_points = packed + group * filter_elements(&p);
    const martlet_status status = packed ? run_chunks(&p) : run_forward(&p, &source);
    if (status != MARTLET_OK) return status;
    p.seen.values += p.depth, p.covered.values += p.columns;
  }
  return MARTLET_OK;
}

martlet_status martlet_winograd_input_gradient_f32(const martlet_conv *conv, const float *output_gradient,
                                                   const float *filter, float *input_gradient) {
  problem p = make_problem(conv, output_gradient, conv->out_size, conv->out_channels, input_gradient, conv->in_size,
                           conv->in_channels);
  p.pad[0] = 2 - conv->pad_low[1], p.pad[1] = 2 - conv->pad_low[2];
  for (size_t group = 0; group < conv->groups; ++group) {
    filter_source source = {.filter = filter + group * p.depth, .is_turned = true, .depth_stride = 1,
                            .column_stride = (ptrdiff_t)conv->out_channels,
                            .tap_stride = (ptrdiff_t)(p.columns * conv->out_channels)};
    const martlet_status status = run_forward(&p, &source);
    if (status != MARTLET_OK) return status;
    p.seen.values += p.depth, p.covered.values += p.columns;
  }
  return MARTLET_OK;
}

// Turns the sums of one input channel back into taps.
typedef struct {
  const problem *p;
  const float *sums;
  float *filter;
  size_t channels;  // of all groups, in a line of the filter
} sums_source;

static void finish_depth(void *context, size_t depth, size_t worker) {
  const sums_source *source = context;
  const problem *p = source->p;
  (void)worker;
  p->kernels->filter_gradient(source->sums + depth * wide(p), filter_stride(p), p->columns,
                              source->filter + depth * source->channels, p->depth * source->channels);
}

static martlet_status run_filter_gradient(const problem *p, float *filter_gradient, size_t channels) {
  const size_t rows = p->batch * p->image_rows, step = chunk_rows(p, shared_chunk_bytes);
  const size_t sum_elements = winograd_points * filter_stride(p);
  const chunk largest = {.p = p, .rows = step};
  float *sums = martlet_scratch_acquire((sum_elements + chunk_elements(&largest)) * sizeof(float));
  if (!sums) return MARTLET_OUT_OF_MEMORY;
  bool has_failed = false;
  for (size_t row = 0; row < rows; row += step) {
    chunk c = {.p = p, .first_row = row, .rows = least(step, rows - row), .sums = sums, .is_first = row == 0};
    c.fields = sums + sum_elements;
    c.tiles = c.fields + winograd_points * fields_stride(&c);
    martlet_pool_run(c.rows, transform_fields, &c);
    martlet_pool_run(c.rows, transform_gradients, &c);
    martlet_pool_run(winograd_points, add_point, &c);
    has_failed = has_failed || c.has_failed;
  }
  sums_source source = {.p = p, .sums = sums, .filter = filter_gradient, .channels = channels};
  martlet_pool_run(p->depth, finish_depth, &source);
  martlet_scratch_release();
  return has_failed ? MARTLET_OUT_OF_MEMORY : MARTLET_OK;
}

martlet_status martlet_winograd_filter_gradient_f32(const martlet_conv *conv, const float *input,
                                                    const float *output_gradient, float *filter_gradient) {
  problem p = make_problem(conv, input, conv->in_size, conv->in_channels, output_gradient, conv->out_size,
                           conv->out_channels);
  p.pad[0] = conv->pad_low[1], p.pad[1] = conv->pad_low[2];
  for (size_t group = 0; group < conv->groups; ++group) {
    const martlet_status status = run_filter_gradient(&p, filter_gradient + group * p.columns, conv->out_channels);
    if (status != MARTLET_OK) return status;
    p.seen.values += p.depth, p.covered.values += p.columns;
  }
  return MARTLET_OK;
}
