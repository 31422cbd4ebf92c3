// The innermost loops of matrix products, for one element type and instruction set. Included once for each,
// after defining:
//   T, LANES           the element type, and how many of them a vector holds
//   VECTORS            vectors in a row of a tile
//   ROWS, DIRECT_ROWS  rows of a tile, packed and in place; DIRECT_ROWS <= ROWS <= 16
//   DEPTH_BLOCK        longest depth between two visits of C
//   ROW_VECTORS        vectors of a row that `row_times_matrix` keeps in registers
//   NAME(x)            x with the suffix of type and instruction set
//   V_LOAD_N(p, n), V_STORE_N(p, v, n)    the first n lanes only, zeros elsewhere
//   V_FMA(a, b, c)     a * b + c
//   V_SET(x)           all lanes x
//   V_PIN(v)           says that v is in a register at this place; moves nothing
//   V_TRANSPOSE(square)    transposes LANES vectors, see gemm_transpose.h
// and TARGET; V is the vector type, declared with the alignment of T. All but TARGET are undefined at the end.
#include "gemm.h"
#include "gemm_transpose.h"

#define INLINE TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define V_LOAD(p) (*(const V *)(p))
#define V_STORE(p, v) (*(V *)(p) = (v))

enum {
  NAME(tile_columns) = LANES * VECTORS,
  NAME(b_ahead) = 16,     // steps of the depth between asking for a line of B and using it
  NAME(c_ahead) = 32,     // the same for what C holds
  NAME(pack_ahead) = 16,  // steps of the depth between asking for a line and packing it
};

// Adds the bias and what C holds, and stores: alpha first, then C, then the bias.
INLINE void NAME(finish_adjacent)(V sums[ROWS][VECTORS], size_t rows, size_t vectors, size_t columns,
                                  const martlet_tile *tile) {
  T *c = tile->c;
  const T *bias = tile->bias;
  const V alpha = V_SET((T)tile->alpha);
  const size_t tail = columns - (vectors - 1) * LANES;
  UNROLL for (size_t i = 0; i < rows; ++i) {
    T *row = c + (ptrdiff_t)i * tile->row_stride;
    UNROLL for (size_t v = 0; v < vectors; ++v) {
      const bool is_full = v + 1 < vectors || tail == LANES;
      T *place = row + v * LANES;
      V sum = sums[i][v] * alpha;
      if (tile->accumulates) sum += is_full ? V_LOAD(place) : V_LOAD_N(place, tail);
      if (bias && tile->bias_column_stride == 0) {
        sum += V_SET(bias[(ptrdiff_t)i * tile->bias_row_stride]);
      } else if (bias) {
        sum += is_full ? V_LOAD(bias + v * LANES) : V_LOAD_N(bias + v * LANES, tail);
      }
      if (is_full) {
        V_STORE(place, sum);
      } else {
        V_STORE_N(place, sum, tail);
      }
    }
  }
}

// The same for a C whose columns are apart.
TARGET static void NAME(finish_scattered)(const T *sums, size_t rows, size_t columns, const martlet_tile *tile) {
  const T *bias = tile->bias;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      T *place = (T *)tile->c + (ptrdiff_t)i * tile->row_stride + (ptrdiff_t)j * tile->column_stride;
      T sum = sums[i * NAME(tile_columns) + j] * (T)tile->alpha;
      if (tile->accumulates) sum += *place;
      if (bias) sum += bias[(ptrdiff_t)i * tile->bias_row_stride + (ptrdiff_t)j * tile->bias_column_stride];
      *place = sum;
    }
  }
}

