// The driver of large products: packs panels, and walks tiles in an order that suits the caches.
#include <stdatomic.h>

#include "gemm.h"
#include "pool.h"

// Sizes depend on the shape and the caches, never on the number of threads. The depth is cut into equal blocks;
// a chunk of work is `chunk_panels` panels of A against `chunk_columns` columns of B, and visits one depth block
// after the other. B is packed once for `stage_columns` columns and `stage_depth` of the depth, A too if it is
// small enough to stay in the last cache; otherwise each chunk packs its own rows. Where all rows make one chunk, each
// chunk packs its own columns of B instead, which then never leave the second-level cache.
typedef struct {
  const martlet_packed_gemm *gemm;
  size_t depth_block, stage_depth, stage_columns;
  size_t chunk_panels, chunk_columns, column_block;
  bool shares_a, owns_b;
} plan;

// One step of the outer loops.
typedef struct {
  const plan *plan;
  size_t column, columns, depth_start, depth;
  char *a_panels, *b_panels;
  size_t row_chunks, column_chunks;
  size_t a_items, b_items;
  _Atomic bool has_failed;
} stage;

enum {
  shared_a_bytes = 4 << 20,
  stage_bytes = 8 << 20,
  wanted_chunks = 32,
  least_work = 1 << 18,  // multiply-adds of a chunk that are worth a claim
  most_panels = 8,
  pair_rows = 3,  // of A, at most, that meet two panels of B at once
  pack_panels = 4,  // panels that one claim packs
  own_b_panels = 40,  // of A, at most, if each chunk packs its own columns
  own_b_chunks = 16,
  epilogue_elements = 4096,  // of C, finished, that are worth a call
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t rounded_up(size_t a, size_t b) { return divided_up(a, b) * b; }

// Bytes of the block of B that all panels of a chunk are multiplied with: both together take half of the second-level
// cache, where the panels leave B a quarter at least.
static size_t block_bytes(const plan *p) {
  const martlet_gemm_kernels *kernels = p->gemm->kernels;
  const size_t half = martlet_cache_bytes(2) / 2;
  const size_t panels = most_panels * kernels->tile_rows * p->depth_block * kernels->element_bytes;
  return panels < half / 2 ? half - panels : half / 2;
}

static plan make_plan(const martlet_packed_gemm *gemm) {
  const martlet_gemm_kernels *kernels = gemm->kernels;
  const size_t mr = kernels->tile_rows, nr = kernels->tile_columns, bytes = kernels->element_bytes;
  const size_t panels = divided_up(gemm->rows, mr);
  plan p = {.gemm = gemm};
  p.depth_block = divided_up(gemm->depth, divided_up(gemm->depth, kernels->depth_block));
  // As much of the depth at a time as lets all rows of A be packed once and stay in the last cache, if a block does.
  p.stage_depth = gemm->packed_b ? gemm->depth : least(gemm->depth, rounded_up(4096, p.depth_block));
  const size_t shared_depth = shared_a_bytes / bytes / gemm->rows;
  p.shares_a = p.depth_block <= shared_depth;
  if (p.shares_a) p.stage_depth = least(p.stage_depth, shared_depth / p.depth_block * p.depth_block);
  p.stage_columns = rounded_up(gemm->columns, nr);
  if (!gemm->packed_b) p.stage_columns = least(p.stage_columns, rounded_up(stage_bytes / bytes / p.stage_depth, nr));
  p.column_block = rounded_up(block_bytes(&p) / bytes / p.depth_block, nr);
  p.owns_b = p.shares_a && !gemm->packed_b && panels <= own_b_panels && gemm->columns >= 8 * nr;
  if (p.owns_b) {
    p.chunk_panels = panels;
    p.stage_columns = rounded_up(gemm->columns, nr);
    p.chunk_columns = least(rounded_up(divided_up(gemm->columns, own_b_chunks), nr), rounded_up(p.column_block / 2, nr));
    return p;
  }
  p.chunk_panels = least(panels, most_panels);
  p.chunk_columns = p.shares_a ? least(p.stage_columns, p.column_block) : p.stage_columns;
  for (;;) {
    const size_t count = divided_up(panels, p.chunk_panels) * divided_up(p.stage_columns, p.chunk_columns);
    if (count >= wanted_chunks || p.chunk_panels * mr * p.chunk_columns * p.stage_depth < 2 * least_work) break;
    const bool may_narrow = p.shares_a && p.chunk_columns > nr;
    if (may_narrow && p.chunk_columns > 2 * p.chunk_panels * mr) {
      p.chunk_columns = rounded_up(p.chunk_columns / 2, nr);
    } else if (p.chunk_panels > 1) {
      p.chunk_panels = divided_up(p.chunk_panels, 2);
    } else if (may_narrow) {
      p.chunk_columns = rounded_up(p.chunk_columns / 2, nr);
    } else {
      break;
    }
  }
  return p;
}

// Panels of one depth block lie one behind the other, blocks of the stage likewise.
static char *panel_at(char *panels, size_t count, size_t width, const stage *s, size_t panel, size_t k, size_t depth) {
  return panels + (count * width * k + panel * width * depth) * s->plan->gemm->kernels->element_bytes;
}

static size_t depth_at(const stage *s, size_t k) { return least(s->plan->depth_block, s->depth - k); }

// Packs `count` lines of A or B from `first` on into consecutive panels of one depth block.
static void pack_lines(const stage *s, bool is_a, char *panel, size_t first, size_t count, size_t k) {
  const martlet_packed_gemm *gemm = s->plan->gemm;
  const size_t width = is_a ? gemm->kernels->tile_rows : gemm->kernels->tile_columns, depth = depth_at(s, k);
  const martlet_pack_source pack = is_a ? gemm->pack_a : gemm->pack_b;
  const void *source = is_a ? gemm->a_source : gemm->b_source;
  const size_t group = gemm->packs_groups ? count : width;
  for (size_t line = 0; line < count; line += group) {
    pack(source, panel + line * depth * gemm->kernels->element_bytes, width, first + line, least(group, count - line),
         s->depth_start + k, depth);
  }
}

static void pack_item(void *context, size_t chunk, size_t worker) {
  const stage *s = context;
  const martlet_packed_gemm *gemm = s->plan->gemm;
  const size_t mr = gemm->kernels->tile_rows, nr = gemm->kernels->tile_columns;
  (void)worker;
  const bool is_a = chunk >= s->b_items;
  const size_t index = is_a ? chunk - s->b_items : chunk;
  const size_t width = is_a ? mr : nr, lines = is_a ? gemm->rows : s->columns, first = index * pack_panels * width;
  for (size_t k = 0; k < s->depth; k += s->plan->depth_block) {
    char *panel = panel_at(is_a ? s->a_panels : s->b_panels, divided_up(lines, width), width, s, first / width, k,
                           depth_at(s, k));
    pack_lines(s, is_a, panel, is_a ? first : s->column + first, least(pack_panels * width, lines - first), k);
  }
}

// What a chunk is at: rows and columns count from the stage's corner.
typedef struct {
  size_t row, rows, column, columns;
  char *own_panels;  // of the current depth block: those of A or B that are not shared
} piece;

static void multiply_panel(const stage *s, const piece *at, size_t row, size_t column, size_t columns, size_t k) {
  const martlet_packed_gemm *gemm = s->plan->gemm;
  const martlet_gemm_kernels *kernels = gemm->kernels;
  const size_t mr = kernels->tile_rows, nr = kernels->tile_columns, depth = depth_at(s, k);
  const size_t rows = least(mr, at->row + at->rows - row), b_panels = divided_up(s->columns, nr);
  const bool is_last = s->depth_start + k + depth == gemm->depth;
  const char *a = s->plan->shares_a
                      ? panel_at(s->a_panels, divided_up(gemm->rows, mr), mr, s, row / mr, k, depth)
                      : at->own_panels + (row - at->row) * depth * kernels->element_bytes;
  martlet_tile strip = martlet_tile_at(&gemm->output, row, s->column + column, kernels->element_bytes);
  strip.accumulates = strip.accumulates || s->depth_start + k > 0;
  if (!is_last) strip.bias = NULL;
  const char *b = s->plan->owns_b ? at->own_panels + (column - at->column) * depth * kernels->element_bytes
                                  : panel_at(s->b_panels, b_panels, nr, s, column / nr, k, depth);
  const bool has_pairs = rows <= pair_rows && strip.column_stride == 1;
  const ptrdiff_t panel_bytes = (ptrdiff_t)(nr * kernels->element_bytes);
  for (size_t j = 0, panels; j < columns; j += panels * nr) {
    panels = has_pairs && columns - j >= 2 * nr ? 2 : 1;
    if (panels == 2) {
      kernels->packed_pair(depth, a, b, rows, &strip);
    } else {
      kernels->packed_tile(depth, a, b, rows, least(nr, columns - j), &strip);
    }
    b += panels * nr * depth * kernels->element_bytes;
    const ptrdiff_t step = (ptrdiff_t)panels * panel_bytes;
    strip.c = (char *)strip.c + step * strip.column_stride;
    if (strip.bias) strip.bias = (const char *)strip.bias + step * strip.bias_column_stride;
  }
}

// Hands finished rows to the epilogue, as many at a time as are worth a call and still in the second-level cache.
static void finish_rows(const stage *s, size_t row, size_t rows, size_t column, size_t columns) {
  const martlet_packed_gemm *gemm = s->plan->gemm;
  const martlet_tile strip = martlet_tile_at(&gemm->output, row, s->column + column, gemm->kernels->element_bytes);
  gemm->epilogue(gemm->epilogue_context, strip.c, gemm->batch_index, row, gemm->first_column + s->column + column, rows,
                 columns, (size_t)strip.row_stride);
}

static void multiply_piece(const stage *s, const piece *at) {
  const size_t mr = s->plan->gemm->kernels->tile_rows;
  const size_t end = at->row + at->rows, column_end = at->column + at->columns;
  for (size_t k = 0; k < s->depth; k += s->plan->depth_block) {
    const bool is_last = s->plan->gemm->epilogue && s->depth_start + k + depth_at(s, k) == s->plan->gemm->depth;
    if (!s->plan->shares_a) pack_lines(s, true, at->own_panels, at->row, at->rows, k);
    if (s->plan->owns_b) pack_lines(s, false, at->own_panels, s->column + at->column, at->columns, k);
    for (size_t column = at->column; column < column_end; column += s->plan->column_block) {
      const size_t columns = least(s->plan->column_block, column_end - column);
      size_t finished = at->row;
      for (size_t row = at->row; row < end; row += mr) {
        multiply_panel(s, at, row, column, columns, k);
        const size_t next = least(row + mr, end);
        if (!is_last || (next < end && (next - finished) * columns < epilogue_elements)) continue;
        finish_rows(s, finished, next - finished, column, columns);
        finished = next;
      }
    }
  }
}

static void multiply_chunk(void *context, size_t chunk, size_t worker) {
  stage *s = context;
  const martlet_packed_gemm *gemm = s->plan->gemm;
  const size_t chunk_rows = s->plan->chunk_panels * gemm->kernels->tile_rows;
  (void)worker;
  piece at = {.row = chunk % s->row_chunks * chunk_rows, .column = chunk / s->row_chunks * s->plan->chunk_columns};
  at.rows = least(chunk_rows, gemm->rows - at.row);
  at.columns = least(s->plan->chunk_columns, s->columns - at.column);
  if (s->plan->shares_a && !s->plan->owns_b) {
    multiply_piece(s, &at);
    return;
  }
  const size_t own_lines = s->plan->owns_b ? rounded_up(s->plan->chunk_columns, gemm->kernels->tile_columns) : chunk_rows;
  at.own_panels = martlet_scratch_acquire(own_lines * s->plan->depth_block * gemm->kernels->element_bytes);
  if (!at.own_panels) {
    s->has_failed = true;
    return;
  }
  multiply_piece(s, &at);
  martlet_scratch_release();
}

static bool run_stage(stage *s) {
  const plan *p = s->plan;
  const martlet_gemm_kernels *kernels = p->gemm->kernels;
  s->columns = least(p->stage_columns, p->gemm->columns - s->column);
  s->depth = least(p->stage_depth, p->gemm->depth - s->depth_start);
  s->row_chunks = divided_up(p->gemm->rows, p->chunk_panels * kernels->tile_rows);
  s->column_chunks = divided_up(s->columns, p->chunk_columns);
  s->b_items = p->gemm->packed_b || p->owns_b ? 0 : divided_up(divided_up(s->columns, kernels->tile_columns), pack_panels);
  s->a_items = p->shares_a ? divided_up(divided_up(p->gemm->rows, kernels->tile_rows), pack_panels) : 0;
  martlet_pool_run(s->a_items + s->b_items, pack_item, s);
  martlet_pool_run(s->row_chunks * s->column_chunks, multiply_chunk, s);
  return !s->has_failed;
}

static bool run_stages(const plan *p, char *a_panels, char *b_panels) {
  for (size_t column = 0; column < p->gemm->columns; column += p->stage_columns) {
    for (size_t k = 0; k < p->gemm->depth; k += p->stage_depth) {
      stage s = {.plan = p, .column = column, .depth_start = k, .a_panels = a_panels, .b_panels = b_panels};
      if (p->gemm->packed_b) s.b_panels += p->stage_columns * k * p->gemm->kernels->element_bytes;
      if (!run_stage(&s)) return false;
    }
  }
  return true;
}

martlet_status martlet_packed_gemm_run(const martlet_packed_gemm *gemm) {
  const plan p = make_plan(gemm);
  const size_t bytes = gemm->kernels->element_bytes;
  const size_t a_rows = p.shares_a ? rounded_up(gemm->rows, gemm->kernels->tile_rows) : 0;
  const size_t b_bytes = gemm->packed_b || p.owns_b ? 0 : p.stage_columns * p.stage_depth * bytes;
  // Offsets of panels are multiples of 64 bytes only for B; A is read by single elements.
  char *panels = martlet_scratch_acquire(b_bytes + a_rows * p.stage_depth * bytes + 1);
  if (!panels) return MARTLET_OUT_OF_MEMORY;
  const bool is_done = run_stages(&p, panels + b_bytes, gemm->packed_b ? (char *)gemm->packed_b : panels);
  martlet_scratch_release();
  return is_done ? MARTLET_OK : MARTLET_OUT_OF_MEMORY;
}

size_t martlet_packed_gemm_b_bytes(const martlet_packed_gemm *gemm) {
  return rounded_up(gemm->columns, gemm->kernels->tile_columns) * gemm->depth * gemm->kernels->element_bytes;
}

void martlet_packed_gemm_pack_b(const martlet_packed_gemm *gemm, void *panels) {
  martlet_packed_gemm whole = *gemm;
  whole.packed_b = panels;
  const plan p = make_plan(&whole);
  stage s = {.plan = &p, .columns = gemm->columns, .depth = gemm->depth, .b_panels = panels};
  s.b_items = divided_up(divided_up(gemm->columns, gemm->kernels->tile_columns), pack_panels);
  martlet_pool_run(s.b_items, pack_item, &s);
}
