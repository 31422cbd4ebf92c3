// Row programs: fused groups of operations over rows and columns, interpreted tile by tile.
//
// A program runs over a domain of rows x columns. The row index decomposes, in row-major order, over
// up to eight outer dimensions; every operand says by strides how it lies over that domain, so that
// broadcasts, transposes and slices cost nothing but their addresses. A tile (several whole rows when
// rows are short, a block of one row when they are long) passes through the instructions while it is
// in the first-level cache.
//
// Tile registers hold a value for every element of the tile, row registers a value for every row of
// it. Registers of float16 and bfloat16 hold float32, rounded after every instruction.
#ifndef MARTLET_ROWS_H
#define MARTLET_ROWS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Outer dimensions that the row index can decompose over.
#define MARTLET_ROW_MAX_DIMS 8

/// Element types; the numbers are the raw values of `DType`.
typedef enum martlet_type {
  MARTLET_BOOL = 0,
  MARTLET_U8 = 1,
  MARTLET_U16 = 2,
  MARTLET_U32 = 3,
  MARTLET_U64 = 4,
  MARTLET_I8 = 5,
  MARTLET_I16 = 6,
  MARTLET_I32 = 7,
  MARTLET_I64 = 8,
  MARTLET_F16 = 9,
  MARTLET_BF16 = 10,
  MARTLET_F32 = 11,
  MARTLET_F64 = 12,
} martlet_type;

/// Number of element types.
#define MARTLET_TYPE_COUNT 13

/// What an instruction does. "result", "a", "b" and "c" are register numbers, "operand" is
/// `operands[index]`. In a row stage the registers are row registers, in a tile stage tile registers,
/// except where a line says otherwise.
typedef enum martlet_row_opcode {
  /// result <- operand. `type` is the operand's type. In a row stage: the element at column 0.
  MARTLET_ROW_LOAD = 0,
  /// operand <- a. `type` is the operand's type. In a row stage: to the element at column 0.
  MARTLET_ROW_STORE = 1,
  /// result <- the low bytes of `scalars[index]`, a value of `type` (two bytes for f16 and bf16).
  MARTLET_ROW_SCALAR = 2,
  /// result <- the index along outer dimension `kind`, or along the columns when `kind` is 255,
  /// converted to `type` (wrapping for integers, rounding for floating point).
  MARTLET_ROW_IOTA = 3,
  /// result <- unary `kind` of a. isnan, isinf, isfinite and logical not give bool.
  MARTLET_ROW_UNARY = 4,
  /// result <- a `kind` b.
  MARTLET_ROW_BINARY = 5,
  /// result (bool) <- a `kind` b, both of `type`.
  MARTLET_ROW_COMPARE = 6,
  /// result <- a (bool) ? b : c, both of `type`.
  MARTLET_ROW_SELECT = 7,
  /// result (of type `kind`) <- a (of `type`). Floating point to integer saturates, NaN gives 0;
  /// to bool asks whether a value differs from 0; integers wrap.
  MARTLET_ROW_CAST = 8,
  /// result <- a * b + c, rounded once (f16, bf16, f32, f64).
  MARTLET_ROW_MULTIPLY_ADD = 9,
  /// Tile stage only: result (tile) <- a (row), the same value for all columns of a row.
  MARTLET_ROW_EXPAND = 10,
  /// Tile stage only: result (row) <- reduction `kind` of a (tile) over all columns. The result can
  /// be read in later stages. Floating-point sums: blocks of 512 columns by 64 lanes and a fixed
  /// tree, blocks added up in float64; so bits depend on the number of columns only. Kinds from
  /// `MARTLET_REDUCE_COUNT` on are those of `martlet_squares`.
  MARTLET_ROW_REDUCE = 11,
  /// Tile stage only: row buffer `index` <- a (of `type`), for `MARTLET_ROW_RESTORE` in a later stage.
  MARTLET_ROW_SAVE = 12,
  /// Tile stage only: result <- row buffer `index`.
  MARTLET_ROW_RESTORE = 13,
  /// Tile stage only: operand <- reduction `kind` of a over the rows, one value for every column and
  /// every index of the first `group_dims` outer dimensions (strides of the others are ignored).
  /// Written when the program ends. At most `MARTLET_ROW_MAX_COLUMN_REDUCTIONS` a program.
  MARTLET_ROW_COLUMN_REDUCE = 14,
  /// Tile stage only, f32: result <- (a first b) second c, each rounded. `kind` is `first`, an addition, subtraction or
  /// multiplication of `martlet_binary`, plus 4 times `second`, another; plus 16 where c comes first. Or it is
  /// `MARTLET_PAIR_CLIP`.
  MARTLET_ROW_PAIR = 15,
} martlet_row_opcode;