// One step of the depth.
INLINE void NAME(step)(V sums[ROWS][VECTORS], size_t rows, size_t vectors, const T *restrict a, ptrdiff_t a_row_stride,
                       const T *restrict b, ptrdiff_t b_row_stride, bool masks_b, size_t tail) {
  V line[VECTORS];
  UNROLL for (size_t v = 0; v < vectors; ++v) {
    line[v] = masks_b && v + 1 == vectors ? V_LOAD_N(b + v * LANES, tail) : V_LOAD(b + v * LANES);
    // Panels of B come from the second-level cache; one request for each line of it.
    if (v * sizeof(V) % 64 == 0) __builtin_prefetch(b + v * LANES + NAME(b_ahead) * b_row_stride);
  }
  UNROLL for (size_t i = 0; i < rows; ++i) {
    const V x = V_SET(a[(ptrdiff_t)i * a_row_stride]);
    UNROLL for (size_t v = 0; v < vectors; ++v) {
      sums[i][v] = V_FMA(x, line[v], sums[i][v]);
      // One broadcast at a time: all registers are taken, and two at once would push a sum out to memory.
      V_PIN(sums[i][v]);
    }
  }
}

// One tile with constant `rows` and `vectors`: all its sums stay in registers along the whole depth. Only the
// last vector of B may be partial, and is then read with a mask if `masks_b`.
INLINE void NAME(tile)(size_t rows, size_t vectors, size_t depth, const T *restrict a, ptrdiff_t a_row_stride,
                       ptrdiff_t a_column_stride, const T *restrict b, ptrdiff_t b_row_stride, bool masks_b,
                       size_t columns, const martlet_tile *tile) {
  V sums[ROWS][VECTORS];
  UNROLL for (size_t i = 0; i < rows; ++i) {
    UNROLL for (size_t v = 0; v < vectors; ++v) sums[i][v] = (V){0};
  }
  const size_t tail = columns - (vectors - 1) * LANES;
  // What C holds is asked for shortly before it is needed: earlier, the panel of B, that flows through the first
  // cache, would push rows out again that are a multiple of a page apart.
  const size_t late = depth > 2 * NAME(c_ahead) ? NAME(c_ahead) : 0;
  for (size_t left = depth - late;; left = late) {
    _Pragma("clang loop unroll_count(2)") for (size_t k = 0; k < left; ++k) {
      NAME(step)(sums, rows, vectors, a, a_row_stride, b, b_row_stride, masks_b, tail);
      a += a_column_stride;
      b += b_row_stride;
    }
    depth -= left;
    if (!depth) break;
    if (tile->column_stride != 1) continue;
    UNROLL for (size_t i = 0; i < rows; ++i) {
      const T *row = (const T *)tile->c + (ptrdiff_t)i * tile->row_stride;
      UNROLL for (size_t v = 0; v < vectors; v += 64 / sizeof(V)) __builtin_prefetch(row + v * LANES, 1);
      __builtin_prefetch(row + vectors * LANES - 1, 1);
    }
  }
  if (tile->column_stride == 1) {
    NAME(finish_adjacent)(sums, rows, vectors, columns, tile);
  } else {
    T scattered[ROWS * NAME(tile_columns)];
    UNROLL for (size_t i = 0; i < rows; ++i) {
      UNROLL for (size_t v = 0; v < vectors; ++v) V_STORE(scattered + (i * VECTORS + v) * LANES, sums[i][v]);
    }
    NAME(finish_scattered)(scattered, rows, columns, tile);
  }
}

#define PACKED_CASE(r)                                                                                       \
  case r:                                                                                                    \
    if (r > ROWS) break;                                                                                     \
    if (columns > (VECTORS - 1) * LANES) {                                                                   \
      NAME(tile)(r <= ROWS ? r : 1, VECTORS, depth, a, 1, ROWS, b, NAME(tile_columns), false, columns, tile); \
    } else if (columns > LANES && VECTORS > 2) {                                                             \
      NAME(tile)(r <= ROWS ? r : 1, 2, depth, a, 1, ROWS, b, NAME(tile_columns), false, columns, tile);      \
    } else {                                                                                                 \
      NAME(tile)(r <= ROWS ? r : 1, 1, depth, a, 1, ROWS, b, NAME(tile_columns), false, columns, tile);      \
    }                                                                                                        \
    break;

