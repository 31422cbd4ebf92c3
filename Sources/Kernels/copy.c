// Strided copies: dimensions are sorted and merged, then the innermost one or two are copied by a loop
// that fits their steps (whole runs, blocks of a transposition, or single elements).
#include <string.h>

#include "include/martlet_copy.h"
#include "row_kernels.h"
#include "row_runtime.h"

enum { max_rank = 8, chunk_bytes = 1 << 17, block = 32 };

typedef struct axis {
  size_t size;
  int64_t to, from;
} axis;

typedef struct copy_job {
  size_t bytes, rank, outer;
  axis axes[max_rank];
  char *to;
  const char *from;
  size_t per_chunk;
  /// The axis along which the source is contiguous when the last axis is not; `rank` when there is none.
  size_t crossing;
} copy_job;

static uint64_t magnitude(int64_t x) { return x < 0 ? 0 - (uint64_t)x : (uint64_t)x; }

// Largest destination steps first: the destination is written in the order of its memory.
static void sort_axes(copy_job *job) {
  for (size_t i = 1; i < job->rank; i++) {
    axis moved = job->axes[i];
    size_t j = i;
    for (; j > 0 && magnitude(job->axes[j - 1].to) < magnitude(moved.to); j--) job->axes[j] = job->axes[j - 1];
    job->axes[j] = moved;
  }
}

static void merge_axes(copy_job *job) {
  size_t kept = 0;
  for (size_t i = 0; i < job->rank; i++) {
    axis next = job->axes[i];
    axis *last = kept > 0 ? &job->axes[kept - 1] : NULL;
    int fits = last != NULL && last->to == next.to * (int64_t)next.size && last->from == next.from * (int64_t)next.size;
    if (fits) {
      *last = (axis){last->size * next.size, next.to, next.from};
    } else {
      job->axes[kept++] = next;
    }
  }
  job->rank = kept;
}

typedef float lanes __attribute__((vector_size(16), aligned(4)));

static inline lanes load_lanes(const uint32_t *from) {
  lanes x;
  memcpy(&x, from, sizeof x);
  return x;
}

// A whole block of 32-bit elements, four by four in registers.
static void turn_block_32(uint32_t tile[block][block], const uint32_t *from, int64_t from_column) {
  for (size_t j = 0; j < block; j += 4) {
    const uint32_t *line = from + (int64_t)j * from_column;
    for (size_t i = 0; i < block; i += 4) {
      lanes a = load_lanes(line + i), b = load_lanes(line + from_column + i);
      lanes c = load_lanes(line + 2 * from_column + i), d = load_lanes(line + 3 * from_column + i);
      lanes ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      lanes ef = __builtin_shufflevector(a, b, 2, 6, 3, 7), gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      lanes rows[4] = {__builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
                       __builtin_shufflevector(ef, gh, 0, 1, 4, 5), __builtin_shufflevector(ef, gh, 2, 3, 6, 7)};
      for (size_t k = 0; k < 4; k++) memcpy(&tile[i + k][j], &rows[k], sizeof rows[k]);
    }
  }
}

#define STRIDED(T, bits)                                                                                       \
  static void copy_run_##bits(char *to, int64_t to_step, const char *from, int64_t from_step, size_t n) {      \
    T *t = (T *)(void *)to;                                                                                    \
    const T *f = (const T *)(const void *)from;                                                                \
    if (to_step == 1 && from_step == 0) {                                                                      \
      T value = *f;                                                                                            \
      for (size_t i = 0; i < n; i++) t[i] = value;                                                             \
      return;                                                                                                  \
    }                                                                                                          \
    if (to_step == 1 && from_step == -1) {                                                                     \
      /* A step that is known makes vectors, turned around. */                                                 \
      for (size_t i = 0; i < n; i++) t[i] = *(f - (int64_t)i);                                                 \
      return;                                                                                                  \
    }                                                                                                          \
    if (to_step == 1 && from_step == 2) {                                                                      \
      for (size_t i = 0; i < n; i++) t[i] = f[2 * i];                                                          \
      return;                                                                                                  \
    }                                                                                                          \
    for (size_t i = 0; i < n; i++) t[(int64_t)i * to_step] = f[(int64_t)i * from_step];                        \
  }                                                                                                            \
  static void transpose_##bits(char *to, int64_t to_row, const char *from, int64_t from_column, size_t rows,   \
                               size_t columns) {                                                               \
    T *t = (T *)(void *)to;                                                                                    \
    const T *f = (const T *)(const void *)from;                                                                \
    for (size_t c = 0; c < columns; c += block) {                                                              \
      size_t width = columns - c < block ? columns - c : block;                                                \
      for (size_t r = 0; r < rows; r += block) {                                                               \
        size_t height = rows - r < block ? rows - r : block;                                                   \
        T tile[block][block];                                                                                  \
        const T *corner = f + (int64_t)c * from_column + (int64_t)r;                                           \
        if (bits == 32 && width == block && height == block) {                                                 \
          turn_block_32((uint32_t(*)[block])(void *)tile, (const uint32_t *)(const void *)corner, from_column); \
        } else {                                                                                               \
          for (size_t j = 0; j < width; j++) {                                                                 \
            const T *line = corner + (int64_t)j * from_column;                                                 \
            for (size_t i = 0; i < height; i++) tile[i][j] = line[i];                                          \
          }                                                                                                    \
        }                                                                                                      \
        for (size_t i = 0; i < height; i++) {                                                                  \
          memcpy(t + (int64_t)(r + i) * to_row + (int64_t)c, tile[i], width * sizeof(T));                      \
        }                                                                                                      \
      }                                                                                                        \
    }                                                                                                          \
  }
