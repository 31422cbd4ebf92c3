// Chooses the form of a matrix product: packed, in place, by rows of B, by dot products, or cut along the depth.
#include "gemm.h"

#include <stdatomic.h>
#include <string.h>

#include "pool.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

const martlet_gemm_kernels *martlet_gemm_kernels_f32(void) {
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return &martlet_gemm_kernels_f32_avx512;
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return &martlet_gemm_kernels_f32_avx2;
#endif
  return &martlet_gemm_kernels_f32_portable;
}

const martlet_gemm_kernels *martlet_gemm_kernels_f64(void) {
#if defined(__x86_64__)
  if (martlet_current_isa() == MARTLET_ISA_AVX512) return &martlet_gemm_kernels_f64_avx512;
  if (martlet_current_isa() == MARTLET_ISA_AVX2) return &martlet_gemm_kernels_f64_avx2;
#endif
  return &martlet_gemm_kernels_f64_portable;
}

// One matrix product of a batch. A and B are plain or exchanged; the tile knows the strides of C and the bias.
typedef struct {
  const martlet_gemm_kernels *kernels;
  size_t rows, columns, depth;
  const char *a, *b;
  ptrdiff_t a_row, a_column, b_row, b_column;
  martlet_tile output;
  martlet_gemm_epilogue epilogue;
  void *epilogue_context;
  size_t batch_index;
} product;

enum {
  parallel_work = 1 << 19,   // multiply-adds below which a region costs more than it gains
  vector_depth = 2048,       // depth of one chunk of a vector product
  vector_bytes = 1 << 17,    // bytes of A in one chunk of dot products
  split_depth = 1024,        // depth of one part, if the depth is cut
  direct_depth = 32,         // depth between two visits of C, where B streams from memory: a row of pages at a time
  direct_bytes = 96 << 10,   // of B, if it is read in place again and again
  direct_tiles = 8,          // tiles one below the other in a chunk that reads B in place
};

// Whether B stays in the nearest caches while all rows meet it.
static bool is_small(const product *p) { return p->depth * p->columns * p->kernels->element_bytes <= direct_bytes; }

// C of a product with nothing to sum: zeros, or what it holds, and the bias.
static void fill_without_sums(const product *p) {
  const size_t bytes = p->kernels->element_bytes;
  for (size_t i = 0; i < p->rows; ++i) {
    for (size_t j = 0; j < p->columns; ++j) {
      const martlet_tile at = martlet_tile_at(&p->output, i, j, bytes);
      if (!at.accumulates) memset(at.c, 0, bytes);
      if (!at.bias) continue;
      if (bytes == sizeof(float)) {
        *(float *)at.c += *(const float *)at.bias;
      } else {
        *(double *)at.c += *(const double *)at.bias;
      }
    }
  }
}

static void call_epilogue(const product *p, size_t row, size_t column, size_t rows, size_t columns) {
  if (!p->epilogue) return;
  const martlet_tile at = martlet_tile_at(&p->output, row, column, p->kernels->element_bytes);
  p->epilogue(p->epilogue_context, at.c, p->batch_index, row, column, rows, columns, (size_t)at.row_stride);
}

// Writes `count` sums along a row or a column of C, as every other form does: alpha, then C, then the bias.
static void write_sums(const product *p, const void *sums, size_t row, size_t column, size_t count, bool along_row) {
  const martlet_tile at = martlet_tile_at(&p->output, row, column, p->kernels->element_bytes);
  const ptrdiff_t stride = along_row ? at.column_stride : at.row_stride;
  const ptrdiff_t bias_stride = along_row ? at.bias_column_stride : at.bias_row_stride;
  for (ptrdiff_t i = 0; i < (ptrdiff_t)count; ++i) {
    if (p->kernels->element_bytes == sizeof(float)) {
      float *place = (float *)at.c + i * stride, sum = ((const float *)sums)[i] * (float)at.alpha;
      if (at.accumulates) sum += *place;
      *place = at.bias ? sum + ((const float *)at.bias)[i * bias_stride] : sum;
    } else {
      double *place = (double *)at.c + i * stride, sum = ((const double *)sums)[i] * at.alpha;
      if (at.accumulates) sum += *place;
      *place = at.bias ? sum + ((const double *)at.bias)[i * bias_stride] : sum;
    }
  }
}