// Assumes panels aligned to 64 bytes and padded with zeros. Each sum runs along the depth in order.
TARGET static void NAME(packed_tile)(size_t depth, const void *a, const void *b, size_t rows, size_t columns,
                                     const martlet_tile *tile) {
  switch (rows) {
    PACKED_CASE(1)
    PACKED_CASE(2)
    PACKED_CASE(3)
    PACKED_CASE(4)
    PACKED_CASE(5)
    PACKED_CASE(6)
    PACKED_CASE(7)
    PACKED_CASE(8)
    PACKED_CASE(9)
    PACKED_CASE(10)
    PACKED_CASE(11)
    PACKED_CASE(12)
    PACKED_CASE(13)
    PACKED_CASE(14)
    default: break;
  }
}

// A few rows of two neighbouring panels of B, each full: one panel alone has too few sums for the latency of a
// multiply-add.
INLINE void NAME(pair)(size_t rows, size_t depth, const T *restrict a, const T *restrict b, const martlet_tile *tile) {
  V sums[2][ROWS][VECTORS];
  UNROLL for (size_t i = 0; i < rows; ++i) {
    UNROLL for (size_t v = 0; v < VECTORS; ++v) sums[0][i][v] = sums[1][i][v] = (V){0};
  }
  const T *second = b + depth * NAME(tile_columns);
  for (size_t k = 0; k < depth; ++k) {
    NAME(step)(sums[0], rows, VECTORS, a, 1, b, NAME(tile_columns), false, LANES);
    NAME(step)(sums[1], rows, VECTORS, a, 1, second, NAME(tile_columns), false, LANES);
    a += ROWS;
    b += NAME(tile_columns);
    second += NAME(tile_columns);
  }
  const martlet_tile next = martlet_tile_at(tile, 0, NAME(tile_columns), sizeof(T));
  NAME(finish_adjacent)(sums[0], rows, VECTORS, NAME(tile_columns), tile);
  NAME(finish_adjacent)(sums[1], rows, VECTORS, NAME(tile_columns), &next);
}

// Assumes panels aligned to 64 bytes. Each sum runs along the depth in order.
TARGET static void NAME(packed_pair)(size_t depth, const void *a, const void *b, size_t rows,
                                     const martlet_tile *tile) {
  if (rows == 1) {
    NAME(pair)(1, depth, a, b, tile);
  } else if (rows == 2) {
    NAME(pair)(2, depth, a, b, tile);
  } else {
    NAME(pair)(3, depth, a, b, tile);
  }
}

#define DIRECT_CASE(r, vectors, masks)                                                                         \
  NAME(tile)(r, vectors, depth, a, a_row_stride, a_column_stride, b, b_row_stride, masks, columns, tile)

// Two cases of columns, whole vectors and a masked last one, for one number of rows.
#define DIRECT_ROWS_CASE(r)                                                              \
  INLINE void NAME(direct_##r)(size_t depth, const T *a, ptrdiff_t a_row_stride,         \
                               ptrdiff_t a_column_stride, const T *b, ptrdiff_t b_row_stride, size_t columns, \
                               const martlet_tile *tile) {                               \
    if (columns == NAME(tile_columns)) {                                                 \
      DIRECT_CASE(r, VECTORS, false);                                                    \
    } else if (columns > (VECTORS - 1) * LANES) {                                        \
      DIRECT_CASE(r, VECTORS, true);                                                     \
    } else if (columns > LANES && VECTORS > 2) {                                         \
      DIRECT_CASE(r, 2, true);                                                           \
    } else if (columns == LANES) {                                                       \
      DIRECT_CASE(r, 1, false);                                                          \
    } else {                                                                             \
      DIRECT_CASE(r, 1, true);                                                           \
    }                                                                                    \
  }

DIRECT_ROWS_CASE(1)
DIRECT_ROWS_CASE(2)
DIRECT_ROWS_CASE(4)
#if DIRECT_ROWS == 8
DIRECT_ROWS_CASE(8)
#else
DIRECT_ROWS_CASE(6)
#endif

