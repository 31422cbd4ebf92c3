// Convolutions as products of matrices of patches.
#include "conv.h"

#include <stdatomic.h>
#include <string.h>

#include "pool.h"
#include "winograd.h"

enum { filter_parts = 16, enough_tiles = 16, part_places = 256 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t volume(const size_t size[3]) { return size[0] * size[1] * size[2]; }

bool martlet_conv_is_depthwise(const martlet_conv *conv) {
  return conv->groups > 1 && conv->groups == conv->in_channels && conv->groups == conv->out_channels;
}

// A filter of one place, without padding and strides, multiplies the image as it lies.
static bool is_pointwise(const martlet_conv *conv) {
  bool result = conv->groups == 1;
  for (int d = 0; d < 3; ++d) {
    result = result && conv->filter_size[d] == 1 && conv->stride[d] == 1 && conv->pad_low[d] == 0 &&
             conv->in_size[d] == conv->out_size[d];
  }
  return result;
}

static martlet_patches input_patches(const martlet_conv *conv, const martlet_gemm_kernels *kernels, const char *input,
                                     size_t group) {
  martlet_patches p = {.kernels = kernels, .pixel_stride = conv->in_channels,
                       .channels = conv->in_channels / conv->groups, .batch = conv->batch};
  p.image = input + group * p.channels * kernels->element_bytes;
  for (int d = 0; d < 3; ++d) {
    p.image_size[d] = conv->in_size[d], p.grid[d] = conv->out_size[d], p.taps[d] = conv->filter_size[d];
    p.stride[d] = (ptrdiff_t)conv->stride[d], p.step[d] = (ptrdiff_t)conv->dilation[d];
    p.origin[d] = -conv->pad_low[d];
  }
  martlet_patches_prepare(&p);
  return p;
}

// A matrix of rows with adjacent columns, packed as B.
typedef struct {
  const martlet_gemm_kernels *kernels;
  const char *values;
  size_t row_stride;
} rows_source;

static void pack_rows(const void *source, void *panel, size_t width, size_t first, size_t count, size_t start,
                      size_t depth) {
  const rows_source *rows = source;
  rows->kernels->pack(panel, width, rows->values + (start * rows->row_stride + first) * rows->kernels->element_bytes, 1,
                      (ptrdiff_t)rows->row_stride, count, depth);
}

static martlet_gemm pointwise_product(const martlet_conv *conv, const void *input, const void *filter) {
  const ptrdiff_t in = (ptrdiff_t)conv->in_channels, out = (ptrdiff_t)conv->out_channels;
  return (martlet_gemm){
      .rows = conv->batch * volume(conv->out_size), .columns = conv->out_channels, .depth = conv->in_channels,
      .a = input, .a_row_stride = in, .a_column_stride = 1, .b = filter, .b_row_stride = out, .b_column_stride = 1,
      .c_row_stride = out, .c_column_stride = 1, .alpha = 1, .packed_b = conv->packed_filter,
  };
}

static martlet_status pointwise(const martlet_conv *conv, const martlet_gemm_kernels *kernels, const void *input,
                                const void *filter, const void *bias, void *output, martlet_gemm_epilogue epilogue,
                                void *context) {
  martlet_gemm gemm = pointwise_product(conv, input, filter);
  gemm.c = output, gemm.bias = bias, gemm.epilogue = epilogue, gemm.epilogue_context = context;
  return kernels->element_bytes == sizeof(double) ? martlet_gemm_f64(&gemm) : martlet_gemm_f32(&gemm);
}

// One group of a convolution as a product of patches and filter, without its C.
typedef struct {
  martlet_patches patches;
  rows_source filter;
  martlet_packed_gemm gemm;
} group_product;

// Fills in a product that refers to its own parts.
static void prepare_group(group_product *product, const martlet_conv *conv, const martlet_gemm_kernels *kernels,
                          const char *input, const char *filter, size_t group) {
  const size_t columns = conv->out_channels / conv->groups;
  product->patches = input_patches(conv, kernels, input, group);
  product->filter = (rows_source){.kernels = kernels, .values = filter + group * columns * kernels->element_bytes,
                                  .row_stride = conv->out_channels};
  product->gemm = (martlet_packed_gemm){
      .kernels = kernels, .rows = conv->batch * volume(conv->out_size), .columns = columns,
      .depth = martlet_patches_columns(&product->patches),
      .pack_a = martlet_pack_patches, .a_source = &product->patches, .pack_b = pack_rows, .b_source = &product->filter,
      .first_column = group * columns,
  };
  if (conv->packed_filter) {
    product->gemm.packed_b = (const char *)conv->packed_filter + group * martlet_packed_gemm_b_bytes(&product->gemm);
  }
}

static martlet_status forward(const martlet_conv *conv, const martlet_gemm_kernels *kernels, const char *input,
                              const char *filter, const char *bias, char *output, martlet_gemm_epilogue epilogue,
                              void *epilogue_context) {
  const size_t places = conv->batch * volume(conv->out_size), width = conv->out_channels;
  if (places == 0 || width == 0) return MARTLET_OK;
  if (is_pointwise(conv)) return pointwise(conv, kernels, input, filter, bias, output, epilogue, epilogue_context);
  for (size_t group = 0; group < conv->groups; ++group) {
    group_product product;
    prepare_group(&product, conv, kernels, input, filter, group);
    const size_t offset = product.gemm.first_column * kernels->element_bytes;
    product.gemm.output = (martlet_tile){.c = output + offset, .row_stride = (ptrdiff_t)width, .column_stride = 1,
                                         .alpha = 1, .bias = bias ? bias + offset : NULL, .bias_column_stride = 1};
    product.gemm.epilogue = epilogue, product.gemm.epilogue_context = epilogue_context;
    const martlet_status status = martlet_packed_gemm_run(&product.gemm);
    if (status != MARTLET_OK) return status;
  }
  return MARTLET_OK;
}

size_t martlet_conv_packed_bytes_f32(const martlet_conv *conv) {
  const size_t places = conv->batch * volume(conv->out_size);
  if (places * conv->in_channels * conv->out_channels * volume(conv->filter_size) == 0) return 0;
  if (martlet_conv_is_depthwise(conv) || martlet_conv_is_narrow(conv) || martlet_conv_has_few_outputs(conv)) return 0;
  if (martlet_winograd_serves(conv)) return martlet_winograd_packed_bytes(conv);
  if (is_pointwise(conv)) {
    const martlet_gemm gemm = pointwise_product(conv, NULL, NULL);
    return martlet_gemm_reusable_bytes_f32(&gemm);
  }
  // Only sizes are asked for, so any address stands for the image and the filter.
  const char *nothing = (const char *)conv;
  group_product product;
  prepare_group(&product, conv, martlet_gemm_kernels_f32(), nothing, nothing, 0);
  return conv->groups * martlet_packed_gemm_b_bytes(&product.gemm);
}

martlet_status martlet_conv_pack_f32(const martlet_conv *conv, const float *filter, void *packed) {
  if (martlet_winograd_serves(conv)) return martlet_winograd_pack_f32(conv, filter, packed);
  if (is_pointwise(conv)) {
    const martlet_gemm gemm = pointwise_product(conv, NULL, filter);
    martlet_gemm_pack_b_f32(&gemm, packed);
    return MARTLET_OK;
  }
  for (size_t group = 0; group < conv->groups; ++group) {
    group_product product;
    // The image is not read here.
    const char *nothing = (const char *)filter;
    prepare_group(&product, conv, martlet_gemm_kernels_f32(), nothing, (const char *)filter, group);
    martlet_packed_gemm_pack_b(&product.gemm, (char *)packed + group * martlet_packed_gemm_b_bytes(&product.gemm));
  }
  return MARTLET_OK;
}

martlet_status martlet_conv_forward_f32(const martlet_conv *conv, const float *input, const float *filter,
                                        const float *bias, float *output, martlet_gemm_epilogue epilogue,
                                        void *epilogue_context) {
  const size_t places = conv->batch * volume(conv->out_size), width = conv->out_channels;
  const bool has_few_outputs = martlet_conv_has_few_outputs(conv);
  if (places > 0 && (has_few_outputs || martlet_conv_is_narrow(conv))) {
    const martlet_status status = has_few_outputs ? martlet_few_forward_f32(conv, input, filter, bias, output)
                                                  : martlet_narrow_forward_f32(conv, input, filter, bias, output);
    if (status == MARTLET_OK && epilogue) epilogue(epilogue_context, output, 0, 0, 0, places, width, width);
    return status;
  }
  if (places > 0 && martlet_conv_is_depthwise(conv)) {
    martlet_depthwise_forward_f32(conv, input, filter, bias, output);
    if (epilogue) epilogue(epilogue_context, output, 0, 0, 0, places, width, width);
    return MARTLET_OK;
  }
  if (places > 0 && martlet_winograd_serves(conv)) {
    return martlet_winograd_forward_f32(conv, input, filter, bias, output, epilogue, epilogue_context);
  }
  return forward(conv, martlet_gemm_kernels_f32(), (const char *)input, (const char *)filter, (const char *)bias,
                 (char *)output, epilogue, epilogue_context);
}

martlet_status martlet_conv_forward_f64(const martlet_conv *conv, const double *input, const double *filter,
                                        const double *bias, double *output, martlet_gemm_epilogue epilogue,
                                        void *epilogue_context) {
  return forward(conv, martlet_gemm_kernels_f64(), (const char *)input, (const char *)filter, (const char *)bias,
                 (char *)output, epilogue, epilogue_context);
}

// Input places `first + stride * j` see the same filter places, `tap + tap_step * t`; with strides, each such phase
// is a convolution of its own, so that no zero between outputs is multiplied.
typedef struct {
  const martlet_conv *conv;
  const char *filter;
  char *gradient;
  martlet_patches patches;  // of the output's gradient
  size_t group, first[3], tap[3], tap_step[3];
} phase;

static size_t common_divisor(size_t a, size_t b) { return b == 0 ? a : common_divisor(b, a % b); }

// One dimension of a phase; false if no filter place meets it. Taps run from the last filter place to the first,
// so that they run forward in the image.
static bool prepare_dimension(phase *ph, int d, size_t first) {
  const martlet_conv *conv = ph->conv;
  const ptrdiff_t stride = (ptrdiff_t)conv->stride[d], dilation = (ptrdiff_t)conv->dilation[d];
  const size_t divisor = common_divisor(conv->stride[d], conv->dilation[d]);
  const ptrdiff_t place = (ptrdiff_t)first + conv->pad_low[d];
  martlet_patches *p = &ph->patches;
  ph->first[d] = first;
  p->grid[d] = divided_up(conv->in_size[d] - first, conv->stride[d]);
  p->image_size[d] = conv->out_size[d];
  p->stride[d] = 1;
  p->step[d] = dilation / (ptrdiff_t)divisor;
  size_t tap = 0;
  while (tap < conv->filter_size[d] && (place - (ptrdiff_t)tap * dilation) % stride != 0) tap += 1;
  ph->tap[d] = tap;
  ph->tap_step[d] = conv->stride[d] / divisor;
  p->taps[d] = tap < conv->filter_size[d] ? divided_up(conv->filter_size[d] - tap, ph->tap_step[d]) : 0;
  if (p->taps[d] == 0) return false;
  p->origin[d] = (place - (ptrdiff_t)tap * dilation) / stride - (ptrdiff_t)(p->taps[d] - 1) * p->step[d];
  return true;
}

// Rows of B are pairs of tap and output channel, columns are input channels.
static void pack_phase_filter(const void *source, void *panel, size_t width, size_t first, size_t count, size_t start,
                              size_t depth) {
  const phase *ph = source;
  const martlet_patches *p = &ph->patches;
  const size_t out = ph->conv->out_channels, in = ph->conv->in_channels / ph->conv->groups;
  const size_t *size = ph->conv->filter_size, bytes = p->kernels->element_bytes;
  char *to = panel;
  for (size_t row = start; row < start + depth;) {
    const size_t skip = row % p->channels, run = least(p->channels - skip, start + depth - row);
    size_t index = row / p->channels, tap[3];
    for (int d = 2; d >= 0; --d) {
      tap[d] = ph->tap[d] + (p->taps[d] - 1 - index % p->taps[d]) * ph->tap_step[d];
      index /= p->taps[d];
    }
    const size_t place = (tap[0] * size[1] + tap[1]) * size[2] + tap[2];
    const char *from = ph->filter + ((place * in + first) * out + ph->group * p->channels + skip) * bytes;
    p->kernels->pack(to, width, from, (ptrdiff_t)out, 1, count, run);
    to += run * width * bytes;
    row += run;
  }
}

// Where the gradient of row `row` of the phase belongs.
static char *phase_place(const phase *ph, size_t row) {
  const martlet_conv *conv = ph->conv;
  size_t index[3];
  for (int d = 2; d >= 0; --d) {
    index[d] = ph->first[d] + row % ph->patches.grid[d] * conv->stride[d];
    row /= ph->patches.grid[d];
  }
  const size_t *size = conv->in_size;
  const size_t place = ((row * size[0] + index[0]) * size[1] + index[1]) * size[2] + index[2];
  const size_t element = place * conv->in_channels + ph->group * (conv->in_channels / conv->groups);
  return ph->gradient + element * ph->patches.kernels->element_bytes;
}

// Copies a finished tile from the phase's own matrix to its places while it is in cache.
static void scatter_tile(void *context, void *tile, size_t batch, size_t row, size_t column, size_t rows,
                         size_t columns, size_t row_stride) {
  const phase *ph = context;
  const size_t bytes = ph->patches.kernels->element_bytes;
  (void)batch;
  for (size_t i = 0; i < rows; ++i) {
    memcpy(phase_place(ph, row + i) + column * bytes, (const char *)tile + i * row_stride * bytes, columns * bytes);
  }
}

static void clear_phase(const phase *ph, size_t rows, size_t columns) {
  const size_t bytes = columns * ph->patches.kernels->element_bytes;
  for (size_t row = 0; row < rows; ++row) memset(phase_place(ph, row), 0, bytes);
}

static martlet_status run_phase(phase *ph, bool is_seen) {
  martlet_patches *p = &ph->patches;
  const martlet_conv *conv = ph->conv;
  const size_t rows = martlet_patches_rows(p), columns = conv->in_channels / conv->groups;
  if (!is_seen || p->channels == 0) {
    clear_phase(ph, rows, columns);
    return MARTLET_OK;
  }
  martlet_patches_prepare(p);
  const bool is_in_place = conv->stride[0] * conv->stride[1] * conv->stride[2] == 1;
  char *own = is_in_place ? phase_place(ph, 0) : martlet_scratch_acquire(rows * columns * p->kernels->element_bytes);
  if (!own) return MARTLET_OUT_OF_MEMORY;
  const martlet_packed_gemm gemm = {
      .kernels = p->kernels, .rows = rows, .columns = columns, .depth = martlet_patches_columns(p),
      .pack_a = martlet_pack_patches, .a_source = p, .pack_b = pack_phase_filter, .b_source = ph,
      .output = {.c = own, .row_stride = (ptrdiff_t)(is_in_place ? conv->in_channels : columns), .column_stride = 1,
                 .alpha = 1},
      .epilogue = is_in_place ? NULL : scatter_tile, .epilogue_context = ph,
  };
  const martlet_status status = martlet_packed_gemm_run(&gemm);
  if (!is_in_place) martlet_scratch_release();
  return status;
}

static martlet_status run_phase_at(const martlet_conv *conv, const martlet_gemm_kernels *kernels,
                                   const char *output_gradient, const char *filter, char *input_gradient, size_t group,
                                   const size_t first[3]) {
  const size_t channels = conv->out_channels / conv->groups;
  phase ph = {.conv = conv, .filter = filter, .gradient = input_gradient, .group = group,
              .patches = {.kernels = kernels, .image = output_gradient + group * channels * kernels->element_bytes,
                          .pixel_stride = conv->out_channels, .channels = channels, .batch = conv->batch}};
  bool is_seen = true;
  for (int d = 0; d < 3; ++d) is_seen = prepare_dimension(&ph, d, first[d]) && is_seen;
  return run_phase(&ph, is_seen);
}

static martlet_status input_gradient(const martlet_conv *conv, const martlet_gemm_kernels *kernels,
                                     const char *output_gradient, const char *filter, char *gradient) {
  const size_t *stride = conv->stride;
  if (conv->batch * volume(conv->in_size) * conv->in_channels == 0) return MARTLET_OK;
  const size_t phases = stride[0] * stride[1] * stride[2];
  for (size_t index = 0; index < phases * conv->groups; ++index) {
    const size_t group = index / phases, at = index % phases;
    const size_t first[3] = {at / (stride[1] * stride[2]), at / stride[2] % stride[1], at % stride[2]};
    if (first[0] >= conv->in_size[0] || first[1] >= conv->in_size[1] || first[2] >= conv->in_size[2]) continue;
    const martlet_status status = run_phase_at(conv, kernels, output_gradient, filter, gradient, group, first);
    if (status != MARTLET_OK) return status;
  }
  return MARTLET_OK;
}

martlet_status martlet_conv_input_gradient_f32(const martlet_conv *conv, const float *output_gradient,
                                               const float *filter, float *gradient) {
  const bool is_empty = conv->batch * volume(conv->in_size) * conv->in_channels == 0;
  if (!is_empty && martlet_conv_is_depthwise(conv)) {
    martlet_depthwise_input_gradient_f32(conv, output_gradient, filter, gradient);
    return MARTLET_OK;
  }
  if (!is_empty && martlet_winograd_serves(conv)) {
    return martlet_winograd_input_gradient_f32(conv, output_gradient, filter, gradient);
  }
  return input_gradient(conv, martlet_gemm_kernels_f32(), (const char *)output_gradient, (const char *)filter,
                        (char *)gradient);
}

martlet_status martlet_conv_input_gradient_f64(const martlet_conv *conv, const double *output_gradient,
                                               const double *filter, double *gradient) {
  return input_gradient(conv, martlet_gemm_kernels_f64(), (const char *)output_gradient, (const char *)filter,
                        (char *)gradient);
}

// The filter's gradient: patches transposed times the output's gradient, over all places or a part of them.
typedef struct {
  const martlet_conv *conv;
  const martlet_gemm_kernels *kernels;
  const char *input, *output_gradient;
  char *sums;  // of all parts, one behind the other
  size_t group, rows, columns, places, parts;
  ptrdiff_t row_stride;
  _Atomic int status;
} filter_run;

static void filter_part(void *context, size_t part, size_t worker) {
  filter_run *run = context;
  (void)worker;
  const size_t start = run->places * part / run->parts, end = run->places * (part + 1) / run->parts;
  martlet_patches patches = input_patches(run->conv, run->kernels, run->input, run->group);
  patches.first_place = start;
  const size_t width = run->conv->out_channels, bytes = run->kernels->element_bytes;
  const rows_source b = {.kernels = run->kernels, .row_stride = width,
                         .values = run->output_gradient + (start * width + run->group * run->columns) * bytes};
  const martlet_packed_gemm gemm = {
      .kernels = run->kernels, .rows = run->rows, .columns = run->columns, .depth = end - start,
      .pack_a = martlet_pack_patches_transposed, .a_source = &patches, .pack_b = pack_rows, .b_source = &b,
      .output = {.c = run->sums + part * run->rows * run->columns * bytes, .row_stride = run->row_stride, .column_stride = 1,
                 .alpha = 1},
  };
  const martlet_status status = martlet_packed_gemm_run(&gemm);
  if (status != MARTLET_OK) run->status = status;
}

// Few tiles leave threads without work, so the places are cut into parts; shapes alone decide.
static size_t parts_of(const filter_run *run) {
  const martlet_gemm_kernels *kernels = run->kernels;
  const size_t tiles = divided_up(run->rows, kernels->tile_rows) * divided_up(run->columns, kernels->tile_columns);
  const size_t parts = least(filter_parts, run->places / part_places);
  return tiles >= enough_tiles || parts < 2 ? 1 : parts;
}

// Adds the parts up in order, whoever computed them.
static void add_parts(const filter_run *run, size_t element, char *to) {
  const size_t count = run->rows * run->columns;
  if (run->kernels->element_bytes == sizeof(double)) {
    double sum = 0;
    for (size_t part = 0; part < run->parts; ++part) sum += ((const double *)run->sums)[part * count + element];
    *(double *)to = sum;
  } else {
    float sum = 0;
    for (size_t part = 0; part < run->parts; ++part) sum += ((const float *)run->sums)[part * count + element];
    *(float *)to = sum;
  }
}

static martlet_status run_in_parts(filter_run *run, char *gradient) {
  const size_t count = run->rows * run->columns, bytes = run->kernels->element_bytes;
  const size_t row_stride = (size_t)run->row_stride;
  run->sums = martlet_scratch_acquire(run->parts * count * bytes);
  if (!run->sums) return MARTLET_OUT_OF_MEMORY;
  run->row_stride = (ptrdiff_t)run->columns;
  martlet_pool_run(run->parts, filter_part, run);
  for (size_t i = 0; i < count; ++i) {
    add_parts(run, i, gradient + (i / run->columns * row_stride + i % run->columns) * bytes);
  }
  martlet_scratch_release();
  return (martlet_status)run->status;
}

static martlet_status filter_gradient(const martlet_conv *conv, const martlet_gemm_kernels *kernels, const char *input,
                                      const char *output_gradient, char *gradient) {
  const size_t inputs = conv->in_channels / conv->groups, columns = conv->out_channels / conv->groups;
  filter_run run = {.conv = conv, .kernels = kernels, .input = input, .output_gradient = output_gradient,
                    .columns = columns, .rows = volume(conv->filter_size) * inputs,
                    .places = conv->batch * volume(conv->out_size)};
  if (run.places == 0) memset(gradient, 0, run.rows * conv->out_channels * kernels->element_bytes);
  if (run.places * run.rows * columns == 0) return MARTLET_OK;
  run.parts = parts_of(&run);
  for (run.group = 0; run.group < conv->groups; ++run.group) {
    char *group_gradient = gradient + run.group * columns * kernels->element_bytes;
    run.row_stride = (ptrdiff_t)conv->out_channels;
    if (run.parts > 1) {
      run_in_parts(&run, group_gradient);
    } else {
      run.sums = group_gradient;
      filter_part(&run, 0, 0);
    }
    if (run.status != MARTLET_OK) return (martlet_status)run.status;
  }
  return MARTLET_OK;
}

martlet_status martlet_conv_filter_gradient_f32(const martlet_conv *conv, const float *input,
                                                const float *output_gradient, float *gradient) {
  const bool is_empty = conv->batch * volume(conv->out_size) * volume(conv->filter_size) == 0;
  if (!is_empty && martlet_conv_is_depthwise(conv)) {
    return martlet_depthwise_filter_gradient_f32(conv, input, output_gradient, gradient);
  }
  if (!is_empty && martlet_winograd_serves(conv)) {
    return martlet_winograd_filter_gradient_f32(conv, input, output_gradient, gradient);
  }
  return filter_gradient(conv, martlet_gemm_kernels_f32(), (const char *)input, (const char *)output_gradient,
                         (char *)gradient);
}

martlet_status martlet_conv_filter_gradient_f64(const martlet_conv *conv, const double *input,
                                                const double *output_gradient, double *gradient) {
  return filter_gradient(conv, martlet_gemm_kernels_f64(), (const char *)input, (const char *)output_gradient,
                         (char *)gradient);
}
