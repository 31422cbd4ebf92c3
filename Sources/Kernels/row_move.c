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

// Whether the tile at hand is one contiguous piece of the operand.
static int is_contiguous(const row_run *run, const martlet_row_operand *o) {
  if (run->columns == 1) return run->rows == 1 || (o->is_linear && o->row_step == 1);
  if (o->column_stride != 1) return 0;
  return run->rows == 1 || (o->is_linear && o->row_step == (int64_t)run->columns);
}

static int is_uniform(const row_run *run, const martlet_row_operand *o) {
  int across_columns = o->column_stride == 0 || run->columns == 1;
  return across_columns && (run->rows == 1 || (o->is_linear && o->row_step == 0));
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

// Brings a tile that is not contiguous into `to`, row by row, or along the rows when columns are few.
static void collect(const row_run *run, const martlet_row_operand *o, char *to, size_t bytes) {
  if (o->is_linear && run->columns == 1) {
    copy_in(to, row_address(run, o, run->first_row), run->rows, o->row_step, bytes);
    return;
  }
  for (size_t r = 0; r < run->rows; r++) {
    const char *from = row_address(run, o, run->first_row + r);
    copy_in(to + r * run->columns * bytes, from, run->columns, o->column_stride, bytes);
  }
}

static void spread(const row_run *run, const martlet_row_operand *o, const char *from, size_t bytes) {
  if (o->is_linear && run->columns == 1) {
    copy_out(row_address(run, o, run->first_row), from, run->rows, o->row_step, bytes);
    return;
  }
  for (size_t r = 0; r < run->rows; r++) {
    char *to = row_address(run, o, run->first_row + r);
    copy_out(to, from + r * run->columns * bytes, run->columns, o->column_stride, bytes);
  }
}

static char *register_memory(const row_run *run, uint16_t number) {
  const martlet_row_program *p = run->program;
  return run->is_row_stage ? run->row_memory + number * p->row_register_bytes
                           : run->tile_memory + number * p->register_bytes;
}

void row_load(row_run *run, const martlet_row_instruction *i) {
  const martlet_row_operand *o = &run->program->operands[i->index];
  row_register *result = &(run->is_row_stage ? run->row : run->tile)[i->result];
  char *memory = register_memory(run, i->result);
  size_t bytes = martlet_type_bytes(o->type);
  int uniform = is_uniform(run, o), half = row_is_half(o->type);
  size_t count = uniform ? 1 : run->count;
  const void *source = row_address(run, o, run->first_row);
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
  *result = (row_register){.data = source, .is_uniform = uniform};
}

const void *row_expanded(row_run *run, row_register source, size_t width, size_t staging) {
  if (!source.is_uniform) return source.data;
  run->kernels->fill[row_log2_width(width)](run->staging[staging], source.data, run->count);
  return run->staging[staging];
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
