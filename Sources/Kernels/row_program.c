// Checks row programs and derives what their runs need to know.
#include "row_program.h"

#include <string.h>

size_t martlet_type_bytes(uint8_t type) {
  static const uint8_t bytes[MARTLET_TYPE_COUNT] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
  return type < MARTLET_TYPE_COUNT ? bytes[type] : 0;
}

static int fail(martlet_row_error *error, uint64_t index) {
  if (error != NULL) *error = (martlet_row_error){.status = MARTLET_ROW_INVALID_PROGRAM, .index = index};
  return MARTLET_ROW_INVALID_PROGRAM;
}

// Which of a, b and c an opcode reads, as bits, and whether it writes a result.
static const struct {
  uint8_t reads, writes, tile_only;
} shapes[MARTLET_ROW_OPCODE_COUNT] = {
    [MARTLET_ROW_LOAD] = {0, 1, 0},         [MARTLET_ROW_STORE] = {1, 0, 0},
    [MARTLET_ROW_SCALAR] = {0, 1, 0},       [MARTLET_ROW_IOTA] = {0, 1, 0},
    [MARTLET_ROW_UNARY] = {1, 1, 0},        [MARTLET_ROW_BINARY] = {3, 1, 0},
    [MARTLET_ROW_COMPARE] = {3, 1, 0},      [MARTLET_ROW_SELECT] = {7, 1, 0},
    [MARTLET_ROW_CAST] = {1, 1, 0},         [MARTLET_ROW_MULTIPLY_ADD] = {7, 1, 0},
    [MARTLET_ROW_EXPAND] = {1, 1, 1},       [MARTLET_ROW_REDUCE] = {1, 1, 1},
    [MARTLET_ROW_SAVE] = {1, 0, 1},         [MARTLET_ROW_RESTORE] = {0, 1, 1},
    [MARTLET_ROW_COLUMN_REDUCE] = {1, 0, 1}, [MARTLET_ROW_PAIR] = {7, 1, 1}};

static uint8_t reads(const martlet_row_instruction *i) {
  int has_center = row_is_squares(i) && i->kind == MARTLET_REDUCE_SQUARED_DIFFERENCES;
  return shapes[i->opcode].reads | (has_center ? 2 : 0);
}

static int has_kernel(const martlet_row_instruction *i) {
  const row_kernels *kernels = &martlet_row_kernels_scalar;
  switch (i->opcode) {
    case MARTLET_ROW_UNARY: return i->kind < MARTLET_UNARY_COUNT && kernels->unary[i->type][i->kind] != NULL;
    case MARTLET_ROW_BINARY: return i->kind < MARTLET_BINARY_COUNT && kernels->binary[i->type][i->kind] != NULL;
    case MARTLET_ROW_COMPARE: return i->kind < MARTLET_COMPARE_COUNT;
    case MARTLET_ROW_CAST: return i->kind < MARTLET_TYPE_COUNT;
    case MARTLET_ROW_MULTIPLY_ADD: return kernels->multiply_add[i->type] != NULL;
    case MARTLET_ROW_PAIR: return i->type == MARTLET_F32 && i->kind < 32 && kernels->pair[i->kind] != NULL;
    case MARTLET_ROW_REDUCE:
    case MARTLET_ROW_COLUMN_REDUCE:
      return !row_is_squares(i) || (i->type == MARTLET_F32 && i->kind <= MARTLET_REDUCE_SQUARED_DIFFERENCES);
    case MARTLET_ROW_IOTA: return i->kind < MARTLET_ROW_MAX_DIMS || i->kind == MARTLET_ROW_IOTA_COLUMN;
    default: return 1;
  }
}

static int operands_are_valid(const martlet_row_program *p, const martlet_row_instruction *i, int is_row_stage) {
  if (i->opcode >= MARTLET_ROW_OPCODE_COUNT || i->type >= MARTLET_TYPE_COUNT) return 0;
  if (is_row_stage && shapes[i->opcode].tile_only) return 0;
  uint32_t count = is_row_stage ? p->row_registers : p->tile_registers;
  uint32_t results = i->opcode == MARTLET_ROW_REDUCE ? p->row_registers : count;
  uint32_t sources = i->opcode == MARTLET_ROW_EXPAND ? p->row_registers : count;
  const uint8_t read = reads(i);
  if (shapes[i->opcode].writes && i->result >= results) return 0;
  if ((read & 1) && i->a >= sources) return 0;
  if ((read & 2) && i->b >= sources) return 0;
  if ((read & 4) && i->c >= sources) return 0;
  switch (i->opcode) {
    case MARTLET_ROW_LOAD:
    case MARTLET_ROW_STORE:
    case MARTLET_ROW_COLUMN_REDUCE: return i->index < p->operand_count && p->operands[i->index].type == i->type;
    case MARTLET_ROW_SCALAR: return i->index < p->scalar_count;
    case MARTLET_ROW_SAVE:
    case MARTLET_ROW_RESTORE: return i->index < p->row_buffers;
    default: return 1;
  }
}