#define DIRECT_STEP(r)                                                                                \
  while (rows >= r) {                                                                                 \
    NAME(direct_##r)(depth, a, a_row_stride, a_column_stride, b, b_row_stride, columns, &part);       \
    rows -= r;                                                                                        \
    a = (const T *)a + r * a_row_stride;                                                              \
    part.c = (T *)part.c + r * part.row_stride;                                                       \
    if (part.bias) part.bias = (const T *)part.bias + r * part.bias_row_stride;                       \
  }

// No alignment assumed; a partial last vector of B is read with a mask. Any number of rows. Each sum runs
// along the depth in order.
TARGET static void NAME(direct_tile)(size_t depth, const void *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,
                                     const void *b, ptrdiff_t b_row_stride, size_t rows, size_t columns,
                                     const martlet_tile *tile) {
  martlet_tile part = *tile;
#if DIRECT_ROWS == 8
  DIRECT_STEP(8)
#else
  DIRECT_STEP(6)
#endif
  DIRECT_STEP(4)
  DIRECT_STEP(2)
  DIRECT_STEP(1)
}

// One square of a transposition: `steps` of the depth from LANES lines. Stores that are wider than what is left of
// a step spill into the next step; `spills` says that something written later follows there.
INLINE void NAME(pack_square)(T *to, size_t width, const T *const *lines, size_t count, size_t k, size_t steps,
                              bool is_whole, size_t stored, bool spills) {
  V square[LANES];
  UNROLL for (size_t i = 0; i < LANES; ++i) {
    if (i >= count || !lines[i]) {
      square[i] = (V){0};
    } else {
      square[i] = is_whole ? V_LOAD(lines[i] + k) : V_LOAD_N(lines[i] + k, steps);
    }
  }
  V_TRANSPOSE(square);
  UNROLL for (size_t i = 0; i < LANES; ++i) {
    if (!is_whole && i >= steps) continue;
    // What spills from any step but the last is overwritten by the next; stores with a mask take many times longer.
    if (spills || i + 1 < steps) {
      V_STORE(to + i * width, square[i]);
    } else {
      V_STORE_N(to + i * width, square[i], stored);
    }
  }
}

// Packs lines whose elements along the depth are adjacent; a null line is zeros. No alignment assumed; writes the
// whole panel and nothing more: groups of lines go from the last to the first, so that spills are overwritten.
TARGET static void NAME(pack_lines)(void *panel_pointer, size_t width, const void *const *line_pointers, size_t count,
                                    size_t depth) {
  const T *const *lines = (const T *const *)line_pointers;
  T *panel = panel_pointer;
  for (size_t k = 0; k < depth; k += LANES) {
    const size_t steps = depth - k < LANES ? depth - k : LANES;
    for (size_t group = (width + LANES - 1) / LANES; group-- > 0;) {
      const size_t first = group * LANES, left = width - first, stored = left < LANES ? left : LANES;
      const size_t present = count > first ? count - first : 0;
      T *to = panel + k * width + first;
      const bool spills = stored == LANES || k + LANES < depth;
      if (steps == LANES && spills) {
        NAME(pack_square)(to, width, lines + first, present, k, LANES, true, LANES, true);
      } else {
        NAME(pack_square)(to, width, lines + first, present, k, steps, steps == LANES, stored, false);
      }
    }
  }
}

// Packs lines that are adjacent to each other; returns how much of the depth it has done.
INLINE size_t NAME(pack_adjacent)(T *panel, size_t width, const T *from, ptrdiff_t depth_stride, size_t count,
                                  size_t depth) {
  if (count != width) {
    for (size_t k = 0; k < depth; ++k) {
      const T *line = from + (ptrdiff_t)k * depth_stride;
      for (size_t j = 0; j < width; j += LANES) {
        const size_t left = count > j ? count - j : 0, stored = width - j < LANES ? width - j : LANES;
        const V values = left < LANES ? V_LOAD_N(line + (left ? j : 0), left) : V_LOAD(line + j);
        if (stored < LANES) {
          V_STORE_N(panel + k * width + j, values, stored);
        } else {
          V_STORE(panel + k * width + j, values);
        }
      }
    }
    return depth;
  }
  const size_t whole = width / LANES * LANES, rest = width - whole;
  for (size_t k = 0; k < depth; ++k) {
    const T *line = from + (ptrdiff_t)k * depth_stride;
    T *to = panel + k * width;
    // Lines are short and far apart, so nothing else asks for them early enough.
    for (size_t j = 0; j < width; j += 64 / sizeof(T)) __builtin_prefetch(line + NAME(pack_ahead) * depth_stride + (ptrdiff_t)j);
    for (size_t j = 0; j < whole; j += LANES) V_STORE(to + j, V_LOAD(line + j));
    if (!rest) continue;
    const V last = V_LOAD_N(line + whole, rest);
    // A store that is wider than the rest spills into the next step, which is written later; masked ones are slow.
    if (whole + LANES <= (depth - k) * width) {
      V_STORE(to + whole, last);
    } else {
      V_STORE_N(to + whole, last, rest);
    }
  }
  return depth;
}

// No alignment assumed; writes the whole panel and nothing more.
TARGET static void NAME(pack)(void *panel_pointer, size_t width, const void *from_pointer, ptrdiff_t line_stride,
                              ptrdiff_t depth_stride, size_t count, size_t depth) {
  T *panel = panel_pointer;
  const T *from = from_pointer;
  size_t k = 0;
  if (depth_stride == 1 && width <= 64) {
    const void *lines[64];
    for (size_t i = 0; i < count; ++i) lines[i] = from + (ptrdiff_t)i * line_stride;
    NAME(pack_lines)(panel, width, lines, count, depth);
    return;
  }
  if (line_stride == 1) {
    k = NAME(pack_adjacent)(panel, width, from, depth_stride, count, depth);
  }
  for (; k < depth; ++k) {
    const T *line = from + (ptrdiff_t)k * depth_stride;
    for (size_t i = 0; i < count; ++i) panel[k * width + i] = line[(ptrdiff_t)i * line_stride];
    for (size_t i = count; i < width; ++i) panel[k * width + i] = 0;
  }
}

// No alignment assumed. Reads each row of B once, adjacent elements in order; each sum runs along the depth.
TARGET static void NAME(row_times_matrix)(size_t depth, const void *x_pointer, ptrdiff_t x_stride,
                                          const void *b_pointer, ptrdiff_t b_row_stride, size_t columns,
                                          void *sums_pointer) {
  const T *x = x_pointer, *b = b_pointer;
  T *to = sums_pointer;
  if (columns == ROW_VECTORS * LANES) {
    V sums[ROW_VECTORS] = {{0}};
    for (size_t k = 0; k < depth; ++k) {
      const V factor = V_SET(x[(ptrdiff_t)k * x_stride]);
      const T *row = b + (ptrdiff_t)k * b_row_stride;
      UNROLL for (size_t v = 0; v < ROW_VECTORS; ++v) {
        sums[v] = V_FMA(factor, V_LOAD(row + v * LANES), sums[v]);
        __builtin_prefetch(row + v * LANES + 8 * b_row_stride);
      }
    }
    UNROLL for (size_t v = 0; v < ROW_VECTORS; ++v) V_STORE(to + v * LANES, sums[v]);
    return;
  }
  for (size_t j = 0; j < columns; j += 2 * LANES) {
    const size_t first = columns - j < LANES ? columns - j : LANES;
    const size_t second = columns - j - first < LANES ? columns - j - first : LANES;
    V low = {0}, high = {0};
    for (size_t k = 0; k < depth; ++k) {
      const V factor = V_SET(x[(ptrdiff_t)k * x_stride]);
      const T *row = b + (ptrdiff_t)k * b_row_stride + j;
      low = V_FMA(factor, V_LOAD_N(row, first), low);
      if (second) high = V_FMA(factor, V_LOAD_N(row + LANES, second), high);
    }
    V_STORE_N(to + j, low, first);
    if (second) V_STORE_N(to + j + LANES, high, second);
  }
}

INLINE T NAME(sum_lanes)(V sum) {
  T total = 0;
  UNROLL for (size_t i = 0; i < LANES; ++i) total += sum[i];
  return total;
}

// `rows` lines at once, constant, so that x is loaded once for all. Two chains for each line.
INLINE void NAME(dot_rows)(size_t rows, size_t depth, const T *a, ptrdiff_t a_row_stride, const T *x, T *sums) {
  V even[4], odd[4];
  UNROLL for (size_t i = 0; i < rows; ++i) even[i] = odd[i] = (V){0};
  size_t k = 0;
  for (; k + 2 * LANES <= depth; k += 2 * LANES) {
    const V first = V_LOAD(x + k), second = V_LOAD(x + k + LANES);
    UNROLL for (size_t i = 0; i < rows; ++i) {
      const T *row = a + (ptrdiff_t)i * a_row_stride + k;
      even[i] = V_FMA(V_LOAD(row), first, even[i]);
      odd[i] = V_FMA(V_LOAD(row + LANES), second, odd[i]);
    }
  }
  for (; k < depth; k += LANES) {
    const size_t count = depth - k < LANES ? depth - k : LANES;
    const V last = V_LOAD_N(x + k, count);
    UNROLL for (size_t i = 0; i < rows; ++i) {
      even[i] = V_FMA(V_LOAD_N(a + (ptrdiff_t)i * a_row_stride + k, count), last, even[i]);
    }
  }
  UNROLL for (size_t i = 0; i < rows; ++i) sums[i] = NAME(sum_lanes)(even[i] + odd[i]);
}

// No alignment assumed. Each sum: 2 x LANES interleaved partial sums, added up lane by lane at the end.
TARGET static void NAME(matrix_times_column)(size_t rows, size_t depth, const void *a_pointer, ptrdiff_t a_row_stride,
                                             const void *x, void *sums_pointer) {
  const T *a = a_pointer;
  T *sums = sums_pointer;
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) NAME(dot_rows)(4, depth, a + (ptrdiff_t)i * a_row_stride, a_row_stride, x, sums + i);
  for (; i < rows; ++i) NAME(dot_rows)(1, depth, a + (ptrdiff_t)i * a_row_stride, a_row_stride, x, sums + i);
}