/// Number of opcodes.
#define MARTLET_ROW_OPCODE_COUNT 16
/// Operands that one program can have.
#define MARTLET_ROW_MAX_OPERANDS 128
/// Column reductions that one program can make.
#define MARTLET_ROW_MAX_COLUMN_REDUCTIONS 8
/// Value of `kind` with which `MARTLET_ROW_IOTA` counts columns.
#define MARTLET_ROW_IOTA_COLUMN 255

/// Kinds of `MARTLET_ROW_UNARY`. Integers take negate, abs, sign, logical not and bitwise not; bool
/// takes logical and bitwise not (the same thing); integers also take bit count; all others need floating point.
typedef enum martlet_unary {
  MARTLET_UNARY_NEGATE = 0,
  MARTLET_UNARY_ABS = 1,
  MARTLET_UNARY_SIGN = 2,
  MARTLET_UNARY_EXP = 3,
  MARTLET_UNARY_EXP2 = 4,
  MARTLET_UNARY_EXPM1 = 5,
  MARTLET_UNARY_LOG = 6,
  MARTLET_UNARY_LOG2 = 7,
  MARTLET_UNARY_LOG1P = 8,
  MARTLET_UNARY_SQRT = 9,
  MARTLET_UNARY_RSQRT = 10,
  MARTLET_UNARY_CBRT = 11,
  MARTLET_UNARY_SIN = 12,
  MARTLET_UNARY_COS = 13,
  MARTLET_UNARY_TAN = 14,
  MARTLET_UNARY_ASIN = 15,
  MARTLET_UNARY_ACOS = 16,
  MARTLET_UNARY_ATAN = 17,
  MARTLET_UNARY_SINH = 18,
  MARTLET_UNARY_COSH = 19,
  MARTLET_UNARY_TANH = 20,
  MARTLET_UNARY_ASINH = 21,
  MARTLET_UNARY_ACOSH = 22,
  MARTLET_UNARY_ATANH = 23,
  MARTLET_UNARY_SIGMOID = 24,
  MARTLET_UNARY_ERF = 25,
  MARTLET_UNARY_ERFC = 26,
  MARTLET_UNARY_FLOOR = 27,
  MARTLET_UNARY_CEIL = 28,
  /// To the nearest integer, halves to even.
  MARTLET_UNARY_ROUND = 29,
  MARTLET_UNARY_TRUNC = 30,
  MARTLET_UNARY_RECIPROCAL = 31,
  MARTLET_UNARY_LOGICAL_NOT = 32,
  MARTLET_UNARY_BITWISE_NOT = 33,
  MARTLET_UNARY_ISNAN = 34,
  MARTLET_UNARY_ISINF = 35,
  MARTLET_UNARY_ISFINITE = 36,
  /// log |gamma|.
  MARTLET_UNARY_LOG_GAMMA = 37,
  MARTLET_UNARY_DIGAMMA = 38,
  /// Modified Bessel functions of the first kind, times exp(-|x|).
  MARTLET_UNARY_BESSEL_I0_SCALED = 39,
  MARTLET_UNARY_BESSEL_I1_SCALED = 40,
  MARTLET_UNARY_BESSEL_J0 = 41,
  MARTLET_UNARY_BESSEL_J1 = 42,
  MARTLET_UNARY_BESSEL_Y0 = 43,
  MARTLET_UNARY_BESSEL_Y1 = 44,
  /// Integers only: how many bits are 1.
  MARTLET_UNARY_BIT_COUNT = 45,
} martlet_unary;

