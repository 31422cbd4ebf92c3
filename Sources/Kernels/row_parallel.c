// Cuts row programs into chunks for the pool. Where chunks end depends on shapes only, and partial
// results are combined in the order of the chunks: the bits are the same for any number of threads.
#include <stdlib.h>
#include <string.h>

#include "row_program.h"
#include "row_runtime.h"

/// Elements of a chunk: long against handing it out, short against the whole of a large tensor.
#define CHUNK_ELEMENTS 32768
/// Elements times instructions below which waking another thread costs more than it brings.
#define SERIAL_WORK 131072
/// Columns of one row from which a row is cut into pieces, when there are few rows.
#define SPLIT_COLUMNS 65536
#define SPLIT_ROWS 16
/// What is larger than this does not stay in a cache until it is read.
#define STREAM_BYTES (32u << 20)

/// A run as all threads see it.
typedef struct shared_run {
  row_run start;
  uint8_t is_stored[MARTLET_ROW_MAX_OPERANDS];
  size_t rows_per_chunk, columns_per_chunk, column_chunks;
  /// Column reductions: chunks for each group of rows, and their partial results.
  size_t chunks_per_group, groups_per_chunk;
  row_accumulator *partials;
  /// One row cut by columns: the stage at hand, and each chunk's accumulators.
  const martlet_row_stage *stage;
  uint64_t zero_division;
  int is_out_of_memory;
} shared_run;

static void begin(shared_run *shared, const martlet_row_program *p, void *const *bindings, const uint64_t *scalars) {
  shared->start = (row_run){.program = p, .kernels = martlet_row_kernels_current(), .bindings = bindings,
                            .scalars = scalars, .is_stored = shared->is_stored};
  shared->zero_division = UINT64_MAX;
  shared->is_out_of_memory = 0;
  memset(shared->is_stored, 0, sizeof shared->is_stored);
  for (uint32_t k = 0; k < p->instruction_count; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode != MARTLET_ROW_STORE) continue;
    const martlet_row_operand *o = &p->operands[i->index];
    for (uint32_t other = 0; other < p->operand_count; other++) {
      if (bindings[p->operands[other].binding] == bindings[o->binding]) shared->is_stored[other] = 1;
    }
  }
}

// Whether an operand has elements of its own in every row and column.
static int is_full(const martlet_row_program *p, const martlet_row_operand *o) {
  return (p->columns <= 1 || o->column_stride != 0) && (p->rows <= 1 || o->row_step != 0 || !o->is_linear);
}

// Streaming pays when a result, or what is read and written together, does not stay in a cache, and nothing that is
// stored was just loaded from the same lines.
static int should_stream(const shared_run *shared, const martlet_row_program *p) {
  if (p->rows * p->columns < ROW_STREAM_ELEMENTS) return 0;
  size_t stored = 0, loaded = 0;
  uint8_t is_counted[MARTLET_ROW_MAX_OPERANDS] = {0};
  for (uint32_t k = 0; k < p->instruction_count; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode != MARTLET_ROW_LOAD && i->opcode != MARTLET_ROW_STORE) continue;
    if (i->opcode == MARTLET_ROW_LOAD && shared->is_stored[i->index]) return 0;
    if (is_counted[i->index] || !is_full(p, &p->operands[i->index])) continue;
    is_counted[i->index] = 1;
    size_t bytes = martlet_type_bytes(i->type) * p->rows * p->columns;
    if (i->opcode == MARTLET_ROW_STORE) stored += bytes;
    if (i->opcode == MARTLET_ROW_LOAD) loaded += bytes;
  }
  return stored >= STREAM_BYTES / 4 && stored + loaded >= STREAM_BYTES;
}

static void fence(const row_run *run) {
#if defined(__x86_64__)
  if (run->streams) __builtin_ia32_sfence();
#else
  (void)run;
#endif
}

static int prepare_thread(shared_run *shared, row_run *run, size_t extra, void **extra_memory) {
  size_t bytes = martlet_row_program_scratch_bytes(shared->start.program);
  char *scratch = rows_scratch(bytes + extra);
  if (scratch == NULL) {
    __atomic_store_n(&shared->is_out_of_memory, 1, __ATOMIC_RELAXED);
    return 0;
  }
  *run = shared->start;
  row_begin(run, scratch);
  if (extra_memory != NULL) *extra_memory = scratch + bytes / 64 * 64;
  return 1;
}

static void report(shared_run *shared, const row_run *run) {
  fence(run);
  uint64_t seen = __atomic_load_n(&shared->zero_division, __ATOMIC_RELAXED);
  while (run->zero_division < seen &&
         !__atomic_compare_exchange_n(&shared->zero_division, &seen, run->zero_division, 0, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED)) {
  }
}

static size_t smaller(size_t x, size_t y) { return x < y ? x : y; }
static size_t pieces(size_t n, size_t size) { return (n + size - 1) / size; }

