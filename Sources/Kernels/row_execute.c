// The interpreter: one dispatch for each instruction and tile.
#include <math.h>
#include <string.h>

#include "half.h"
#include "row_program.h"

static row_register *space(row_run *run) { return run->is_row_stage ? run->row : run->tile; }

static char *result_memory(const row_run *run, uint16_t number) {
  const martlet_row_program *p = run->program;
  if (run->destination) return run->destination;
  return run->is_row_stage ? run->row_memory + number * p->row_register_bytes
                           : run->tile_memory + number * p->register_bytes;
}

// Half precision is float32 in registers, rounded after every operation.
static void round_half(const row_run *run, uint8_t type, void *values, size_t count) {
  if (row_is_half(type)) run->kernels->round[type - MARTLET_F16](values, values, count);
}

// As `round_half`, unless the store that follows, and nobody else, takes the result: that rounds anyway.
static void round_result(const row_run *run, const martlet_row_instruction *i, uint8_t type, void *values,
                         size_t count) {
  if (!i->reserved) round_half(run, type, values, count);
}

static void define(row_run *run, uint16_t number, const void *data, int is_uniform) {
  space(run)[number] = (row_register){.data = data, .is_uniform = is_uniform};
}

// As many values as the operand stands for.
static size_t held_count(const row_run *run, row_register source) {
  return source.is_uniform ? 1 : source.is_by_row ? run->rows : run->count;
}

// A result with as many values as the operand.
static void define_like(row_run *run, uint16_t number, const void *data, row_register source) {
  space(run)[number] = (row_register){.data = data, .is_uniform = source.is_uniform, .is_by_row = source.is_by_row};
}

static void load_scalar(row_run *run, const martlet_row_instruction *i) {
  char *memory = result_memory(run, i->result);
  memcpy(memory, &run->scalars[i->index], row_width(i->type));
  if (row_is_half(i->type)) {
    uint16_t bits = (uint16_t)run->scalars[i->index];
    run->kernels->widen[i->type - MARTLET_F16](memory, &bits, 1);
  }
  define(run, i->result, memory, 1);
}

static size_t index_along(const martlet_row_program *p, uint8_t dimension, size_t row) {
  for (uint32_t d = p->dims; d-- > 0;) {
    if (d == dimension) return row % p->sizes[d];
    row /= p->sizes[d];
  }
  return 0;
}

// The numbers of the columns, the same in every row.
static void count_columns(row_run *run, char *memory, uint8_t type) {
  size_t bytes = run->columns * row_width(type);
  run->kernels->count[type](memory, (int64_t)run->first_column, run->columns);
  round_half(run, type, memory, run->columns);
  row_repeat(memory, bytes, run->rows);
}

// The index along an outer dimension, the same in all columns of a row.
static void count_rows(row_run *run, char *memory, const martlet_row_instruction *i) {
  size_t width = row_width(i->type);
  row_unary fill = run->kernels->fill[row_log2_width(width)];
  for (size_t r = 0; r < run->rows; r++) {
    uint64_t value;
    run->kernels->count[i->type](&value, (int64_t)index_along(run->program, i->kind, run->first_row + r), 1);
    round_half(run, i->type, &value, 1);
    fill(memory + r * run->columns * width, &value, run->rows == 1 ? 1 : run->columns);
  }
}

static void fill_iota(row_run *run, const martlet_row_instruction *i) {
  char *memory = result_memory(run, i->result);
  int is_uniform = i->kind != MARTLET_ROW_IOTA_COLUMN && run->rows == 1;
  if (i->kind == MARTLET_ROW_IOTA_COLUMN) {
    count_columns(run, memory, i->type);
  } else {
    count_rows(run, memory, i);
  }
  define(run, i->result, memory, is_uniform);
}