STRIDED(uint8_t, 8)
STRIDED(uint16_t, 16)
STRIDED(uint32_t, 32)
STRIDED(uint64_t, 64)

// A load waits for an earlier store whose address has the same last twelve bits. Where the target lies a little behind
// the source in that sense, every load of a copy forwards would; one of a copy backwards meets no such store.
static void copy_bytes(char *to, const char *from, size_t n) {
  size_t behind = ((uintptr_t)to - (uintptr_t)from) & 4095;
  if (behind == 0 || behind >= 512 || n < 512) {
    memcpy(to, from, n);
    return;
  }
  for (; n >= 64; n -= 64) memcpy(to + n - 64, from + n - 64, 64);
  memcpy(to, from, n);
}

/// Results from this size on, and as much that is read for them, do not stay in a cache until they are used.
enum { stream_bytes = 16 << 20 };

typedef struct join_job {
  const martlet_part *parts;
  size_t rows, count, row_bytes, per_chunk;
  char *result;
  /// Copies past the caches, or null.
  row_unary stream;
} join_job;

static void join_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const join_job *job = context;
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  char *to = job->result + first * job->row_bytes;
  for (size_t row = first; row < last && row < job->rows; row++) {
    for (size_t part = 0; part < job->count; part++) {
      const martlet_part *p = &job->parts[part];
      const char *from = (const char *)p->source + (int64_t)row * p->step;
      if (job->stream != NULL) {
        job->stream(to, from, p->bytes);
      } else {
        copy_bytes(to, from, p->bytes);
      }
      to += p->bytes;
    }
  }
#if defined(__x86_64__)
  if (job->stream != NULL) __builtin_ia32_sfence();
#endif
}

void martlet_join(size_t rows, const martlet_part *parts, size_t count, void *result) {
  join_job job = {.parts = parts, .rows = rows, .count = count, .result = result};
  for (size_t part = 0; part < count; part++) job.row_bytes += parts[part].bytes;
  if (rows == 0 || job.row_bytes == 0) return;
  if (rows >= stream_bytes / job.row_bytes) job.stream = martlet_row_kernels_current()->stream;
  job.per_chunk = job.row_bytes >= chunk_bytes ? 1 : chunk_bytes / job.row_bytes;
  rows_parallel((rows + job.per_chunk - 1) / job.per_chunk, join_chunk, &job);
}

static void copy_run(const copy_job *job, char *to, const char *from) {
  axis a = job->axes[job->rank - 1];
  if (a.to == 1 && a.from == 1) {
    copy_bytes(to, from, a.size * job->bytes);
    return;
  }
  switch (job->bytes) {
    case 1: copy_run_8(to, a.to, from, a.from, a.size); return;
    case 2: copy_run_16(to, a.to, from, a.from, a.size); return;
    case 4: copy_run_32(to, a.to, from, a.from, a.size); return;
    default: copy_run_64(to, a.to, from, a.from, a.size); return;
  }
}

// Rows of the crossing axis, columns of the last: read along the one, written along the other.
static void transpose(const copy_job *job, char *to, const char *from, size_t rows) {
  axis row = job->axes[job->crossing], column = job->axes[job->rank - 1];
  switch (job->bytes) {
    case 1: transpose_8(to, row.to, from, column.from, rows, column.size); return;
    case 2: transpose_16(to, row.to, from, column.from, rows, column.size); return;
    case 4: transpose_32(to, row.to, from, column.from, rows, column.size); return;
    default: transpose_64(to, row.to, from, column.from, rows, column.size); return;
  }
}