const martlet_gemm_kernels NAME(martlet_gemm_kernels) = {
    .element_bytes = sizeof(T),
    .lanes = LANES,
    .tile_rows = ROWS,
    .tile_columns = NAME(tile_columns),
    .direct_rows = DIRECT_ROWS,
    .depth_block = DEPTH_BLOCK,
    .vector_columns = ROW_VECTORS * LANES,
    .pack = NAME(pack),
    .pack_lines = NAME(pack_lines),
    .packed_tile = NAME(packed_tile),
    .packed_pair = NAME(packed_pair),
    .direct_tile = NAME(direct_tile),
    .row_times_matrix = NAME(row_times_matrix),
    .matrix_times_column = NAME(matrix_times_column),
};

#undef T
#undef V
#undef LANES
#undef VECTORS
#undef ROWS
#undef DIRECT_ROWS
#undef DEPTH_BLOCK
#undef ROW_VECTORS
#undef NAME
#undef V_LOAD_N
#undef V_STORE_N
#undef V_FMA
#undef V_PIN
#undef V_TRANSPOSE
#undef V_LOAD
#undef V_STORE
#undef V_SET
#undef INLINE
#undef UNROLL
#undef PACKED_CASE
#undef DIRECT_CASE
#undef DIRECT_ROWS_CASE
#undef DIRECT_STEP