// A function of float32, part by part, while the next tile comes from memory.
static void apply_fetching(row_run *run, row_unary kernel, float *to, const float *from, size_t count) {
  enum { part = 256, line = 64 };
  for (size_t k = 0; k < count; k += part) {
    const size_t n = count - k < part ? count - k : part;
    for (size_t byte = 0; byte < n * sizeof(float); byte += line) {
      __builtin_prefetch(run->ahead + k * sizeof(float) + byte);
    }
    kernel(to + k, from + k, n);
  }
  run->ahead = NULL;
}

static void apply_unary(row_run *run, const martlet_row_instruction *i) {
  row_register a = space(run)[i->a];
  size_t count = held_count(run, a);
  char *memory = result_memory(run, i->result);
  row_unary kernel = run->kernels->unary[i->type][i->kind];
  int gives_bool = i->kind == MARTLET_UNARY_LOGICAL_NOT ||
                   (i->kind >= MARTLET_UNARY_ISNAN && i->kind <= MARTLET_UNARY_ISFINITE);
  // What is read from memory here comes meanwhile in any case.
  const int reads_memory = a.data == run->ahead - count * row_width(i->type);
  if (run->ahead != NULL && i->type == MARTLET_F32 && !gives_bool && count == run->count && !reads_memory) {
    apply_fetching(run, kernel, (float *)(void *)memory, a.data, count);
  } else {
    kernel(memory, a.data, count);
  }
  if (!gives_bool) round_result(run, i, i->type, memory, count);
  define_like(run, i->result, memory, a);
}

static void apply_cast(row_run *run, const martlet_row_instruction *i) {
  row_register a = space(run)[i->a];
  size_t count = held_count(run, a);
  if (i->reserved && row_is_half(i->kind) && i->type >= MARTLET_F16 && i->type <= MARTLET_F32) {
    // Floats already, and the store rounds them.
    define_like(run, i->result, a.data, a);
    return;
  }
  // Widening in place would overwrite what is still to be read.
  char *memory = result_memory(run, i->result);
  char *to = a.data == memory ? run->staging[0] : memory;
  run->kernels->cast[i->type][i->kind](to, a.data, count);
  if (to != memory) memcpy(memory, to, count * row_width(i->kind));
  round_result(run, i, i->kind, memory, count);
  define_like(run, i->result, memory, a);
}

static int is_integer_division(const martlet_row_instruction *i) {
  if (i->type >= MARTLET_F16) return 0;
  return i->kind == MARTLET_BINARY_DIVIDE || i->kind == MARTLET_BINARY_FLOOR_DIVIDE ||
         i->kind == MARTLET_BINARY_REMAINDER || i->kind == MARTLET_BINARY_MODULO;
}

static void report_zeros(row_run *run, const void *divisors, size_t width, size_t count) {
  const char *bytes = divisors;
  for (size_t k = 0; k < count; k++) {
    uint64_t value = 0;
    memcpy(&value, bytes + k * width, width);
    if (value != 0) continue;
    size_t row = run->first_row + (run->is_row_stage ? k : k / run->columns);
    size_t column = run->is_row_stage ? 0 : run->first_column + k % run->columns;
    uint64_t flat = (uint64_t)row * run->program->columns + column;
    if (flat < run->zero_division) run->zero_division = flat;
    return;
  }
}

// Neighbors of a half-precision value are found in its own 16 bits.
static void apply_nextafter_half(float *out, const float *a, const float *b, size_t n, uint8_t type) {
  for (size_t k = 0; k < n; k++) {
    if (a[k] != a[k] || b[k] != b[k]) {
      out[k] = NAN;
    } else if (a[k] == b[k]) {
      out[k] = b[k];
    } else {
      uint16_t bits = type == MARTLET_F16 ? f16_from_float(a[k]) : bf16_from_float(a[k]);
      int is_up = b[k] > a[k];
      if (a[k] == 0) {
        bits = is_up ? 1 : 0x8001;
      } else {
        bits = (uint16_t)(bits + ((a[k] > 0) == is_up ? 1 : -1));
      }
      out[k] = type == MARTLET_F16 ? float_from_f16(bits) : float_from_bf16(bits);
    }
  }
}