/// Number of unary kinds.
#define MARTLET_UNARY_COUNT 46

/// Kinds of `MARTLET_ROW_BINARY`. Integers wrap; integer division by zero is reported by
/// `martlet_row_error`. Maximum and minimum give NaN when either operand is NaN.
typedef enum martlet_binary {
  MARTLET_BINARY_ADD = 0,
  MARTLET_BINARY_SUBTRACT = 1,
  MARTLET_BINARY_MULTIPLY = 2,
  /// Integers truncate toward zero; the smallest integer divided by -1 wraps to itself.
  MARTLET_BINARY_DIVIDE = 3,
  MARTLET_BINARY_MAXIMUM = 4,
  MARTLET_BINARY_MINIMUM = 5,
  /// Floor of the quotient.
  MARTLET_BINARY_FLOOR_DIVIDE = 6,
  /// Remainder with the sign of the dividend (C's % and fmod).
  MARTLET_BINARY_REMAINDER = 7,
  /// Remainder with the sign of the divisor (Python's %).
  MARTLET_BINARY_MODULO = 8,
  /// C's pow. Integers: wrapping power; a negative exponent gives 0 except for bases 1 and -1.
  MARTLET_BINARY_POWER = 9,
  /// Floating point only: the angle of (b, a), C's atan2(a, b).
  MARTLET_BINARY_ATAN2 = 10,
  /// Floating point only.
  MARTLET_BINARY_HYPOT = 11,
  /// Floating point only: magnitude of a, sign of b.
  MARTLET_BINARY_COPYSIGN = 12,
  /// Floating point only: the next value of `type` from a toward b.
  MARTLET_BINARY_NEXTAFTER = 13,
  /// Bool and integers only, as are those up to the shifts.
  MARTLET_BINARY_AND = 14,
  MARTLET_BINARY_OR = 15,
  MARTLET_BINARY_XOR = 16,
  /// Shifts by b taken as unsigned; a distance of the width or more gives 0 (or all sign bits).
  MARTLET_BINARY_SHIFT_LEFT = 17,
  MARTLET_BINARY_SHIFT_RIGHT_ARITHMETIC = 18,
  MARTLET_BINARY_SHIFT_RIGHT_LOGICAL = 19,
  /// Integers only: the greatest common divisor, not negative; that of 0 and 0 is 0.
  MARTLET_BINARY_GCD = 20,
  /// Floating point only: Hurwitz's zeta function, the sum of (b + k)^-a.
  MARTLET_BINARY_ZETA = 21,
  /// b where a compares so with b, else a: a comparison and the selection by it in one. NaN in a stays.
  MARTLET_BINARY_IF_LESS = 22,
  MARTLET_BINARY_IF_LESS_OR_EQUAL = 23,
  MARTLET_BINARY_IF_GREATER = 24,
  MARTLET_BINARY_IF_GREATER_OR_EQUAL = 25,
} martlet_binary;

/// Number of binary kinds.
#define MARTLET_BINARY_COUNT 26

/// Kinds of `MARTLET_ROW_COMPARE`; comparisons with NaN are false except "not equal".
typedef enum martlet_compare {
  MARTLET_COMPARE_EQ = 0,
  MARTLET_COMPARE_NE = 1,
  MARTLET_COMPARE_LT = 2,
  MARTLET_COMPARE_LE = 3,
  MARTLET_COMPARE_GT = 4,
  MARTLET_COMPARE_GE = 5,
} martlet_compare;

/// Number of compare kinds.
#define MARTLET_COMPARE_COUNT 6

