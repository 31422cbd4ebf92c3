#include <string.h>

#include "conv.h"

enum { most_lines = 16, most_depth = 384 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void martlet_patches_prepare(martlet_patches *p) {
  const bool is_adjacent = p->step[2] == 1 && p->channels == p->pixel_stride;
  p->taps_in_segment = is_adjacent ? p->taps[2] : 1;
  p->segment = p->taps_in_segment * p->channels;
}

size_t martlet_patches_rows(const martlet_patches *p) { return p->batch * p->grid[0] * p->grid[1] * p->grid[2]; }
size_t martlet_patches_columns(const martlet_patches *p) {
  return p->taps[0] * p->taps[1] * p->taps[2] * p->channels;
}

// Where a place of the grid begins in the image, before taps are added.
typedef struct {
  const char *image;
  ptrdiff_t corner[3];
} place;

static place place_at(const martlet_patches *p, size_t row) {
  size_t index = p->first_place + row;
  place at;
  for (int d = 2; d >= 0; --d) {
    at.corner[d] = (ptrdiff_t)(index % p->grid[d]) * p->stride[d] + p->origin[d];
    index /= p->grid[d];
  }
  const size_t elements = p->image_size[0] * p->image_size[1] * p->image_size[2] * p->pixel_stride;
  at.image = p->image + index * elements * p->kernels->element_bytes;
  return at;
}

// Where a segment begins, in taps.
static void segment_taps(const martlet_patches *p, size_t segment, ptrdiff_t taps[3]) {
  const size_t in_row = p->taps[2] / p->taps_in_segment;
  taps[2] = (ptrdiff_t)(segment % in_row * p->taps_in_segment) * p->step[2];
  taps[1] = (ptrdiff_t)(segment / in_row % p->taps[1]) * p->step[1];
  taps[0] = (ptrdiff_t)(segment / in_row / p->taps[1]) * p->step[0];
}

static bool is_inside(ptrdiff_t at, size_t size) { return at >= 0 && at < (ptrdiff_t)size; }

// The `run` columns after `skip` of a segment, seen from one place: a pointer into the image, null for zeros, or
// `edge` filled with both.
static const char *segment_line(const martlet_patches *p, const place *at, const ptrdiff_t taps[3], size_t skip,
                                size_t run, char *edge) {
  const ptrdiff_t d = at->corner[0] + taps[0], h = at->corner[1] + taps[1], w = at->corner[2] + taps[2];
  if (!is_inside(d, p->image_size[0]) || !is_inside(h, p->image_size[1])) return NULL;
  const ptrdiff_t width = (ptrdiff_t)p->image_size[2], stride = (ptrdiff_t)p->pixel_stride;
  const ptrdiff_t bytes = (ptrdiff_t)p->kernels->element_bytes;
  const ptrdiff_t row = (d * (ptrdiff_t)p->image_size[1] + h) * width;
  if (p->taps_in_segment == 1) {
    return is_inside(w, p->image_size[2]) ? at->image + ((row + w) * stride + (ptrdiff_t)skip) * bytes : NULL;
  }
  // Columns of the segment that lie in the image's row: adjacent, since a segment of several taps is.
  ptrdiff_t from = -w * stride, to = (width - w) * stride;
  const ptrdiff_t begin = (ptrdiff_t)skip, end = (ptrdiff_t)(skip + run);
  if (from < begin) from = begin;
  if (to > end) to = end;
  if (from >= to) return NULL;
  const char *source = at->image + row * stride * bytes;
  if (from == begin && to == end) return source + (w * stride + begin) * bytes;
  memset(edge, 0, run * (size_t)bytes);
  memcpy(edge + (from - begin) * bytes, source + (w * stride + from) * bytes, (size_t)((to - from) * bytes));
  return edge;
}

// The same, quickly where the whole segment lies inside the image.
static inline const char *line_at(const martlet_patches *p, const place *at, const ptrdiff_t taps[3], size_t skip,
                                  size_t run, char *edge) {
  const ptrdiff_t d = at->corner[0] + taps[0], h = at->corner[1] + taps[1], w = at->corner[2] + taps[2];
  const ptrdiff_t width = (ptrdiff_t)p->image_size[2];
  if (!is_inside(d, p->image_size[0]) || !is_inside(h, p->image_size[1]) || w < 0 ||
      w + (ptrdiff_t)p->taps_in_segment > width) {
    return segment_line(p, at, taps, skip, run, edge);
  }
  const ptrdiff_t pixel = (d * (ptrdiff_t)p->image_size[1] + h) * width + w;
  return at->image + (pixel * (ptrdiff_t)p->pixel_stride + (ptrdiff_t)skip) * (ptrdiff_t)p->kernels->element_bytes;
}

void martlet_pack_patches(const void *source, void *panel, size_t width, size_t first, size_t count, size_t start,
                          size_t depth) {
  const martlet_patches *p = source;
  const size_t bytes = p->kernels->element_bytes;
  _Alignas(double) char edges[most_lines * most_depth * sizeof(double)];
  char *to = panel;
  place places[most_lines];
  for (size_t i = 0; i < count; ++i) places[i] = place_at(p, first + i);
  for (size_t column = start; column < start + depth;) {
    const size_t segment = column / p->segment, skip = column % p->segment;
    const size_t run = least(p->segment - skip, start + depth - column);
    ptrdiff_t taps[3];
    segment_taps(p, segment, taps);
    const void *lines[most_lines];
    for (size_t i = 0; i < count; ++i) lines[i] = line_at(p, &places[i], taps, skip, run, edges + i * run * bytes);
    p->kernels->pack_lines(to, width, lines, count, run);
    to += run * width * bytes;
    column += run;
  }
}

// A run of lines of a transposed panel that lies in one segment.
typedef struct {
  size_t offset, run, skip;
  ptrdiff_t taps[3];
} strip;

// How many of `count` places from `at`, along the grid's row, see the strip wholly inside the image's row.
static size_t whole_places(const martlet_patches *p, const place *at, const strip *s, size_t count) {
  const ptrdiff_t first = at->corner[2] + s->taps[2];
  const ptrdiff_t low = first + (ptrdiff_t)(s->skip / p->channels);
  const ptrdiff_t high = first + (ptrdiff_t)((s->skip + s->run - 1) / p->channels);
  const ptrdiff_t room = (ptrdiff_t)p->image_size[2] - 1 - high;
  if (low < 0 || room < 0) return 0;
  return least(count, (size_t)(room / p->stride[2]) + 1);
}

// Writes a strip of `count` places along the grid's row into columns of the panel.
static void pack_strip(const martlet_patches *p, char *panel, size_t width, place at, const strip *s, size_t count) {
  const size_t bytes = p->kernels->element_bytes;
  _Alignas(double) char edge[most_lines * sizeof(double)];
  while (count > 0) {
    const char *line = segment_line(p, &at, s->taps, s->skip, s->run, edge);
    size_t done = 1;
    if (line && line != edge && s->run == width) {
      done = whole_places(p, &at, s, count);
      p->kernels->pack(panel, width, line, 1, p->stride[2] * (ptrdiff_t)p->pixel_stride, width, done);
    } else if (line) {
      memcpy(panel + s->offset * bytes, line, s->run * bytes);
    } else {
      memset(panel + s->offset * bytes, 0, s->run * bytes);
    }
    at.corner[2] += (ptrdiff_t)done * p->stride[2];
    panel += done * width * bytes;
    count -= done;
  }
}

void martlet_pack_patches_transposed(const void *source, void *panel, size_t width, size_t first, size_t count,
                                     size_t start, size_t depth) {
  const martlet_patches *p = source;
  strip strips[most_lines];
  size_t strip_count = 0;
  for (size_t line = 0; line < count;) {
    strip *s = &strips[strip_count++];
    s->offset = line, s->skip = (first + line) % p->segment;
    s->run = least(p->segment - s->skip, count - line);
    segment_taps(p, (first + line) / p->segment, s->taps);
    line += s->run;
  }
  const size_t bytes = p->kernels->element_bytes;
  char *to = panel;
  for (size_t row = start; row < start + depth;) {
    const size_t column = (p->first_place + row) % p->grid[2];
    const size_t run = least(p->grid[2] - column, start + depth - row);
    const place at = place_at(p, row);
    for (size_t i = 0; i < strip_count; ++i) pack_strip(p, to, width, at, &strips[i], run);
    for (size_t i = 0; count < width && i < run; ++i) {
      memset(to + (i * width + count) * bytes, 0, (width - count) * bytes);
    }
    to += run * width * bytes;
    row += run;
  }
}