static void run_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  shared_run *shared = context;
  const martlet_row_program *p = shared->start.program;
  row_run run;
  if (!prepare_thread(shared, &run, 0, NULL)) return;
  size_t row = chunk / shared->column_chunks * shared->rows_per_chunk;
  size_t column = chunk % shared->column_chunks * shared->columns_per_chunk;
  row_run_block(&run, row, smaller(row + shared->rows_per_chunk, p->rows), column,
                smaller(column + shared->columns_per_chunk, p->columns));
  report(shared, &run);
}

// Rows are independent: chunks of rows and, when columns are independent too, of columns.
static void run_rows(shared_run *shared, int is_small) {
  const martlet_row_program *p = shared->start.program;
  size_t columns = p->columns == 0 ? 1 : p->columns;
  shared->columns_per_chunk = p->is_element_wise && columns > CHUNK_ELEMENTS ? CHUNK_ELEMENTS : columns;
  shared->column_chunks = pieces(columns, shared->columns_per_chunk);
  size_t rows = CHUNK_ELEMENTS / shared->columns_per_chunk;
  rows = rows / p->tile_rows * p->tile_rows;
  shared->rows_per_chunk = is_small ? p->rows : rows == 0 ? p->tile_rows : rows;
  if (is_small) shared->columns_per_chunk = columns, shared->column_chunks = 1;
  rows_parallel(pieces(p->rows, shared->rows_per_chunk) * shared->column_chunks, run_chunk, shared);
}

static const martlet_row_instruction *column_reduction(const martlet_row_program *p, uint32_t slot) {
  for (uint32_t k = 0;; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode == MARTLET_ROW_COLUMN_REDUCE && i->c == slot) return i;
  }
}

static void begin_columns(const martlet_row_program *p, row_accumulator *accumulators) {
  for (uint32_t slot = 0; slot < p->column_reductions; slot++) {
    const martlet_row_instruction *i = column_reduction(p, slot);
    row_identity(accumulators + slot * p->columns, p->columns, i->type, i->kind);
  }
}

static void store_columns(const row_run *run, const row_accumulator *accumulators, size_t group, size_t first,
                          size_t last) {
  const martlet_row_program *p = run->program;
  for (uint32_t slot = 0; slot < p->column_reductions; slot++) {
    const martlet_row_instruction *i = column_reduction(p, slot);
    const martlet_row_operand *o = &p->operands[i->index];
    int64_t offset = o->offset;
    size_t rest = group;
    for (uint32_t d = p->group_dims; d-- > 0;) {
      offset += (int64_t)(rest % p->sizes[d]) * o->strides[d];
      rest /= p->sizes[d];
    }
    size_t bytes = martlet_type_bytes(o->type);
    char *to = (char *)run->bindings[o->binding] + offset * (int64_t)bytes;
    for (size_t c = first; c < last; c++) {
      uint64_t value[1];
      row_finish(run, &accumulators[slot * p->columns + c], i->type, value);
      if (row_is_half(o->type)) run->kernels->narrow[o->type - MARTLET_F16](value, value, 1);
      memcpy(to + (int64_t)c * o->column_stride * (int64_t)bytes, value, bytes);
    }
  }
}

static size_t column_bytes(const martlet_row_program *p) {
  return p->column_reductions * p->columns * sizeof(row_accumulator) + 64;
}

// Whole groups: the result is complete at the end of each.
static void run_groups_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  shared_run *shared = context;
  const martlet_row_program *p = shared->start.program;
  row_run run;
  void *memory;
  if (!prepare_thread(shared, &run, column_bytes(p), &memory)) return;
  run.column_accumulators = memory;
  size_t group = chunk / shared->column_chunks * shared->groups_per_chunk;
  size_t first = chunk % shared->column_chunks * shared->columns_per_chunk;
  size_t last = smaller(first + shared->columns_per_chunk, p->columns);
  size_t end = smaller(group + shared->groups_per_chunk, p->group_rows == 0 ? group : p->rows / p->group_rows);
  for (; group < end; group++) {
    begin_columns(p, memory);
    row_run_block(&run, group * p->group_rows, (group + 1) * p->group_rows, first, last);
    store_columns(&run, memory, group, first, last);
  }
  report(shared, &run);
}

// A part of a group: the accumulators are combined afterwards.
static void run_members_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  shared_run *shared = context;
  const martlet_row_program *p = shared->start.program;
  row_run run;
  if (!prepare_thread(shared, &run, 0, NULL)) return;
  run.column_accumulators = shared->partials + chunk * p->column_reductions * p->columns;
  begin_columns(p, run.column_accumulators);
  size_t group = chunk / shared->chunks_per_group, part = chunk % shared->chunks_per_group;
  size_t first = group * p->group_rows + part * shared->rows_per_chunk;
  size_t last = smaller(first + shared->rows_per_chunk, (group + 1) * p->group_rows);
  row_run_block(&run, first, last, 0, p->columns);
  report(shared, &run);
}