// One unit of a transposition: a strip of `block` rows.
static void copy_unit(const copy_job *job, size_t unit) {
  int64_t to = 0, from = 0;
  size_t rest = unit, rows = 0;
  for (size_t d = job->rank - 1; d-- > 0;) {
    axis a = job->axes[d];
    size_t count = d == job->crossing ? (a.size + block - 1) / block : a.size;
    size_t index = rest % count;
    rest /= count;
    if (d == job->crossing) {
      index *= block;
      rows = a.size - index < block ? a.size - index : block;
    }
    to += (int64_t)index * a.to;
    from += (int64_t)index * a.from;
  }
  transpose(job, job->to + to * (int64_t)job->bytes, job->from + from * (int64_t)job->bytes, rows);
}

// Runs of the last axis one after the other: places are found by division once for each line of the axis before.
static void copy_runs(const copy_job *job, size_t first, size_t last) {
  axis line = job->rank > 1 ? job->axes[job->rank - 2] : (axis){1, 0, 0};
  for (size_t unit = first; unit < last;) {
    size_t at = unit % line.size, rest = unit / line.size, count = line.size - at;
    if (count > last - unit) count = last - unit;
    int64_t to = (int64_t)at * line.to, from = (int64_t)at * line.from;
    for (size_t d = job->rank - 1; d-- > 1;) {
      axis a = job->axes[d - 1];
      to += (int64_t)(rest % a.size) * a.to;
      from += (int64_t)(rest % a.size) * a.from;
      rest /= a.size;
    }
    char *target = job->to + to * (int64_t)job->bytes;
    const char *source = job->from + from * (int64_t)job->bytes;
    for (size_t i = 0; i < count; i++) {
      copy_run(job, target, source);
      target += line.to * (int64_t)job->bytes;
      source += line.from * (int64_t)job->bytes;
    }
    unit += count;
  }
}

static void copy_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const copy_job *job = context;
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  if (last > job->outer) last = job->outer;
  if (job->crossing == job->rank) {
    copy_runs(job, first, last);
    return;
  }
  for (size_t unit = first; unit < last; unit++) copy_unit(job, unit);
}

// A single long run is cut, so that threads can share it.
static void split_run(copy_job *job, size_t elements) {
  size_t piece = chunk_bytes / job->bytes;
  axis last = job->axes[job->rank - 1];
  if (job->rank > 1 || elements < 2 * piece) return;
  size_t tail = last.size % piece, whole = last.size - tail;
  if (tail > 0) {
    copy_job rest = *job;
    rest.axes[0].size = tail;
    copy_run(&rest, job->to + (int64_t)whole * last.to * (int64_t)job->bytes,
             job->from + (int64_t)whole * last.from * (int64_t)job->bytes);
  }
  last.size = whole;
  job->axes[0] = (axis){last.size / piece, last.to * (int64_t)piece, last.from * (int64_t)piece};
  job->axes[1] = (axis){piece, last.to, last.from};
  job->rank = 2;
}

void martlet_copy(size_t element_bytes, size_t rank, const size_t *sizes, void *destination,
                  const int64_t *destination_strides, const void *source, const int64_t *source_strides) {
  copy_job job = {.bytes = element_bytes, .to = destination, .from = source, .outer = 1};
  size_t elements = 1;
  for (size_t d = 0; d < rank; d++) {
    elements *= sizes[d];
    if (sizes[d] != 1) job.axes[job.rank++] = (axis){sizes[d], destination_strides[d], source_strides[d]};
  }
  if (elements == 0) return;
  sort_axes(&job);
  merge_axes(&job);
  if (job.rank == 0) job.axes[job.rank++] = (axis){1, 1, 1};
  split_run(&job, elements);
  elements = 1;
  for (size_t d = 0; d < job.rank; d++) elements *= job.axes[d].size;
  axis last = job.axes[job.rank - 1];
  job.crossing = job.rank;
  for (size_t d = 0; d + 1 < job.rank; d++) {
    int crosses = last.to == 1 && last.from != 1 && last.from != 0 && job.axes[d].from == 1;
    if (crosses && last.size >= 4 && job.axes[d].size >= 4) job.crossing = d;
  }
  for (size_t d = 0; d + 1 < job.rank; d++) {
    job.outer *= d == job.crossing ? (job.axes[d].size + block - 1) / block : job.axes[d].size;
  }
  size_t unit_bytes = elements * element_bytes / job.outer + 1;
  job.per_chunk = unit_bytes >= chunk_bytes ? 1 : chunk_bytes / unit_bytes;
  rows_parallel((job.outer + job.per_chunk - 1) / job.per_chunk, copy_chunk, &job);
}
