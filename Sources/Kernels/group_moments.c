// Two passes over each example, the second one while it is still near: examples that fit a second-level cache are worked
// on whole, larger ones in parts.
#include "include/martlet_moments.h"

#include <stdlib.h>
#include <string.h>

#include "row_kernels.h"
#include "row_runtime.h"

/// Elements of an example up to which it is worked on whole, of a part of a larger one, and of a block whose columns are
/// summed in float32.
enum { whole_elements = 1 << 16, part_elements = 1 << 15, block_elements = 1 << 12 };

typedef struct moments_run {
  const row_kernels *kernels;
  size_t positions, channels, groups, parts, part_rows, block_rows;
  const float *source;
  float *means, *variances;
  /// For each part the sum of each channel.
  row_accumulator *sums;
  /// Whether the squares of the differences are summed.
  int takes_squares, is_out_of_memory;
} moments_run;

/// Room for the sums of a block, and the means of all channels for each of its rows.
static float *block_memory(moments_run *run) {
  float *memory = rows_scratch((run->block_rows + 2) * run->channels * sizeof(float));
  if (memory == NULL) __atomic_store_n(&run->is_out_of_memory, 1, __ATOMIC_RELAXED);
  return memory;
}

static void repeat_means(const moments_run *run, const float *means, float *to) {
  const size_t width = run->channels / run->groups;
  for (size_t c = 0; c < run->channels; c++) to[c] = means[c / width];
  for (size_t row = 1; row <= run->block_rows; row++) {
    memcpy(to + row * run->channels, to, run->channels * sizeof(float));
  }
}

/// Adds up rows, or the squares of their differences from `centers`. There are 2 rows or more.
static void add_rows(const moments_run *run, const float *rows, size_t count, const float *centers, float *folded,
                     row_accumulator *sums) {
  const row_kernels *kernels = run->kernels;
  memset(sums, 0, run->channels * sizeof *sums);
  for (size_t row = 0, height; row < count; row += height) {
    const size_t left = count - row;
    // A single row is taken along by the block before it.
    height = left <= run->block_rows + 1 ? left : run->block_rows;
    const float *block = rows + row * run->channels;
    if (run->takes_squares) {
      kernels->fold_squares[MARTLET_REDUCE_SQUARED_DIFFERENCES - MARTLET_REDUCE_SQUARES](folded, block, centers, height,
                                                                                         run->channels);
    } else {
      kernels->fold[0][MARTLET_REDUCE_SUM](folded, block, NULL, height, run->channels);
    }
    kernels->accumulate[MARTLET_F32][MARTLET_REDUCE_SUM](sums, folded, run->channels);
  }
}

static void store_groups(const moments_run *run, const row_accumulator *sums, float *results) {
  const size_t width = run->channels / run->groups;
  const double count = (double)run->positions * (double)width;
  for (size_t group = 0; group < run->groups; group++) {
    double sum = 0;
    for (size_t c = 0; c < width; c++) sum += sums[group * width + c].d;
    results[group] = (float)(sum / count);
  }
}

static void run_example(void *context, size_t example, size_t worker) {
  (void)worker;
  moments_run run = *(moments_run *)context;
  float *folded = block_memory(context);
  if (folded == NULL) return;
  float *centers = folded + run.channels, *means = run.means + example * run.groups;
  const float *rows = run.source + example * run.positions * run.channels;
  row_accumulator *sums = run.sums + example * run.channels;
  add_rows(&run, rows, run.positions, NULL, folded, sums);
  store_groups(&run, sums, means);
  repeat_means(&run, means, centers);
  run.takes_squares = 1;
  add_rows(&run, rows, run.positions, centers, folded, sums);
  store_groups(&run, sums, run.variances + example * run.groups);
}

static void run_part(void *context, size_t chunk, size_t worker) {
  (void)worker;
  moments_run *run = context;
  float *folded = block_memory(run);
  if (folded == NULL) return;
  const size_t example = chunk / run->parts, first = chunk % run->parts * run->part_rows;
  // The last part takes what is left.
  const size_t last = (chunk + 1) % run->parts == 0 ? run->positions : first + run->part_rows;
  float *centers = folded + run->channels;
  if (run->takes_squares) repeat_means(run, run->means + example * run->groups, centers);
  add_rows(run, run->source + (example * run->positions + first) * run->channels, last - first, centers, folded,
           run->sums + chunk * run->channels);
}

static void run_parts(moments_run *run, size_t batch, float *results) {
  rows_parallel(batch * run->parts, run_part, run);
  if (run->is_out_of_memory) return;
  for (size_t example = 0; example < batch; example++) {
    row_accumulator *first = run->sums + example * run->parts * run->channels;
    for (size_t part = 1; part < run->parts; part++) {
      for (size_t c = 0; c < run->channels; c++) first[c].d += first[part * run->channels + c].d;
    }
    store_groups(run, first, results + example * run->groups);
  }
}

int martlet_group_moments_f32(size_t batch, size_t positions, size_t channels, size_t groups, const float *source,
                              float *means, float *variances) {
  moments_run run = {.kernels = martlet_row_kernels_current(), .positions = positions, .channels = channels,
                     .groups = groups, .source = source, .means = means, .variances = variances};
  if (batch == 0) return 0;
  run.block_rows = block_elements / channels > 2 ? block_elements / channels : 2;
  run.part_rows = part_elements / channels > 2 ? part_elements / channels : 2;
  run.parts = positions * channels <= whole_elements ? 1 : positions / run.part_rows;
  if (run.parts == 0) run.parts = 1;
  run.sums = malloc(batch * run.parts * channels * sizeof *run.sums);
  if (run.sums == NULL) return MARTLET_ROW_OUT_OF_MEMORY;
  if (run.parts == 1) {
    rows_parallel(batch, run_example, &run);
  } else {
    run_parts(&run, batch, means);
    run.takes_squares = 1;
    if (!run.is_out_of_memory) run_parts(&run, batch, variances);
  }
  free(run.sums);
  return run.is_out_of_memory ? MARTLET_ROW_OUT_OF_MEMORY : 0;
}
