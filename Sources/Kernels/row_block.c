// Runs the stages of a row program over a block of the domain, tile by tile.
#include <math.h>
#include <string.h>

#include "row_program.h"

/// Columns from which on an instruction is worth its dispatch.
enum { PART_COLUMNS = 256 };

void row_begin(row_run *run, void *scratch) {
  const martlet_row_program *p = run->program;
  char *at = scratch;
  run->tile = (row_register *)(void *)at;
  run->row = run->tile + p->tile_registers;
  at += ((p->tile_registers + p->row_registers) * sizeof(row_register) + 63) / 64 * 64;
  run->tile_memory = at;
  at += p->tile_registers * p->register_bytes;
  run->row_memory = at;
  at += p->row_registers * p->row_register_bytes;
  for (size_t k = 0; k < ROW_STAGING; k++, at += p->tile_elements * 8 + 64) run->staging[k] = at;
  for (size_t k = 0; k < p->held_operands; k++, at += p->register_bytes) run->held[k] = (row_held){.memory = at};
  run->accumulators = (row_accumulator *)(void *)at;
  at += (p->row_reductions * p->tile_rows * sizeof(row_accumulator) + 63) / 64 * 64;
  run->buffers = at;
  run->zero_division = UINT64_MAX;
  run->is_row_stage = 0;
  run->destination = NULL;
  run->ahead = NULL;
}

static row_accumulator identity(uint8_t type, uint8_t kind) {
  int is_max = kind == MARTLET_REDUCE_MAX;
  if (kind == MARTLET_REDUCE_SUM || kind >= MARTLET_REDUCE_COUNT || kind == MARTLET_REDUCE_PRODUCT) {
    int one = kind == MARTLET_REDUCE_PRODUCT;
    return type >= MARTLET_F16 ? (row_accumulator){.d = one} : (row_accumulator){.u = (uint64_t)one};
  }
  switch (type) {
    case MARTLET_BOOL:
    case MARTLET_U8:
    case MARTLET_U16:
    case MARTLET_U32:
    case MARTLET_U64: {
      unsigned bits = type == MARTLET_BOOL ? 1 : (unsigned)(8 * martlet_type_bytes(type));
      return (row_accumulator){.u = is_max ? 0 : UINT64_MAX >> (64 - bits)};
    }
    case MARTLET_I8:
    case MARTLET_I16:
    case MARTLET_I32:
    case MARTLET_I64: {
      int64_t highest = INT64_MAX >> (64 - 8 * martlet_type_bytes(type));
      return (row_accumulator){.i = is_max ? -highest - 1 : highest};
    }
    default: return (row_accumulator){.d = is_max ? -INFINITY : INFINITY};
  }
}

void row_identity(row_accumulator *accumulators, size_t count, uint8_t type, uint8_t kind) {
  row_accumulator value = identity(type, kind);
  for (size_t k = 0; k < count; k++) accumulators[k] = value;
}

void row_finish(const row_run *run, const row_accumulator *accumulator, uint8_t type, void *result) {
  if (type == MARTLET_F64) {
    memcpy(result, &accumulator->d, 8);
  } else if (type >= MARTLET_F16) {
    float value = (float)accumulator->d;
    memcpy(result, &value, 4);
    if (row_is_half(type)) run->kernels->round[type - MARTLET_F16](result, result, 1);
  } else {
    memcpy(result, &accumulator->u, martlet_type_bytes(type));
  }
}

static void begin_reductions(row_run *run, const martlet_row_stage *stage) {
  const martlet_row_program *p = run->program;
  for (uint32_t k = stage->first; k < stage->first + stage->count; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode == MARTLET_ROW_REDUCE) {
      row_identity(run->accumulators + i->index * p->tile_rows, run->rows, i->type, i->kind);
    }
  }
}

void row_end_reductions(row_run *run, const martlet_row_stage *stage) {
  const martlet_row_program *p = run->program;
  for (uint32_t k = stage->first; k < stage->first + stage->count; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode != MARTLET_ROW_REDUCE) continue;
    char *memory = run->row_memory + i->result * p->row_register_bytes;
    size_t width = row_width(i->type);
    for (size_t r = 0; r < run->rows; r++) {
      row_finish(run, &run->accumulators[i->index * p->tile_rows + r], i->type, memory + r * width);
    }
    run->row[i->result] = (row_register){.data = memory, .is_uniform = 0};
  }
}

void row_execute_row_stage(row_run *run, const martlet_row_stage *stage) {
  run->is_row_stage = 1;
  run->first_column = 0;
  run->columns = 1;
  run->count = run->rows;
  row_execute(run, stage);
  run->is_row_stage = 0;
}

void row_execute_columns(row_run *run, const martlet_row_stage *stage, size_t first, size_t last) {
  size_t step = run->rows > 1 ? last - first : run->program->tile_elements;
  for (size_t c = first; c < last; c += step) {
    run->first_column = c;
    run->columns = last - c < step ? last - c : step;
    run->count = run->rows * run->columns;
    row_execute(run, stage);
  }
}

void row_run_block(row_run *run, size_t first, size_t last, size_t first_column, size_t last_column) {
  const martlet_row_program *p = run->program;
  size_t width = last_column - first_column;
  size_t fitting = width == 0 || width > p->tile_elements ? 1 : p->tile_elements / width;
  if (fitting > p->tile_rows && p->row_registers > 0) fitting = p->tile_rows;
  // Rows of a part of the columns do not touch: one at a time they need no copies on the way.
  if (width != p->columns && width >= PART_COLUMNS) fitting = 1;
  for (size_t row = first; row < last; row += fitting) {
    run->first_row = row;
    run->rows = last - row < fitting ? last - row : fitting;
    for (uint32_t s = 0; s < p->stage_count; s++) {
      const martlet_row_stage *stage = &p->stages[s];
      if (stage->is_row_stage) {
        row_execute_row_stage(run, stage);
        continue;
      }
      begin_reductions(run, stage);
      row_execute_columns(run, stage, first_column, last_column);
      row_end_reductions(run, stage);
    }
  }
}
