#define _POSIX_C_SOURCE 200809L
// Times row programs against the copy bandwidth of the same run: an element-wise chain, soft-max, layer
// normalisation, a column sum. Prints milliseconds and the share of copy bandwidth (best of the rounds).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "martlet_pool.h"
#include "martlet_rows.h"

enum { ROUNDS = 15 };
static martlet_row_operand operands[16];
static martlet_row_instruction code[64];
static martlet_row_stage stages[8];
static uint32_t operand_count, code_count, stage_count;

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void begin(void) { operand_count = code_count = stage_count = 0; }

static uint32_t operand(int64_t row_stride, int64_t column_stride) {
  operands[operand_count] = (martlet_row_operand){
      .strides = {row_stride}, .column_stride = column_stride, .binding = operand_count, .type = MARTLET_F32};
  return operand_count++;
}

static void stage(int is_row_stage) {
  stages[stage_count++] = (martlet_row_stage){.first = code_count, .is_row_stage = (uint8_t)is_row_stage};
}

static void emit(int opcode, int kind, int result, int a, int b, int c, uint32_t index) {
  code[code_count++] = (martlet_row_instruction){.opcode = (uint8_t)opcode, .type = MARTLET_F32, .kind = (uint8_t)kind,
                                                 .result = (uint16_t)result, .a = (uint16_t)a, .b = (uint16_t)b,
                                                 .c = (uint16_t)c, .index = index};
  stages[stage_count - 1].count++;
}

static martlet_row_program finish(size_t rows, size_t columns, uint32_t group_dims) {
  martlet_row_program p = {.dims = 1, .group_dims = group_dims, .sizes = {rows}, .columns = columns,
                           .operands = operands, .instructions = code, .stages = stages,
                           .operand_count = operand_count, .instruction_count = code_count, .stage_count = stage_count,
                           .binding_count = operand_count, .scalar_count = 2, .tile_registers = 6, .row_registers = 4,
                           .row_buffers = 1};
  martlet_row_error error;
  if (martlet_row_program_prepare(&p, &error) != 0) printf("invalid program at %d\n", (int)error.index), exit(1);
  return p;
}

static uint64_t float_bits(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  return u;
}

static double time_program(const martlet_row_program *p, void *const *bindings, const uint64_t *scalars) {
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double start = seconds();
    martlet_row_program_run(p, bindings, scalars, NULL);
    double time = seconds() - start;
    if (time < best) best = time;
  }
  return best;
}

static void report(const char *name, double time, double bytes, double bandwidth) {
  printf("%-24s %8.3f ms  %6.1f GB/s  %5.1f %% of copy\n", name, time * 1e3, bytes / time * 1e-9,
         100 * bytes / time / bandwidth);
}