// A row times a matrix whose rows are contiguous.
static void row_chunk(void *context, size_t chunk, size_t worker) {
  const product *p = context;
  const size_t width = p->kernels->vector_columns, column = chunk * width;
  const size_t columns = least(width, p->columns - column), bytes = p->kernels->element_bytes;
  (void)worker;
  _Alignas(64) char sums[256 * sizeof(float)];  // `vector_columns` is at most 16 vectors of 64 bytes
  p->kernels->row_times_matrix(p->depth, p->a, p->a_column, p->b + column * bytes, p->b_row, columns, sums);
  write_sums(p, sums, 0, column, columns, true);
  call_epilogue(p, 0, column, 1, columns);
}

static size_t dot_rows(const product *p) {
  const size_t rows = vector_bytes / p->kernels->element_bytes / p->depth;
  return rows < 4 ? 4 : rows > 128 ? 128 : rows / 4 * 4;
}

// A matrix whose rows are contiguous times a column.
static void dot_chunk(void *context, size_t chunk, size_t worker) {
  const product *p = context;
  const size_t height = dot_rows(p), row = chunk * height, rows = least(height, p->rows - row);
  const ptrdiff_t bytes = (ptrdiff_t)p->kernels->element_bytes;
  (void)worker;
  _Alignas(64) char sums[128 * sizeof(double)];
  p->kernels->matrix_times_column(rows, p->depth, p->a + (ptrdiff_t)row * p->a_row * bytes, p->a_row, p->b, sums);
  write_sums(p, sums, row, 0, rows, false);
  call_epilogue(p, row, 0, rows, 1);
}

// Rows of one chunk that reads B in place: all, where B streams from memory.
static size_t direct_rows(const product *p) {
  return is_small(p) ? least(p->rows, direct_tiles * p->kernels->direct_rows) : p->rows;
}

// A few rows, or a small B: tiles straight from B.
static void direct_chunk(void *context, size_t chunk, size_t worker) {
  const product *p = context;
  const martlet_gemm_kernels *kernels = p->kernels;
  const size_t bytes = kernels->element_bytes, width = 8 * kernels->tile_columns, height = direct_rows(p);
  const size_t column_chunks = divided_up(p->columns, width), first = chunk % column_chunks * width;
  const size_t row = chunk / column_chunks * height, rows = least(height, p->rows - row);
  const size_t end = least(p->columns, first + width);
  // A B that fits the first cache may be read by columns; a longer one by runs of rows, as memory likes it.
  const size_t step = is_small(p) ? kernels->depth_block : direct_depth;
  (void)worker;
  for (size_t k = 0; k < p->depth; k += step) {
    const size_t depth = least(step, p->depth - k);
    const char *a = p->a + ((ptrdiff_t)row * p->a_row + (ptrdiff_t)k * p->a_column) * (ptrdiff_t)bytes;
    for (size_t j = first; j < end; j += kernels->tile_columns) {
      martlet_tile tile = martlet_tile_at(&p->output, row, j, bytes);
      tile.accumulates = tile.accumulates || k > 0;
      if (k + depth < p->depth) tile.bias = NULL;
      const char *b = p->b + ((ptrdiff_t)k * p->b_row + (ptrdiff_t)j) * (ptrdiff_t)bytes;
      kernels->direct_tile(depth, a, p->a_row, p->a_column, b, p->b_row, rows, least(kernels->tile_columns, end - j), &tile);
    }
  }
  call_epilogue(p, row, first, rows, end - first);
}

// Runs chunks on the pool if there is enough to do; the chunks, and so the bits, are the same either way.
static void run_chunks(const product *p, size_t chunks, void (*body)(void *, size_t, size_t)) {
  if (p->rows * p->columns * p->depth >= parallel_work / (p->rows == 1 || p->columns == 1 ? 8 : 1)) {
    martlet_pool_run(chunks, body, (void *)p);
    return;
  }
  for (size_t chunk = 0; chunk < chunks; ++chunk) body((void *)p, chunk, 0);
}