// Comparisons and the cheap arithmetic take a uniform operand as it is; the rest gets a full tile.
static int takes_uniform(const martlet_row_instruction *i) {
  if (i->opcode == MARTLET_ROW_COMPARE || i->kind >= MARTLET_BINARY_IF_LESS) return 1;
  if (i->type >= MARTLET_F16) return i->kind <= MARTLET_BINARY_MINIMUM;
  return i->kind <= MARTLET_BINARY_MULTIPLY || i->kind == MARTLET_BINARY_MAXIMUM ||
         i->kind == MARTLET_BINARY_MINIMUM || (i->kind >= MARTLET_BINARY_AND && i->kind <= MARTLET_BINARY_XOR);
}

// A full operand and one with a value for each row. First rows first, since a result that is narrower than the operand
// may overwrite it; but last rows first where it is the values of the rows that lie where the result goes.
static void apply_by_row(row_run *run, const martlet_row_instruction *i, row_binary kernel, row_register a,
                         row_register b, char *memory) {
  size_t width = row_width(i->type), result_width = i->opcode == MARTLET_ROW_COMPARE ? 1 : width;
  size_t x_step = a.is_by_row ? width : run->columns * width, y_step = b.is_by_row ? width : run->columns * width;
  unsigned flags = a.is_by_row ? ROW_UNIFORM_A : ROW_UNIFORM_B;
  const char *x = a.data, *y = b.data;
  int is_backward = (a.is_by_row ? x : y) == memory;
  for (size_t k = 0; k < run->rows; k++) {
    size_t r = is_backward ? run->rows - 1 - k : k;
    kernel(memory + r * run->columns * result_width, x + r * x_step, y + r * y_step, run->columns, flags);
  }
}

static void apply_binary(row_run *run, const martlet_row_instruction *i) {
  row_register a = space(run)[i->a], b = space(run)[i->b];
  int compares = i->opcode == MARTLET_ROW_COMPARE, divides = !compares && is_integer_division(i);
  size_t width = row_width(i->type);
  char *memory = result_memory(run, i->result);
  row_binary kernel = compares ? run->kernels->compare[i->type][i->kind] : run->kernels->binary[i->type][i->kind];
  int is_full = !(a.is_uniform || a.is_by_row) || !(b.is_uniform || b.is_by_row);
  if ((a.is_by_row || b.is_by_row) && is_full && !a.is_uniform && !b.is_uniform && takes_uniform(i)) {
    apply_by_row(run, i, kernel, a, b, memory);
    if (!compares) round_result(run, i, i->type, memory, run->count);
    define(run, i->result, memory, 0);
    return;
  }
  if ((is_full || divides) && a.is_by_row) a = (row_register){.data = row_expanded(run, a, width, 0)};
  if ((is_full || divides) && b.is_by_row) b = (row_register){.data = row_expanded(run, b, width, 1)};
  row_register like = {.is_uniform = a.is_uniform && b.is_uniform, .is_by_row = a.is_by_row || b.is_by_row};
  size_t count = held_count(run, like);
  unsigned flags = like.is_uniform ? 0 : (a.is_uniform ? ROW_UNIFORM_A : 0) | (b.is_uniform ? ROW_UNIFORM_B : 0);
  const void *x = a.data, *y = b.data;
  if (flags != 0 && !takes_uniform(i)) {
    x = row_expanded(run, a, width, 0);
    y = row_expanded(run, b, width, 1);
    flags = 0;
  }
  if (divides) report_zeros(run, y, width, b.is_uniform ? 1 : count);
  if (!compares && i->kind == MARTLET_BINARY_NEXTAFTER && row_is_half(i->type)) {
    apply_nextafter_half((float *)(void *)memory, x, y, count, i->type);
  } else {
    kernel(memory, x, y, count, flags);
    if (!compares) round_result(run, i, i->type, memory, count);
  }
  define_like(run, i->result, memory, like);
}

