// What the parts of the row-program interpreter share.
#ifndef MARTLET_ROW_PROGRAM_H
#define MARTLET_ROW_PROGRAM_H

#include "include/martlet_rows.h"
#include "row_kernels.h"

/// Buffers of a tile each in which broadcast operands are expanded and half precision is converted.
#define ROW_STAGING 3

/// Where the values of a register lie: in scratch memory, or directly in an operand or row buffer.
typedef struct row_register {
  const void *data;
  /// One value stands for all.
  int is_uniform;
  /// One value stands for each row of the tile, and they lie one after the other.
  int is_by_row;
} row_register;

/// Elements from which on results may go past the caches.
#define ROW_STREAM_ELEMENTS (1u << 21)

/// Columns from which on a value of each row is taken as it is, by a call of the kernel for each row.
#define ROW_BY_ROW_COLUMNS 32

/// Operands that a program keeps repeated over the rows of a tile, at most; more would leave the cache to nothing else.
#define ROW_HELD_OPERANDS 6

/// An operand whose rows are all the same, repeated over the rows of a tile as registers have it.
typedef struct row_held {
  const void *source;
  size_t rows, columns;
  char *memory;
} row_held;

/// One thread's part of a run.
typedef struct row_run {
  const martlet_row_program *program;
  const row_kernels *kernels;
  void *const *bindings;
  const uint64_t *scalars;
  /// For each operand: loads must copy because a store goes to the same pointer.
  const uint8_t *is_stored;
  /// Whether stores of this run go past the caches.
  int streams;

  row_register *tile, *row;
  char *tile_memory, *row_memory, *staging[ROW_STAGING], *buffers;
  row_accumulator *accumulators;
  row_held held[ROW_HELD_OPERANDS];
  /// Column reductions: `column_reductions` x columns, or NULL.
  row_accumulator *column_accumulators;

  /// The tile at hand.
  size_t first_row, rows, first_column, columns, count;
  /// Where the instruction at hand puts its result instead of its register's own memory, because the next one stores
  /// it there; or null.
  void *destination;
  /// Where the next tile of an operand lies that no cache holds, until it has been fetched; or null.
  const char *ahead;
  /// Whether `tile` and `row` are those of a row stage.
  int is_row_stage;
  /// Smallest flat position of a division by zero, or UINT64_MAX.
  uint64_t zero_division;
} row_run;

/// Bytes of one value of a type in registers.
static inline size_t row_width(uint8_t type) {
  return type == MARTLET_F16 || type == MARTLET_BF16 ? 4 : martlet_type_bytes(type);
}

/// Whether a reduction squares what it adds up.
static inline int row_is_squares(const martlet_row_instruction *i) {
  int is_reduction = i->opcode == MARTLET_ROW_REDUCE || i->opcode == MARTLET_ROW_COLUMN_REDUCE;
  return is_reduction && i->kind >= MARTLET_REDUCE_COUNT;
}

static inline int row_is_half(uint8_t type) { return type == MARTLET_F16 || type == MARTLET_BF16; }

static inline int row_log2_width(size_t width) { return width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3; }

/// Elements from the bound pointer to row `row`, column 0.
int64_t row_offset(const martlet_row_program *program, const martlet_row_operand *operand, size_t row);

/// Loads an operand into register `result` of the current space.
void row_load(row_run *run, const martlet_row_instruction *instruction);
/// Stores register `a`.
void row_store(row_run *run, const martlet_row_instruction *instruction);
/// Where a store of the tile at hand goes, if an instruction may write its result there itself; else null.
void *row_destination(const row_run *run, const martlet_row_instruction *store);
/// The values of a register one by one: `staging` receives them when the register is uniform or holds one a row.
const void *row_expanded(row_run *run, row_register source, size_t width, size_t staging);
/// Repeats the first `bytes` of `values` until there are `count` copies.
void row_repeat(char *values, size_t bytes, size_t count);
/// Fills accumulators with the identity of a reduction.
void row_identity(row_accumulator *accumulators, size_t count, uint8_t type, uint8_t kind);
/// The value of an accumulator in registers of `type`, rounded to it.
void row_finish(const row_run *run, const row_accumulator *accumulator, uint8_t type, void *result);

/// Sets up a run over `scratch`.
void row_begin(row_run *run, void *scratch);
/// Runs the instructions of a stage on the tile at hand.
void row_execute(row_run *run, const martlet_row_stage *stage);
/// Runs a row stage on the rows at hand.
void row_execute_row_stage(row_run *run, const martlet_row_stage *stage);
/// Runs a tile stage on columns `first..<last` of the rows at hand, adding to the row accumulators.
void row_execute_columns(row_run *run, const martlet_row_stage *stage, size_t first, size_t last);
/// Moves the row accumulators of a stage into its row registers.
void row_end_reductions(row_run *run, const martlet_row_stage *stage);
/// Runs all stages on rows `first..<last`, columns `first_column..<last_column`.
void row_run_block(row_run *run, size_t first, size_t last, size_t first_column, size_t last_column);

#endif