// Packs lines into panels. Where lines are adjacent, a few steps of the depth go to all panels before the next ones,
// so that each row of memory is read in one run.
static void pack_panels(const martlet_gemm_kernels *kernels, char *panels, size_t width, const char *from,
                        ptrdiff_t line_stride, ptrdiff_t depth_stride, size_t count, size_t depth) {
  const size_t bytes = kernels->element_bytes, run = line_stride == 1 && count > width ? 16 : depth;
  for (size_t k = 0; k < depth; k += run) {
    const size_t steps = least(run, depth - k);
    for (size_t first = 0; first < count; first += width) {
      const ptrdiff_t offset = (ptrdiff_t)first * line_stride + (ptrdiff_t)k * depth_stride;
      kernels->pack(panels + (first * depth + k * width) * bytes, width, from + offset * (ptrdiff_t)bytes, line_stride,
                    depth_stride, least(width, count - first), steps);
    }
  }
}

static void pack_rows_of_a(const void *source, void *panel, size_t width, size_t first, size_t count, size_t start,
                           size_t depth) {
  const product *p = source;
  const ptrdiff_t offset = (ptrdiff_t)first * p->a_row + (ptrdiff_t)start * p->a_column;
  pack_panels(p->kernels, panel, width, p->a + offset * (ptrdiff_t)p->kernels->element_bytes, p->a_row, p->a_column,
              count, depth);
}

static void pack_columns_of_b(const void *source, void *panel, size_t width, size_t first, size_t count, size_t start,
                              size_t depth) {
  const product *p = source;
  const ptrdiff_t offset = (ptrdiff_t)first * p->b_column + (ptrdiff_t)start * p->b_row;
  pack_panels(p->kernels, panel, width, p->b + offset * (ptrdiff_t)p->kernels->element_bytes, p->b_column, p->b_row,
              count, depth);
}

static martlet_packed_gemm packed_form(const product *p) {
  return (martlet_packed_gemm){
      .kernels = p->kernels, .rows = p->rows, .columns = p->columns, .depth = p->depth,
      .pack_a = pack_rows_of_a, .pack_b = pack_columns_of_b, .a_source = p, .b_source = p, .output = p->output,
      .packs_groups = true,
      .epilogue = p->epilogue, .epilogue_context = p->epilogue_context, .batch_index = p->batch_index,
  };
}

static martlet_status run_packed(const product *p) {
  const martlet_packed_gemm packed = packed_form(p);
  return martlet_packed_gemm_run(&packed);
}

// The product with rows and columns exchanged: its A is B transposed.
static product exchanged(const product *p) {
  product q = *p;
  q.rows = p->columns, q.columns = p->rows;
  q.a = p->b, q.a_row = p->b_column, q.a_column = p->b_row;
  q.b = p->a, q.b_row = p->a_column, q.b_column = p->a_row;
  q.output.row_stride = p->output.column_stride, q.output.column_stride = p->output.row_stride;
  q.output.bias_row_stride = p->output.bias_column_stride, q.output.bias_column_stride = p->output.bias_row_stride;
  return q;
}

static martlet_status run_product(const product *p);

// The parts of a product cut along the depth, each with a C of its own.
typedef struct {
  const product *whole;
  char *sums;
  size_t parts;
  _Atomic int status;
} split;

static size_t split_start(const split *s, size_t part) { return s->whole->depth * part / s->parts; }

static void split_chunk(void *context, size_t chunk, size_t worker) {
  split *s = context;
  const ptrdiff_t bytes = (ptrdiff_t)s->whole->kernels->element_bytes, k = (ptrdiff_t)split_start(s, chunk);
  (void)worker;
  product part = *s->whole;
  part.depth = split_start(s, chunk + 1) - (size_t)k;
  part.a += k * part.a_column * bytes;
  part.b += k * part.b_row * bytes;
  part.epilogue = NULL;
  part.output = (martlet_tile){.c = s->sums + chunk * part.rows * part.columns * (size_t)bytes,
                               .row_stride = (ptrdiff_t)part.columns, .column_stride = 1, .alpha = 1};
  const martlet_status status = run_product(&part);
  if (status != MARTLET_OK) s->status = status;
}