// Two operations in one. With values of rows beside a full operand, a call for each row, the last first: the values may
// lie where the result goes, and are as wide.
static void apply_pair(row_run *run, const martlet_row_instruction *i) {
  const row_register sources[3] = {run->tile[i->a], run->tile[i->b], run->tile[i->c]};
  row_pair kernel = run->kernels->pair[i->kind];
  char *memory = result_memory(run, i->result);
  unsigned uniform = 0, by_row = 0;
  const char *data[3];
  size_t steps[3];
  for (unsigned k = 0; k < 3; k++) {
    data[k] = sources[k].data;
    uniform |= sources[k].is_uniform ? 1u << k : 0;
    by_row |= sources[k].is_by_row ? 1u << k : 0;
    steps[k] = sources[k].is_uniform ? 0 : sources[k].is_by_row ? sizeof(float) : run->columns * sizeof(float);
  }
  if (by_row != 0 && (uniform | by_row) != 7) {
    for (size_t r = run->rows; r-- > 0;) {
      kernel(memory + r * run->columns * sizeof(float), data[0] + r * steps[0], data[1] + r * steps[1],
             data[2] + r * steps[2], run->columns, uniform | by_row);
    }
    define(run, i->result, memory, 0);
    return;
  }
  row_register like = {.is_uniform = uniform == 7, .is_by_row = by_row != 0};
  kernel(memory, data[0], data[1], data[2], held_count(run, like), uniform);
  define_like(run, i->result, memory, like);
}

static void apply_ternary(row_run *run, const martlet_row_instruction *i) {
  row_register a = space(run)[i->a], b = space(run)[i->b], c = space(run)[i->c];
  int selects = i->opcode == MARTLET_ROW_SELECT, uniform = a.is_uniform && b.is_uniform && c.is_uniform;
  size_t width = row_width(i->type), count = uniform ? 1 : run->count;
  // A selection takes a uniform value as it is.
  unsigned flags = selects && !uniform ? (b.is_uniform ? ROW_UNIFORM_A : 0) | (c.is_uniform ? ROW_UNIFORM_B : 0) : 0;
  const void *x = uniform ? a.data : row_expanded(run, a, selects ? 1 : width, 0);
  const void *y = uniform || (flags & ROW_UNIFORM_A) ? b.data : row_expanded(run, b, width, 1);
  const void *z = uniform || (flags & ROW_UNIFORM_B) ? c.data : row_expanded(run, c, width, 2);
  char *memory = result_memory(run, i->result);
  // A condition is narrower than the result, so it may not be overwritten while it is read.
  char *to = selects && width > 1 && x == memory ? run->staging[0] : memory;
  if (selects) {
    run->kernels->select[row_log2_width(width)](to, x, y, z, count, flags);
  } else {
    run->kernels->multiply_add[i->type](to, x, y, z, count);
    round_result(run, i, i->type, to, count);
  }
  if (to != memory) memcpy(memory, to, count * width);
  define(run, i->result, memory, uniform);
}

static void expand_rows(row_run *run, const martlet_row_instruction *i) {
  row_register source = run->row[i->a];
  if (source.is_uniform || run->rows == 1) {
    define(run, i->result, source.data, 1);
    return;
  }
  if (run->columns >= ROW_BY_ROW_COLUMNS) {
    run->tile[i->result] = (row_register){.data = source.data, .is_by_row = 1};
    return;
  }
  size_t width = row_width(i->type);
  row_unary fill = run->kernels->fill[row_log2_width(width)];
  char *memory = result_memory(run, i->result);
  const char *values = source.data;
  for (size_t r = 0; r < run->rows; r++) {
    fill(memory + r * run->columns * width, values + r * width, run->columns);
  }
  define(run, i->result, memory, 0);
}