int main(int argc, char **argv) {
  if (argc > 1) martlet_pool_set_threads((size_t)atoi(argv[1]));
  size_t n = 16u << 20;
  float *x[7];
  for (int k = 0; k < 7; k++) {
    x[k] = aligned_alloc(64, n * 4);
    for (size_t i = 0; i < n; i++) x[k][i] = (float)((i * 2654435761u + (unsigned)k * 7919u) % 2000u) / 1000.0f - 1.0f;
  }
  void *bindings[] = {x[0], x[1], x[2], x[3], x[4], x[5]};
  uint64_t scalars[2] = {float_bits(1.0f / 1024), float_bits(1e-5f)};

  begin();
  uint32_t a = operand(0, 1), b = operand(0, 1);
  stage(0);
  emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
  emit(MARTLET_ROW_STORE, 0, 0, 0, 0, 0, b);
  martlet_row_program p = finish(1, n, 0);
  double time = time_program(&p, bindings, scalars), bandwidth = 8.0 * (double)n / time;
  report("copy", time, 8.0 * (double)n, bandwidth);

  begin();
  for (int k = 0; k < 6; k++) operand(0, 1);
  stage(0);
  emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, 0);
  emit(MARTLET_ROW_LOAD, 0, 1, 0, 0, 0, 1);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_MULTIPLY, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_LOAD, 0, 1, 0, 0, 0, 2);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_ADD, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_UNARY, MARTLET_UNARY_TANH, 0, 0, 0, 0, 0);
  emit(MARTLET_ROW_LOAD, 0, 1, 0, 0, 0, 3);
  emit(MARTLET_ROW_UNARY, MARTLET_UNARY_SIGMOID, 1, 1, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_MULTIPLY, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_LOAD, 0, 1, 0, 0, 0, 4);
  emit(MARTLET_ROW_UNARY, MARTLET_UNARY_NEGATE, 1, 1, 0, 0, 0);
  emit(MARTLET_ROW_UNARY, MARTLET_UNARY_EXP, 1, 1, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_SUBTRACT, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_STORE, 0, 0, 0, 0, 0, 5);
  p = finish(1, n, 0);
  report("chain 16M", time_program(&p, bindings, scalars), 24.0 * (double)n, bandwidth);

  begin();
  a = operand(4096, 1), b = operand(4096, 1);
  stage(0);
  emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
  emit(MARTLET_ROW_REDUCE, MARTLET_REDUCE_MAX, 0, 0, 0, 0, 0);
  stage(0);
  emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
  emit(MARTLET_ROW_EXPAND, 0, 1, 0, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_SUBTRACT, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_UNARY, MARTLET_UNARY_EXP, 0, 0, 0, 0, 0);
  emit(MARTLET_ROW_REDUCE, MARTLET_REDUCE_SUM, 1, 0, 0, 0, 0);
  emit(MARTLET_ROW_SAVE, 0, 0, 0, 0, 0, 0);
  stage(1);
  emit(MARTLET_ROW_UNARY, MARTLET_UNARY_RECIPROCAL, 1, 1, 0, 0, 0);
  stage(0);
  emit(MARTLET_ROW_RESTORE, 0, 0, 0, 0, 0, 0);
  emit(MARTLET_ROW_EXPAND, 0, 1, 1, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_MULTIPLY, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_STORE, 0, 0, 0, 0, 0, b);
  p = finish(4096, 4096, 0);
  report("softmax 4096 x 4096", time_program(&p, bindings, scalars), 8.0 * 4096 * 4096, bandwidth);

  begin();
  a = operand(1024, 1), b = operand(1024, 1);
  uint32_t gamma = operand(0, 1), beta = operand(0, 1);
  stage(0);
  emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
  emit(MARTLET_ROW_REDUCE, MARTLET_REDUCE_SUM, 0, 0, 0, 0, 0);
  stage(1);
  emit(MARTLET_ROW_SCALAR, 0, 2, 0, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_MULTIPLY, 0, 0, 2, 0, 0);
  stage(0);
  emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
  emit(MARTLET_ROW_EXPAND, 0, 1, 0, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_SUBTRACT, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_MULTIPLY, 0, 0, 0, 0, 0);
  emit(MARTLET_ROW_REDUCE, MARTLET_REDUCE_SUM, 1, 0, 0, 0, 0);
  stage(1);
  emit(MARTLET_ROW_SCALAR, 0, 3, 0, 0, 0, 1);
  emit(MARTLET_ROW_MULTIPLY_ADD, 0, 1, 1, 2, 3, 0);
  emit(MARTLET_ROW_UNARY, MARTLET_UNARY_RSQRT, 1, 1, 0, 0, 0);
  stage(0);
  emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
  emit(MARTLET_ROW_EXPAND, 0, 1, 0, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_SUBTRACT, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_EXPAND, 0, 1, 1, 0, 0, 0);
  emit(MARTLET_ROW_BINARY, MARTLET_BINARY_MULTIPLY, 0, 0, 1, 0, 0);
  emit(MARTLET_ROW_LOAD, 0, 1, 0, 0, 0, gamma);
  emit(MARTLET_ROW_LOAD, 0, 2, 0, 0, 0, beta);
  emit(MARTLET_ROW_MULTIPLY_ADD, 0, 0, 0, 1, 2, 0);
  emit(MARTLET_ROW_STORE, 0, 0, 0, 0, 0, b);
  p = finish(8192, 1024, 0);
  report("layer norm 8192 x 1024", time_program(&p, bindings, scalars), 8.0 * 8192 * 1024, bandwidth);

  size_t widths[] = {10, 128, 1024, 16384};
  for (int k = 0; k < 4; k++) {
    begin();
    a = operand((int64_t)widths[k], 1), b = operand(0, 1);
    stage(0);
    emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
    emit(MARTLET_ROW_COLUMN_REDUCE, MARTLET_REDUCE_SUM, 0, 0, 0, 0, b);
    p = finish(n / widths[k], widths[k], 0);
    char name[40];
    snprintf(name, sizeof name, "column sum, %zu columns", widths[k]);
    report(name, time_program(&p, bindings, scalars), 4.0 * (double)n, bandwidth);
    begin();
    a = operand((int64_t)widths[k], 1), b = operand(1, 0);
    stage(0);
    emit(MARTLET_ROW_LOAD, 0, 0, 0, 0, 0, a);
    emit(MARTLET_ROW_REDUCE, MARTLET_REDUCE_SUM, 0, 0, 0, 0, 0);
    stage(1);
    emit(MARTLET_ROW_STORE, 0, 0, 0, 0, 0, b);
    p = finish(n / widths[k], widths[k], 0);
    snprintf(name, sizeof name, "row sum, %zu columns", widths[k]);
    report(name, time_program(&p, bindings, scalars), 4.0 * (double)n, bandwidth);
  }
  return 0;
}