// Adds the parts up in order, whoever computed them.
static void add_parts(const split *s) {
  const size_t bytes = s->whole->kernels->element_bytes, count = s->whole->rows * s->whole->columns;
  for (size_t part = 1; part < s->parts; ++part) {
    if (bytes == sizeof(float)) {
      float *sums = (float *)s->sums, *more = sums + part * count;
      for (size_t i = 0; i < count; ++i) sums[i] += more[i];
    } else {
      double *sums = (double *)s->sums, *more = sums + part * count;
      for (size_t i = 0; i < count; ++i) sums[i] += more[i];
    }
  }
  for (size_t row = 0; row < s->whole->rows; ++row) {
    write_sums(s->whole, s->sums + row * s->whole->columns * bytes, row, 0, s->whole->columns, true);
  }
  call_epilogue(s->whole, 0, 0, s->whole->rows, s->whole->columns);
}

// How many parts the depth is cut into: more than one only where C alone has too few chunks for many threads.
static size_t split_parts(const product *p) {
  const bool is_vector = p->rows == 1 || p->columns == 1;
  const size_t area = p->rows * p->columns, limit = is_vector ? p->kernels->vector_columns * 4 : 64 * 64 * 4;
  const size_t depth = is_vector ? vector_depth : split_depth;
  if (area > limit || p->depth < 2 * depth || area * p->depth < 2 * (size_t)parallel_work) return 1;
  return least(p->depth / depth, 16);
}

static martlet_status run_split(const product *p, size_t parts) {
  split s = {.whole = p, .parts = parts};
  s.sums = martlet_scratch_acquire(parts * p->rows * p->columns * p->kernels->element_bytes);
  if (!s.sums) return MARTLET_OUT_OF_MEMORY;
  martlet_pool_run(parts, split_chunk, &s);
  if (s.status == MARTLET_OK) add_parts(&s);
  martlet_scratch_release();
  return (martlet_status)s.status;
}

// Vectors: `p` has one row. B is read as it lies; null strides of C's epilogue stay as the caller knows them.
static bool run_vector(const product *p) {
  if (p->rows == 1 && p->b_column == 1) {
    run_chunks(p, divided_up(p->columns, p->kernels->vector_columns), row_chunk);
    return true;
  }
  if (p->columns == 1 && p->a_column == 1 && p->b_row == 1) {
    run_chunks(p, divided_up(p->rows, dot_rows(p)), dot_chunk);
    return true;
  }
  return false;
}

// Reading B in place pays for few rows, where packing would be a large part of the work, and for a B so small
// that every row of tiles finds it in the first cache.
static bool reads_in_place(const product *p) {
  if (p->b_column != 1) return false;
  return p->rows <= 2 * p->kernels->direct_rows || is_small(p);
}

// Whether all of a product is one packed run.
static bool is_packed_run(const product *p) {
  const bool is_vector = p->rows == 1 || p->columns == 1;
  const bool is_by_columns = !p->epilogue && p->output.column_stride != 1 && p->output.row_stride == 1;
  return p->rows && p->columns && p->depth && split_parts(p) == 1 && !is_vector && !is_by_columns && !reads_in_place(p);
}

static martlet_status run_product(const product *p) {
  if (p->rows == 0 || p->columns == 0) return MARTLET_OK;
  if (p->depth == 0) {
    fill_without_sums(p);
    call_epilogue(p, 0, 0, p->rows, p->columns);
    return MARTLET_OK;
  }
  const size_t parts = split_parts(p);
  if (parts > 1) return run_split(p, parts);
  if (run_vector(p)) return MARTLET_OK;
  if (!p->epilogue) {
    const product other = exchanged(p);
    if (run_vector(&other)) return MARTLET_OK;
    // C by columns: the exchanged product writes rows.
    if (p->output.column_stride != 1 && p->output.row_stride == 1) return run_product(&other);
  }
  if (reads_in_place(p)) {
    run_chunks(p, divided_up(p->columns, 8 * p->kernels->tile_columns) * divided_up(p->rows, direct_rows(p)), direct_chunk);
    return MARTLET_OK;
  }
  return run_packed(p);
}