static void combine_values(row_accumulator *to, const row_accumulator *from, size_t n, uint8_t type, uint8_t kind,
                           const row_kernels *kernels) {
  uint8_t wide = type >= MARTLET_F16 ? MARTLET_F64 : type >= MARTLET_I8 ? MARTLET_I64 : MARTLET_U64;
  // "Any" and "all" of bool are the maximum and the minimum of 0 and 1.
  uint8_t used = type == MARTLET_BOOL ? (kind & 1 ? MARTLET_REDUCE_MIN : MARTLET_REDUCE_MAX) : kind;
  if (kind >= MARTLET_REDUCE_COUNT) used = MARTLET_REDUCE_SUM;
  kernels->accumulate[wide][used](to, from, n);
}

static void combine_groups(shared_run *shared, size_t groups) {
  const martlet_row_program *p = shared->start.program;
  size_t stride = p->column_reductions * p->columns;
  for (size_t group = 0; group < groups; group++) {
    row_accumulator *first = shared->partials + group * shared->chunks_per_group * stride;
    for (size_t part = 1; part < shared->chunks_per_group; part++) {
      for (uint32_t slot = 0; slot < p->column_reductions; slot++) {
        const martlet_row_instruction *i = column_reduction(p, slot);
        combine_values(first + slot * p->columns, first + part * stride + slot * p->columns, p->columns, i->type,
                       i->kind, shared->start.kernels);
      }
    }
    store_columns(&shared->start, first, group, 0, p->columns);
  }
}

static void store_empty_groups(shared_run *shared) {
  const martlet_row_program *p = shared->start.program;
  size_t groups = 1;
  for (uint32_t d = 0; d < p->group_dims; d++) groups *= p->sizes[d];
  row_accumulator *memory = rows_scratch(column_bytes(p));
  if (memory == NULL) {
    shared->is_out_of_memory = 1;
    return;
  }
  begin_columns(p, memory);
  for (size_t group = 0; group < groups; group++) store_columns(&shared->start, memory, group, 0, p->columns);
}

static void run_columns(shared_run *shared) {
  const martlet_row_program *p = shared->start.program;
  if (p->rows == 0) {
    store_empty_groups(shared);
    return;
  }
  size_t groups = p->rows / p->group_rows, columns = p->columns == 0 ? 1 : p->columns;
  size_t per_group = p->group_rows * columns;
  shared->columns_per_chunk = columns;
  shared->column_chunks = 1;
  if (per_group <= 2 * CHUNK_ELEMENTS || (p->is_element_wise && columns >= 8192)) {
    if (per_group > 2 * CHUNK_ELEMENTS) shared->columns_per_chunk = 4096;
    shared->column_chunks = pieces(columns, shared->columns_per_chunk);
    size_t few = CHUNK_ELEMENTS / (per_group / shared->column_chunks + 1);
    shared->groups_per_chunk = few == 0 ? 1 : few;
    rows_parallel(pieces(groups, shared->groups_per_chunk) * shared->column_chunks, run_groups_chunk, shared);
    return;
  }
  // At most 32 chunks of a group, so that partial results stay small beside what is read.
  size_t rows = pieces(CHUNK_ELEMENTS, columns), limit = pieces(p->group_rows, columns > 8192 ? 8 : 32);
  rows = pieces(rows > limit ? rows : limit, p->tile_rows) * p->tile_rows;
  shared->rows_per_chunk = rows;
  shared->chunks_per_group = pieces(p->group_rows, rows);
  size_t chunks = groups * shared->chunks_per_group;
  shared->partials = malloc(chunks * p->column_reductions * columns * sizeof(row_accumulator));
  if (shared->partials == NULL) {
    shared->is_out_of_memory = 1;
    return;
  }
  rows_parallel(chunks, run_members_chunk, shared);
  if (!shared->is_out_of_memory) combine_groups(shared, groups);
  free(shared->partials);
}

// One row cut by columns: every chunk has the row registers and buffers of the whole row.
static void run_piece(void *context, size_t chunk, size_t worker) {
  (void)worker;
  shared_run *shared = context;
  const martlet_row_program *p = shared->start.program;
  row_run run;
  if (!prepare_thread(shared, &run, 0, NULL)) return;
  memcpy(run.row, shared->start.row, p->row_registers * sizeof(row_register));
  run.buffers = shared->start.buffers;
  run.accumulators = shared->partials + chunk * p->row_reductions;
  run.first_row = shared->start.first_row;
  run.rows = 1;
  size_t first = chunk * CHUNK_ELEMENTS;
  row_execute_columns(&run, shared->stage, first, smaller(first + CHUNK_ELEMENTS, p->columns));
  report(shared, &run);
}