static int check_instructions(martlet_row_program *p, martlet_row_error *error) {
  for (uint32_t s = 0; s < p->stage_count; s++) {
    const martlet_row_stage *stage = &p->stages[s];
    if (stage->first > p->instruction_count) return fail(error, s);
    if (stage->count > p->instruction_count - stage->first) return fail(error, s);
    for (uint32_t k = stage->first; k < stage->first + stage->count; k++) {
      martlet_row_instruction *i = &p->instructions[k];
      if (!operands_are_valid(p, i, stage->is_row_stage) || !has_kernel(i)) return fail(error, k);
      if (i->opcode == MARTLET_ROW_REDUCE) i->index = p->row_reductions++;
      if (i->opcode == MARTLET_ROW_COLUMN_REDUCE) {
        if (p->column_reductions == MARTLET_ROW_MAX_COLUMN_REDUCTIONS) return fail(error, k);
        i->c = (uint16_t)p->column_reductions++;
      }
      size_t width = row_width(i->type);
      if (i->opcode == MARTLET_ROW_CAST && row_width(i->kind) > width) width = row_width(i->kind);
      if (width > p->width) p->width = width;
    }
  }
  return MARTLET_ROW_OK;
}

static int reads_register(const martlet_row_instruction *i, uint16_t number) {
  const uint8_t read = reads(i);
  return ((read & 1) && i->a == number) || ((read & 2) && i->b == number) || ((read & 4) && i->c == number);
}

// A value that is loaded may stay where it lies, even if its memory is written in the same stage, as long as nothing is
// stored before its last use. `reserved` says that something is.
static void mark_overtaken_loads(const martlet_row_program *p, const martlet_row_stage *stage) {
  martlet_row_instruction *i = p->instructions + stage->first;
  for (uint32_t k = 0; k < stage->count; k++) {
    if (i[k].opcode != MARTLET_ROW_LOAD) continue;
    uint32_t last = k, store = stage->count;
    for (uint32_t j = k + 1; j < stage->count; j++) {
      if (reads_register(&i[j], i[k].result)) last = j;
      if (i[j].opcode == MARTLET_ROW_STORE && store == stage->count) store = j;
      if (shapes[i[j].opcode].writes && i[j].opcode != MARTLET_ROW_REDUCE && i[j].result == i[k].result) break;
    }
    i[k].reserved = store < last;
  }
}

// Marks results that nobody reads but the store that comes next.
static void mark_stored_results(const martlet_row_program *p, const martlet_row_stage *stage) {
  martlet_row_instruction *i = p->instructions + stage->first;
  for (uint32_t k = 0; k < stage->count; k++) {
    if (i[k].opcode == MARTLET_ROW_LOAD) continue;
    i[k].reserved = 0;
    if (!shapes[i[k].opcode].writes || k + 1 == stage->count || stage->is_row_stage) continue;
    if (i[k + 1].opcode != MARTLET_ROW_STORE || i[k + 1].a != i[k].result) continue;
    uint32_t j = k + 2;
    while (j < stage->count && !reads_register(&i[j], i[k].result) &&
           !(shapes[i[j].opcode].writes && i[j].opcode != MARTLET_ROW_REDUCE && i[j].result == i[k].result)) {
      j++;
    }
    i[k].reserved = j == stage->count || !reads_register(&i[j], i[k].result);
  }
}

// Rows lie at equal steps as far as each outer dimension steps over exactly the dimensions inside it.
static void derive_steps(const martlet_row_program *p, martlet_row_operand *o) {
  o->is_linear = 1;
  o->row_step = 0;
  o->even_rows = 1;
  for (uint32_t d = p->dims; d-- > 0;) {
    if (p->sizes[d] == 1) continue;
    if (o->even_rows == 1) o->row_step = o->strides[d];
    if (o->strides[d] != o->row_step * (int64_t)o->even_rows) o->is_linear = 0;
    if (o->is_linear) o->even_rows *= p->sizes[d];
  }
}

// Whether values are only read and reduced, so that registers take no room.
static int only_reduces(const martlet_row_program *p) {
  for (uint32_t k = 0; k < p->instruction_count; k++) {
    uint8_t opcode = p->instructions[k].opcode;
    if (opcode != MARTLET_ROW_LOAD && opcode != MARTLET_ROW_REDUCE && opcode != MARTLET_ROW_COLUMN_REDUCE) return 0;
    // What is subtracted takes as much room as what it is subtracted from.
    if (row_is_squares(&p->instructions[k]) && p->instructions[k].kind != MARTLET_REDUCE_SQUARES) return 0;
  }
  return 1;
}