// The center of each square; with 0 in place of what is not there.
static row_register center_of(const row_run *run, const martlet_row_instruction *i) {
  static const float zero = 0.0f;
  if (i->kind == MARTLET_REDUCE_SQUARES) return (row_register){.data = &zero, .is_uniform = 1};
  return run->tile[i->b];
}

// The squares themselves, where no kernel forms them on the way.
static const float *form_squares(row_run *run, const martlet_row_instruction *i) {
  float *squares = (float *)(void *)run->staging[1];
  const row_binary *binary = run->kernels->binary[MARTLET_F32];
  const void *centers = row_expanded(run, center_of(run, i), sizeof(float), 1);
  binary[MARTLET_BINARY_SUBTRACT](squares, row_expanded(run, run->tile[i->a], sizeof(float), 0), centers, run->count, 0);
  binary[MARTLET_BINARY_MULTIPLY](squares, squares, squares, run->count, 0);
  return squares;
}

static void reduce_squares(row_run *run, const martlet_row_instruction *i) {
  row_register center = center_of(run, i);
  row_accumulator *accumulators = run->accumulators + i->index * run->program->tile_rows;
  int is_full = !center.is_uniform && !center.is_by_row;
  const float *values = is_full ? form_squares(run, i) : row_expanded(run, run->tile[i->a], sizeof(float), 0);
  const float *centers = center.data;
  for (size_t r = 0; r < run->rows; r++, values += run->columns) {
    if (is_full) {
      run->kernels->reduce[MARTLET_F32][MARTLET_REDUCE_SUM](values, run->columns, &accumulators[r]);
    } else {
      run->kernels->squares(values, centers[center.is_by_row ? r : 0], run->columns, &accumulators[r]);
    }
  }
}

static void reduce_rows(row_run *run, const martlet_row_instruction *i) {
  if (row_is_squares(i)) {
    reduce_squares(run, i);
    return;
  }
  size_t width = row_width(i->type);
  const char *values = row_expanded(run, run->tile[i->a], width, 0);
  row_reduce reduce = run->kernels->reduce[i->type][i->kind];
  row_accumulator *accumulators = run->accumulators + i->index * run->program->tile_rows;
  for (size_t r = 0; r < run->rows; r++) {
    reduce(values + r * run->columns * width, run->columns, &accumulators[r]);
  }
}

// The rows of a tile as one. Floating point by a kernel that reads every element once; else, and when rows are short,
// halves of the rows are combined until one row is left, which makes long runs of vectors. An odd row waits for the next
// round.
static const char *fold_rows(row_run *run, const martlet_row_instruction *i, const char *values) {
  static const uint8_t operation[MARTLET_REDUCE_COUNT] = {MARTLET_BINARY_ADD, MARTLET_BINARY_MULTIPLY,
                                                          MARTLET_BINARY_MAXIMUM, MARTLET_BINARY_MINIMUM};
  size_t width = row_width(i->type), columns = run->columns, rows = run->rows;
  char *folded = run->staging[1];
  if (rows == 1) return values;
  if (i->type >= MARTLET_F16 && columns >= ROW_FOLD_COLUMNS) {
    run->kernels->fold[i->type == MARTLET_F64][i->kind](folded, values, NULL, rows, columns);
    return folded;
  }
  row_binary combine = run->kernels->binary[i->type][operation[i->kind]];
  while (rows > 1) {
    size_t half = rows / 2, kept = rows - half;
    const char *upper = values + kept * columns * width;
    combine(folded, values, upper, half * columns, 0);
    if (kept > half && values != folded) {
      memcpy(folded + half * columns * width, values + half * columns * width, columns * width);
    }
    values = folded;
    rows = kept;
  }
  return values;
}