typedef struct {
  const martlet_gemm *gemm;
  const martlet_gemm_kernels *kernels;
  size_t group;  // matrices of one chunk
  _Atomic int status;
} batch_run;

static product product_of(const martlet_gemm *g, const martlet_gemm_kernels *kernels, size_t index) {
  const ptrdiff_t at = (ptrdiff_t)index, bytes = (ptrdiff_t)kernels->element_bytes;
  return (product){
      .kernels = kernels, .rows = g->rows, .columns = g->columns, .depth = g->depth,
      .a = (const char *)g->a + at * g->a_batch_stride * bytes,
      .a_row = g->a_row_stride, .a_column = g->a_column_stride,
      .b = (const char *)g->b + at * g->b_batch_stride * bytes,
      .b_row = g->b_row_stride, .b_column = g->b_column_stride,
      .output = {.c = (char *)g->c + at * g->c_batch_stride * bytes, .row_stride = g->c_row_stride,
                 .column_stride = g->c_column_stride, .alpha = g->alpha, .accumulates = g->accumulates,
                 .bias = g->bias, .bias_column_stride = 1},
      .epilogue = g->epilogue, .epilogue_context = g->epilogue_context, .batch_index = index,
  };
}

static void batch_chunk(void *context, size_t chunk, size_t worker) {
  batch_run *run = context;
  (void)worker;
  const size_t end = least(run->gemm->batch, (chunk + 1) * run->group);
  for (size_t index = chunk * run->group; index < end; ++index) {
    const product p = product_of(run->gemm, run->kernels, index);
    const martlet_status status = run_product(&p);
    if (status != MARTLET_OK) run->status = status;
  }
}

static martlet_status run(const martlet_gemm *gemm, const martlet_gemm_kernels *kernels) {
  batch_run all = {.gemm = gemm, .kernels = kernels};
  const size_t batch = gemm->batch ? gemm->batch : 1, work = gemm->rows * gemm->columns * gemm->depth + 1;
  if (batch == 1) {
    const product p = product_of(gemm, kernels, 0);
    if (gemm->packed_b && gemm->rows && gemm->columns && gemm->depth) {
      martlet_packed_gemm packed = packed_form(&p);
      packed.packed_b = gemm->packed_b;
      return martlet_packed_gemm_run(&packed);
    }
    return run_product(&p);
  }
  // Small matrices go to threads whole; large ones are each worked on by all.
  all.group = 1 + parallel_work / 2 / work;
  if (work <= 16 * (size_t)parallel_work && work * batch >= parallel_work) {
    martlet_pool_run(divided_up(batch, all.group), batch_chunk, &all);
  } else {
    all.group = batch;
    batch_chunk(&all, 0, 0);
  }
  return (martlet_status)all.status;
}

martlet_status martlet_gemm_f32(const martlet_gemm *gemm) { return run(gemm, martlet_gemm_kernels_f32()); }
martlet_status martlet_gemm_f64(const martlet_gemm *gemm) { return run(gemm, martlet_gemm_kernels_f64()); }

// Few rows are bound by reading B, once in either form.
size_t martlet_gemm_packed_bytes_f32(const martlet_gemm *gemm) {
  const product p = product_of(gemm, martlet_gemm_kernels_f32(), 0);
  const martlet_packed_gemm packed = packed_form(&p);
  if (gemm->batch > 1 || gemm->rows < 4 || gemm->columns < 2) return 0;
  return martlet_packed_gemm_b_bytes(&packed);
}

size_t martlet_gemm_reusable_bytes_f32(const martlet_gemm *gemm) {
  const product p = product_of(gemm, martlet_gemm_kernels_f32(), 0);
  return is_packed_run(&p) ? martlet_gemm_packed_bytes_f32(gemm) : 0;
}

void martlet_gemm_pack_b_f32(const martlet_gemm *gemm, void *packed) {
  const product p = product_of(gemm, martlet_gemm_kernels_f32(), 0);
  const martlet_packed_gemm form = packed_form(&p);
  martlet_packed_gemm_pack_b(&form, packed);
}