// Whether results go to memory at once and operands are read where they lie, so that registers take no room either.
static int only_passes_through(const martlet_row_program *p) {
  // What goes past the caches is formed in a register first.
  if (p->stage_count != 1 || p->stages[0].is_row_stage || p->rows * p->columns >= ROW_STREAM_ELEMENTS) return 0;
  for (uint32_t k = 0; k < p->instruction_count; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode == MARTLET_ROW_SCALAR || (shapes[i->opcode].writes && i->opcode != MARTLET_ROW_LOAD && i->reserved)) {
      continue;
    }
    if (i->opcode != MARTLET_ROW_LOAD && i->opcode != MARTLET_ROW_STORE) return 0;
    const martlet_row_operand *o = &p->operands[i->index];
    int is_adjacent = o->column_stride == 1 && (p->rows == 1 || (o->is_linear && o->row_step == (int64_t)p->columns));
    int is_one = o->column_stride == 0 && o->is_linear && o->row_step == 0;
    if (row_is_half(o->type) || !(is_adjacent || is_one)) return 0;
  }
  return 1;
}

// Tiles are sized so that the registers in use fill a first-level cache, or twice as much.
static void derive_tile(martlet_row_program *p) {
  // Rows that are reduced are worth larger ones: what is done once for every tile weighs more on them.
  size_t most = p->row_reductions > 0 ? 4096 : 2048, elements = 16 * most / ((p->tile_registers + 1) * p->width);
  // Whole reduction blocks, so that sums do not depend on the number of registers.
  elements = elements / ROW_REDUCTION_BLOCK * ROW_REDUCTION_BLOCK;
  elements = elements < 512 ? 512 : elements > most ? most : elements;
  // The more rows come together in a tile, the less often the accumulators of the columns are read and written.
  if (p->column_reductions > 0 && p->width <= 4 && only_reduces(p)) elements = 8192;
  if (only_passes_through(p)) elements = 32768 / p->width;
  p->tile_elements = elements;
  p->tile_rows = p->columns == 0 || p->columns > elements ? 1 : elements / p->columns;
  // An odd number of lines apart, so that registers do not compete for the same cache sets.
  p->register_bytes = elements * p->width + 64;
  p->row_register_bytes = p->tile_rows * 8 + 64;
  p->row_register_bytes = (p->row_register_bytes + 63) / 64 * 64;
  size_t held = p->columns > elements ? p->columns : elements;
  p->row_buffer_bytes = (held * p->width + 127) / 64 * 64;
}

// Operands that lie along the columns only, where a tile has several rows.
static void choose_held(martlet_row_program *p) {
  p->held_operands = 0;
  for (uint32_t k = 0; k < p->operand_count; k++) {
    martlet_row_operand *o = &p->operands[k];
    o->held = 0;
    if (o->row_step != 0 || o->column_stride == 0 || o->even_rows < 2 || p->columns < 2 || p->tile_rows < 2) continue;
    if (p->held_operands < ROW_HELD_OPERANDS) o->held = (uint8_t)++p->held_operands;
  }
}

int martlet_row_program_prepare(martlet_row_program *p, martlet_row_error *error) {
  if (p->dims > MARTLET_ROW_MAX_DIMS || p->group_dims > p->dims || p->operand_count > MARTLET_ROW_MAX_OPERANDS) {
    return fail(error, 0);
  }
  if (p->tile_registers > 4096 || p->row_registers > 4096) return fail(error, 0);
  p->rows = p->group_rows = 1;
  p->width = 1;
  p->column_reductions = p->row_reductions = 0;
  for (uint32_t d = 0; d < p->dims; d++) {
    if (__builtin_mul_overflow(p->rows, p->sizes[d], &p->rows)) return fail(error, d);
    if (d >= p->group_dims) p->group_rows *= p->sizes[d];
  }
  size_t elements;
  if (__builtin_mul_overflow(p->rows, p->columns, &elements)) return fail(error, p->dims);
  for (uint32_t k = 0; k < p->operand_count; k++) {
    if (p->operands[k].binding >= p->binding_count || p->operands[k].type >= MARTLET_TYPE_COUNT) return fail(error, k);
    derive_steps(p, &p->operands[k]);
  }
  int status = check_instructions(p, error);
  if (status != MARTLET_ROW_OK) return status;
  for (uint32_t s = 0; s < p->stage_count; s++) {
    mark_overtaken_loads(p, &p->stages[s]);
    mark_stored_results(p, &p->stages[s]);
  }
  derive_tile(p);
  choose_held(p);
  p->is_element_wise = p->stage_count == 1 && !p->stages[0].is_row_stage && p->row_reductions == 0;
  return MARTLET_ROW_OK;
}

size_t martlet_row_program_scratch_bytes(const martlet_row_program *p) {
  size_t descriptors = (p->tile_registers + p->row_registers) * sizeof(row_register);
  return 64 + (descriptors + 63) / 64 * 64 + p->tile_registers * p->register_bytes +
         p->row_registers * p->row_register_bytes + ROW_STAGING * (p->tile_elements * 8 + 64) +
         p->held_operands * p->register_bytes +
         (p->row_reductions * p->tile_rows * sizeof(row_accumulator) + 63) / 64 * 64 +
         p->row_buffers * p->row_buffer_bytes;
}