static void begin_pieces(shared_run *shared, const martlet_row_stage *stage, size_t chunks) {
  const martlet_row_program *p = shared->start.program;
  for (uint32_t k = stage->first; k < stage->first + stage->count; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode != MARTLET_ROW_REDUCE) continue;
    for (size_t chunk = 0; chunk < chunks; chunk++) {
      row_identity(shared->partials + chunk * p->row_reductions + i->index, 1, i->type, i->kind);
    }
  }
}

static void end_pieces(shared_run *shared, const martlet_row_stage *stage, size_t chunks) {
  const martlet_row_program *p = shared->start.program;
  for (uint32_t k = stage->first; k < stage->first + stage->count; k++) {
    const martlet_row_instruction *i = &p->instructions[k];
    if (i->opcode != MARTLET_ROW_REDUCE) continue;
    row_accumulator *total = shared->start.accumulators + i->index;
    *total = shared->partials[i->index];
    for (size_t chunk = 1; chunk < chunks; chunk++) {
      combine_values(total, shared->partials + chunk * p->row_reductions + i->index, 1, i->type, i->kind,
                     shared->start.kernels);
    }
  }
  row_end_reductions(&shared->start, stage);
}

static void run_split(shared_run *shared) {
  const martlet_row_program *p = shared->start.program;
  size_t chunks = pieces(p->columns, CHUNK_ELEMENTS), bytes = martlet_row_program_scratch_bytes(p);
  char *memory = aligned_alloc(64, (bytes + chunks * p->row_reductions * sizeof(row_accumulator) + 127) / 64 * 64);
  if (memory == NULL) {
    shared->is_out_of_memory = 1;
    return;
  }
  row_begin(&shared->start, memory);
  shared->partials = (row_accumulator *)(void *)(memory + bytes / 64 * 64);
  for (size_t row = 0; row < p->rows; row++) {
    shared->start.first_row = row;
    shared->start.rows = 1;
    for (uint32_t s = 0; s < p->stage_count; s++) {
      shared->stage = &p->stages[s];
      if (shared->stage->is_row_stage) {
        row_execute_row_stage(&shared->start, shared->stage);
        continue;
      }
      begin_pieces(shared, shared->stage, chunks);
      rows_parallel(chunks, run_piece, shared);
      end_pieces(shared, shared->stage, chunks);
    }
  }
  report(shared, &shared->start);
  free(memory);
}

static int finish(const shared_run *shared, martlet_row_error *error) {
  int status = shared->is_out_of_memory                     ? MARTLET_ROW_OUT_OF_MEMORY
               : shared->zero_division != UINT64_MAX ? MARTLET_ROW_DIVISION_BY_ZERO
                                                            : MARTLET_ROW_OK;
  if (status != MARTLET_ROW_OK && error != NULL) {
    *error = (martlet_row_error){.status = status, .index = shared->zero_division};
  }
  return status;
}

int martlet_row_program_run(const martlet_row_program *p, void *const *bindings, const uint64_t *scalars,
                            martlet_row_error *error) {
  shared_run shared;
  begin(&shared, p, bindings, scalars);
  shared.start.streams = should_stream(&shared, p);
  size_t work = p->rows * p->columns * (p->instruction_count + 1);
  if (p->column_reductions > 0) {
    run_columns(&shared);
  } else if (!p->is_element_wise && p->columns >= SPLIT_COLUMNS && p->rows < SPLIT_ROWS) {
    run_split(&shared);
  } else if (p->rows > 0) {
    run_rows(&shared, work < SERIAL_WORK);
  }
  return finish(&shared, error);
}

int martlet_row_program_run_block(const martlet_row_program *p, void *const *bindings, const uint64_t *scalars,
                                  size_t first_row, size_t last_row, size_t first_column, size_t last_column,
                                  void *scratch, martlet_row_error *error) {
  int is_partial = first_column != 0 || last_column != p->columns;
  if (p->column_reductions > 0 || (is_partial && !p->is_element_wise)) {
    if (error != NULL) *error = (martlet_row_error){.status = MARTLET_ROW_INVALID_PROGRAM};
    return MARTLET_ROW_INVALID_PROGRAM;
  }
  if (scratch == NULL) scratch = rows_scratch(martlet_row_program_scratch_bytes(p));
  if (scratch == NULL) {
    if (error != NULL) *error = (martlet_row_error){.status = MARTLET_ROW_OUT_OF_MEMORY};
    return MARTLET_ROW_OUT_OF_MEMORY;
  }
  shared_run shared;
  begin(&shared, p, bindings, scalars);
  row_begin(&shared.start, scratch);
  row_run_block(&shared.start, first_row, last_row, first_column, last_column);
  report(&shared, &shared.start);
  return finish(&shared, error);
}