/// Kinds of reductions. An empty sum is 0, an empty product 1, an empty maximum the lowest value of
/// the type (-inf) and an empty minimum the highest. For bool: sum and maximum are "any", product and
/// minimum are "all". Integers wrap; NaN propagates.
typedef enum martlet_reduction {
  MARTLET_REDUCE_SUM = 0,
  MARTLET_REDUCE_PRODUCT = 1,
  MARTLET_REDUCE_MAX = 2,
  MARTLET_REDUCE_MIN = 3,
} martlet_reduction;

/// Number of reductions.
#define MARTLET_REDUCE_COUNT 4

/// Sums over columns of what is squared on the way, f32 only: every step is rounded as if it were an instruction.
typedef enum martlet_squares {
  /// Of a times a.
  MARTLET_REDUCE_SQUARES = 4,
  /// Of a minus b, times itself.
  MARTLET_REDUCE_SQUARED_DIFFERENCES = 5,
} martlet_squares;

/// The `kind` of `MARTLET_ROW_PAIR` that gives b where a is less, and then c where that is greater.
#define MARTLET_PAIR_CLIP 3

/// How a tensor lies over the domain. All strides count elements and may be negative; 0 broadcasts.
typedef struct martlet_row_operand {
  /// Steps for each outer dimension; entries beyond `dims` are ignored.
  int64_t strides[MARTLET_ROW_MAX_DIMS];
  /// Step from a column to the next.
  int64_t column_stride;
  /// Elements from the bound pointer to the element at row 0, column 0.
  int64_t offset;
  /// Index into the table of pointers given to a run.
  uint32_t binding;
  /// Element type in memory, a `martlet_type`.
  uint8_t type;
  /// Filled by prepare: whether all rows lie at equal steps, and that step; else it is that of so many rows at a time.
  uint8_t is_linear;
  int64_t row_step;
  size_t even_rows;
  /// Filled by prepare: which of the buffers keeps the operand repeated over the rows of a tile, from 1; 0 for none.
  uint8_t held;
} martlet_row_operand;

/// One instruction; fields that an opcode does not name are ignored.
typedef struct martlet_row_instruction {
  /// A `martlet_row_opcode`.
  uint8_t opcode;
  /// Type of the operands (and of the result, unless the opcode says otherwise), a `martlet_type`.
  uint8_t type;
  /// Which operation of the family; for casts the type of the result.
  uint8_t kind;
  /// Filled by prepare. For loads: whether something is stored before the last use; for others: whether the result is
  /// only stored, by the next instruction.
  uint8_t reserved;
  uint16_t result, a, b, c;
  /// Number of the operand, scalar or row buffer (prepare numbers row reductions here, and column
  /// reductions in `c`).
  uint32_t index;
} martlet_row_instruction;

/// A run of instructions: over all columns (tile stage), or once for each row (row stage).
typedef struct martlet_row_stage {
  uint32_t first;
  uint32_t count;
  /// 0: tile stage. 1: row stage.
  uint8_t is_row_stage;
} martlet_row_stage;

/// A program. Fill everything down to `row_buffers`, then call `martlet_row_program_prepare`, which
/// checks every index and fills the rest; after that it never changes and any thread may run it.
///
/// Registers keep their values only within a stage (tile registers) or within a program (row
/// registers). Register numbers may be reused and an instruction may overwrite its own operand. A
/// result may be bound to the same pointer as an operand when both lie in memory in the same way.
/// A binding that is stored to may not be loaded in a later stage (use row buffers), since columns
/// may be computed in any order.
typedef struct martlet_row_program {
  /// Number of outer dimensions, 0...8; none means one row.
  uint32_t dims;
  /// Leading outer dimensions that column reductions keep.
  uint32_t group_dims;
  /// Sizes of the outer dimensions.
  size_t sizes[MARTLET_ROW_MAX_DIMS];
  /// Number of columns.
  size_t columns;
  /// Prepare fills fields of operands and instructions; the arrays must live as long as the program.
  martlet_row_operand *operands;
  martlet_row_instruction *instructions;
  const martlet_row_stage *stages;
  uint32_t operand_count, instruction_count, stage_count;
  /// How many pointers and scalars a run is given.
  uint32_t binding_count, scalar_count;
  uint32_t tile_registers, row_registers, row_buffers;

  // Filled by `martlet_row_program_prepare`.

  /// Product of `sizes`.
  size_t rows;
  /// Elements of a tile register, and rows in a tile.
  size_t tile_elements, tile_rows;
  /// Bytes that a tile register, a row register and a row buffer occupy in the scratch memory.
  size_t register_bytes, row_register_bytes, row_buffer_bytes;
  /// Bytes of the widest type in registers.
  size_t width;
  /// Rows for each group of the column reductions.
  size_t group_rows;
  uint32_t column_reductions;
  uint32_t row_reductions;
  /// Operands that are kept repeated over the rows of a tile.
  uint32_t held_operands;
  /// 1 when there is nothing but one tile stage without row reductions: columns may be split freely.
  uint8_t is_element_wise;
} martlet_row_program;

