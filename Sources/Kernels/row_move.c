// Loads and stores of row programs: between operands in memory and registers.
#include <string.h>

#include "row_program.h"

int64_t row_offset(const martlet_row_program *p, const martlet_row_operand *o, size_t row) {
  if (o->is_linear) return o->offset + (int64_t)row * o->row_step;
  int64_t offset = o->offset;
  for (uint32_t d = p->dims; d-- > 0;) {
    offset += (int64_t)(row % p->sizes[d]) * o->strides[d];
    row /= p->sizes[d];
  }
  return offset;
}

static char *row_address(const row_run *run, const martlet_row_operand *o, size_t row) {
  int64_t offset = row_offset(run->program, o, row) + (int64_t)run->first_column * o->column_stride;
  return (char *)run->bindings[o->binding] + offset * (int64_t)martlet_type_bytes(o->type);
}

// How many of `rows` rows from `row` on lie at the operand's row step.
static size_t even_rows(const martlet_row_operand *o, size_t row, size_t rows) {
  if (o->is_linear) return rows;
  size_t left = o->even_rows - row % o->even_rows;
  return left < rows ? left : rows;
}

// Whether the rows of the tile at hand lie at a step.
static int has_step(const row_run *run, const martlet_row_operand *o, int64_t step) {
  if (run->rows == 1) return 1;
  return o->row_step == step && even_rows(o, run->first_row, run->rows) == run->rows;
}

// Whether the tile at hand is one contiguous piece of the operand.
static int is_contiguous(const row_run *run, const martlet_row_operand *o) {
  if (run->columns == 1) return has_step(run, o, 1);
  return o->column_stride == 1 && has_step(run, o, (int64_t)run->columns);
}

static int is_uniform(const row_run *run, const martlet_row_operand *o) {
  int across_columns = o->column_stride == 0 || run->columns == 1;
  return across_columns && has_step(run, o, 0);
}

#define STRIDED_COPY(T, name)                                                                              \
  static void name##_in(T *restrict to, const T *restrict from, size_t n, int64_t step) {                  \
    for (size_t i = 0; i < n; i++) to[i] = from[(int64_t)i * step];                                        \
  }                                                                                                        \
  static void name##_out(T *restrict to, const T *restrict from, size_t n, int64_t step) {                 \
    for (size_t i = 0; i < n; i++) to[(int64_t)i * step] = from[i];                                        \
  }
STRIDED_COPY(uint8_t, copy_8)
STRIDED_COPY(uint16_t, copy_16)
STRIDED_COPY(uint32_t, copy_32)
STRIDED_COPY(uint64_t, copy_64)

static void copy_in(void *to, const void *from, size_t n, int64_t step, size_t bytes) {
  if (step == 1) {
    memcpy(to, from, n * bytes);
    return;
  }
  switch (bytes) {
    case 1: copy_8_in(to, from, n, step); return;
    case 2: copy_16_in(to, from, n, step); return;
    case 4: copy_32_in(to, from, n, step); return;
    default: copy_64_in(to, from, n, step); return;
  }
}

static void copy_out(void *to, const void *from, size_t n, int64_t step, size_t bytes) {
  if (step == 1) {
    memcpy(to, from, n * bytes);
    return;
  }
  switch (bytes) {
    case 1: copy_8_out(to, from, n, step); return;
    case 2: copy_16_out(to, from, n, step); return;
    case 4: copy_32_out(to, from, n, step); return;
    default: copy_64_out(to, from, n, step); return;
  }
}

void row_repeat(char *values, size_t bytes, size_t count) {
  size_t total = bytes * count;
  for (size_t done = bytes; done < total; done *= 2) {
    memcpy(values + done, values, done < total - done ? done : total - done);
  }
}

// Brings rows that lie evenly into `to`: along the rows when there is one column.
static void collect_even(const row_run *run, const martlet_row_operand *o, const char *from, char *to, size_t rows,
                         size_t bytes) {
  size_t columns = run->columns;
  if (columns == 1) {
    copy_in(to, from, rows, o->row_step, bytes);
    return;
  }
  if (o->row_step == 0 && o->column_stride != 0) {
    copy_in(to, from, columns, o->column_stride, bytes);
    row_repeat(to, columns * bytes, rows);
    return;
  }
  const row_unary fill = run->kernels->fill[row_log2_width(bytes)];
  for (size_t r = 0; r < rows; r++, from += o->row_step * (int64_t)bytes, to += columns * bytes) {
    if (o->column_stride == 0) {
      fill(to, from, columns);
    } else {
      copy_in(to, from, columns, o->column_stride, bytes);
    }
  }
}

// Brings a tile that is not contiguous into `to`.
static void collect(const row_run *run, const martlet_row_operand *o, char *to, size_t bytes) {
  for (size_t r = 0, rows; r < run->rows; r += rows) {
    rows = even_rows(o, run->first_row + r, run->rows - r);
    const char *from = row_address(run, o, run->first_row + r);
    collect_even(run, o, from, to + r * run->columns * bytes, rows, bytes);
  }
}