// The rows of a tile as one, of squares.
static const char *fold_squares(row_run *run, const martlet_row_instruction *i) {
  row_register center = center_of(run, i);
  if (run->rows == 1 || run->columns < ROW_FOLD_COLUMNS) {
    martlet_row_instruction sum = *i;
    sum.kind = MARTLET_REDUCE_SUM;
    return fold_rows(run, &sum, (const char *)form_squares(run, i));
  }
  const void *values = row_expanded(run, run->tile[i->a], sizeof(float), 0);
  int has_center = i->kind == MARTLET_REDUCE_SQUARED_DIFFERENCES;
  const void *centers = has_center ? row_expanded(run, center, sizeof(float), 1) : NULL;
  run->kernels->fold_squares[i->kind - MARTLET_REDUCE_SQUARES](run->staging[2], values, centers, run->rows, run->columns);
  return run->staging[2];
}

static void reduce_columns(row_run *run, const martlet_row_instruction *i) {
  int is_squares = row_is_squares(i);
  const char *values = is_squares ? fold_squares(run, i)
                                  : fold_rows(run, i, row_expanded(run, run->tile[i->a], row_width(i->type), 0));
  row_accumulator *accumulators = run->column_accumulators + i->c * run->program->columns + run->first_column;
  run->kernels->accumulate[i->type][is_squares ? MARTLET_REDUCE_SUM : i->kind](accumulators, values, run->columns);
}

static void save_or_restore(row_run *run, const martlet_row_instruction *i) {
  size_t width = row_width(i->type);
  char *held = run->buffers + i->index * run->program->row_buffer_bytes;
  if (run->rows == 1) held += run->first_column * width;
  if (i->opcode == MARTLET_ROW_RESTORE) {
    define(run, i->result, held, 0);
    return;
  }
  memcpy(held, row_expanded(run, run->tile[i->a], width, 0), run->count * width);
}

// Whether an instruction writes its result element by element, as a store would.
static int may_write_memory(const martlet_row_instruction *i) {
  switch (i->opcode) {
    case MARTLET_ROW_UNARY:
    case MARTLET_ROW_BINARY:
    case MARTLET_ROW_COMPARE:
    case MARTLET_ROW_SELECT:
    case MARTLET_ROW_MULTIPLY_ADD:
    case MARTLET_ROW_PAIR:
    case MARTLET_ROW_CAST: return 1;
    default: return 0;
  }
}

void row_execute(row_run *run, const martlet_row_stage *stage) {
  const martlet_row_instruction *i = run->program->instructions + stage->first;
  for (const martlet_row_instruction *end = i + stage->count; i < end; i++) {
    const martlet_row_instruction *next = i + 1;
    const int is_stored = next < end && next->opcode == MARTLET_ROW_STORE && next->a == i->result;
    run->destination = is_stored && may_write_memory(i) ? row_destination(run, next) : NULL;
    switch ((martlet_row_opcode)i->opcode) {
      case MARTLET_ROW_LOAD: row_load(run, i); break;
      case MARTLET_ROW_STORE: row_store(run, i); break;
      case MARTLET_ROW_SCALAR: load_scalar(run, i); break;
      case MARTLET_ROW_IOTA: fill_iota(run, i); break;
      case MARTLET_ROW_UNARY: apply_unary(run, i); break;
      case MARTLET_ROW_BINARY:
      case MARTLET_ROW_COMPARE: apply_binary(run, i); break;
      case MARTLET_ROW_SELECT:
      case MARTLET_ROW_MULTIPLY_ADD: apply_ternary(run, i); break;
      case MARTLET_ROW_PAIR: apply_pair(run, i); break;
      case MARTLET_ROW_CAST: apply_cast(run, i); break;
      case MARTLET_ROW_EXPAND: expand_rows(run, i); break;
      case MARTLET_ROW_REDUCE: reduce_rows(run, i); break;
      case MARTLET_ROW_SAVE:
      case MARTLET_ROW_RESTORE: save_or_restore(run, i); break;
      case MARTLET_ROW_COLUMN_REDUCE: reduce_columns(run, i); break;
    }
    // A single value, for all or for a row, is left to the store, which repeats it.
    if (run->destination && !space(run)[i->result].is_uniform && !space(run)[i->result].is_by_row) i = next;
  }
  run->destination = NULL;
}