/// What a call came to.
typedef enum martlet_row_status {
  MARTLET_ROW_OK = 0,
  /// The program is malformed; `index` is the instruction (or the operand or stage) at fault.
  MARTLET_ROW_INVALID_PROGRAM = 1,
  /// An integer was divided by zero; `index` is row * columns + column of the first one.
  MARTLET_ROW_DIVISION_BY_ZERO = 2,
  /// Scratch memory could not be had.
  MARTLET_ROW_OUT_OF_MEMORY = 3,
  /// An index is out of range; `index` is its flat position, `value` the index itself.
  MARTLET_ROW_INDEX_OUT_OF_RANGE = 4,
} martlet_row_status;

/// Where and what went wrong. The same for any number of threads: the first place in row-major order.
typedef struct martlet_row_error {
  /// A `martlet_row_status`.
  int32_t status;
  /// Flat position.
  uint64_t index;
  /// The offending value, where there is one.
  int64_t value;
} martlet_row_error;

/// Checks a program and fills its derived fields.
///
/// - Returns: `MARTLET_ROW_OK`, or `MARTLET_ROW_INVALID_PROGRAM` with the place in `error` (may be NULL).
int martlet_row_program_prepare(martlet_row_program *program, martlet_row_error *error);

/// Runs a prepared program on all rows, in parallel on the pool when there is work for it.
///
/// Chunks depend on shapes only, so results have the same bits for any number of threads.
///
/// - Parameters:
///   - bindings: `binding_count` pointers, aligned to their element types.
///   - scalars: `scalar_count` values, each in the low bytes of 8 (little end first).
///   - error: Filled when the result is not `MARTLET_ROW_OK`; may be NULL.
/// - Returns: A `martlet_row_status`. After a division by zero all other elements are right.
int martlet_row_program_run(const martlet_row_program *program, void *const *bindings, const uint64_t *scalars,
                            martlet_row_error *error);

/// Bytes of scratch memory that `martlet_row_program_run_block` needs.
size_t martlet_row_program_scratch_bytes(const martlet_row_program *program);

/// Runs a prepared program on rows `first_row..<last_row` and columns `first_column..<last_column`, on
/// the calling thread. For epilogues: a matrix product calls it on a tile that is still in the cache.
///
/// - Parameter scratch: `martlet_row_program_scratch_bytes` bytes, aligned to 64; or null for memory that the thread
///   keeps.
/// - Returns: A `martlet_row_status`; `MARTLET_ROW_INVALID_PROGRAM` for programs with column reductions, and for
///   programs with row reductions when the block has not all columns.
int martlet_row_program_run_block(const martlet_row_program *program, void *const *bindings, const uint64_t *scalars,
                                  size_t first_row, size_t last_row, size_t first_column, size_t last_column,
                                  void *scratch, martlet_row_error *error);

/// Bytes of one element in memory.
size_t martlet_type_bytes(uint8_t type);

#ifdef __cplusplus
}
#endif

#endif