static void spread(const row_run *run, const martlet_row_operand *o, const char *from, size_t bytes) {
  size_t columns = run->columns;
  for (size_t r = 0, rows; r < run->rows; r += rows) {
    rows = even_rows(o, run->first_row + r, run->rows - r);
    char *to = row_address(run, o, run->first_row + r);
    if (columns == 1) {
      copy_out(to, from + r * bytes, rows, o->row_step, bytes);
      continue;
    }
    for (size_t k = 0; k < rows; k++, to += o->row_step * (int64_t)bytes) {
      copy_out(to, from + (r + k) * columns * bytes, columns, o->column_stride, bytes);
    }
  }
}

static char *register_memory(const row_run *run, uint16_t number) {
  const martlet_row_program *p = run->program;
  return run->is_row_stage ? run->row_memory + number * p->row_register_bytes
                           : run->tile_memory + number * p->register_bytes;
}

// An operand whose rows are all the same, repeated once for all tiles that have the same columns.
static const void *repeated(row_run *run, const martlet_row_operand *o, const void *source, size_t bytes) {
  row_held *held = &run->held[o->held - 1];
  if (held->source == source && held->columns == run->columns && held->rows >= run->rows) return held->memory;
  int half = row_is_half(o->type);
  size_t width = row_width(o->type);
  if (half) {
    copy_in(run->staging[0], source, run->columns, o->column_stride, bytes);
    run->kernels->widen[o->type - MARTLET_F16](held->memory, run->staging[0], run->columns);
  } else {
    copy_in(held->memory, source, run->columns, o->column_stride, bytes);
  }
  row_repeat(held->memory, run->columns * width, run->rows);
  held->source = source;
  held->columns = run->columns;
  held->rows = run->rows;
  return held->memory;
}

// One value for each row of the tile.
static void load_by_row(row_run *run, const martlet_row_operand *o, row_register *result, char *memory, size_t bytes) {
  int half = row_is_half(o->type);
  char *to = half ? run->staging[0] : memory;
  for (size_t r = 0, rows; r < run->rows; r += rows) {
    rows = even_rows(o, run->first_row + r, run->rows - r);
    copy_in(to + r * bytes, row_address(run, o, run->first_row + r), rows, o->row_step, bytes);
  }
  if (half) run->kernels->widen[o->type - MARTLET_F16](memory, to, run->rows);
  *result = (row_register){.data = memory, .is_by_row = 1};
}

void row_load(row_run *run, const martlet_row_instruction *i) {
  const martlet_row_operand *o = &run->program->operands[i->index];
  row_register *result = &(run->is_row_stage ? run->row : run->tile)[i->result];
  char *memory = register_memory(run, i->result);
  size_t bytes = martlet_type_bytes(o->type);
  int uniform = is_uniform(run, o), half = row_is_half(o->type);
  size_t count = uniform ? 1 : run->count;
  if (!uniform && o->column_stride == 0 && run->columns >= ROW_BY_ROW_COLUMNS && !run->is_row_stage) {
    load_by_row(run, o, result, memory, bytes);
    return;
  }
  const void *source = row_address(run, o, run->first_row);
  if (!uniform && o->held && run->rows > 1 && !run->is_row_stage && !run->is_stored[i->index] && has_step(run, o, 0)) {
    *result = (row_register){.data = repeated(run, o, source, bytes), .is_uniform = 0};
    return;
  }
  if (!uniform && !is_contiguous(run, o)) {
    char *to = half ? run->staging[0] : memory;
    collect(run, o, to, bytes);
    source = to;
  } else if (run->is_stored[i->index] && i->reserved && !half) {
    memcpy(memory, source, count * bytes);
    source = memory;
  }
  if (half) {
    run->kernels->widen[o->type - MARTLET_F16](memory, source, count);
    source = memory;
  }
  if (run->streams && !uniform && source != memory) run->ahead = (const char *)source + count * bytes;
  *result = (row_register){.data = source, .is_uniform = uniform};
}

const void *row_expanded(row_run *run, row_register source, size_t width, size_t staging) {
  row_unary fill = run->kernels->fill[row_log2_width(width)];
  char *values = run->staging[staging];
  if (source.is_by_row) {
    size_t bytes = run->columns * width;
    for (size_t r = 0; r < run->rows; r++) fill(values + r * bytes, (const char *)source.data + r * width, run->columns);
    return values;
  }
  if (!source.is_uniform) return source.data;
  fill(values, source.data, run->count);
  return values;
}

void *row_destination(const row_run *run, const martlet_row_instruction *store) {
  const martlet_row_operand *o = &run->program->operands[store->index];
  if (run->streams || row_is_half(o->type) || !is_contiguous(run, o)) return NULL;
  return row_address(run, o, run->first_row);
}

void row_store(row_run *run, const martlet_row_instruction *i) {
  const martlet_row_operand *o = &run->program->operands[i->index];
  row_register source = (run->is_row_stage ? run->row : run->tile)[i->a];
  const void *values = row_expanded(run, source, row_width(o->type), 0);
  size_t bytes = martlet_type_bytes(o->type);
  int contiguous = is_contiguous(run, o);
  char *to = row_address(run, o, run->first_row);
  if (row_is_half(o->type)) {
    void *narrow = contiguous ? to : run->staging[1];
    run->kernels->narrow[o->type - MARTLET_F16](narrow, values, run->count);
    if (!contiguous) spread(run, o, narrow, bytes);
    return;
  }
  if (!contiguous) {
    spread(run, o, values, bytes);
  } else if (run->streams) {
    run->kernels->stream(to, values, run->count * bytes);
  } else {
    memcpy(to, values, run->count * bytes);
  }
}
