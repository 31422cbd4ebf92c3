// Walking over windows: shared by the reduction and the selections.
#ifndef MARTLET_WINDOW_WALK_H
#define MARTLET_WINDOW_WALK_H

#include "include/martlet_window.h"

enum { WINDOW_KNOWN_TAPS = 64 };

/// The window with its trailing untouched dimensions taken out.
typedef struct window_walk {
  const martlet_window *window;
  /// Dimensions that are walked, and elements of a run in the others.
  size_t rank, run;
  /// Windows (each of `run` outputs) and positions of a window.
  size_t outputs, taps;
  size_t input_steps[MARTLET_WINDOW_MAX_RANK];
  /// From the first position of a window to the others, if there are few: most windows lie inside, and need no more.
  int64_t deltas[WINDOW_KNOWN_TAPS];
} window_walk;

/// From the first position of a window to that at `tap`, as if all were inside.
static inline int64_t tap_delta(const window_walk *walk, size_t tap) {
  int64_t delta = 0;
  for (size_t d = walk->rank; d-- > 0;) {
    const size_t k = tap % walk->window->window[d];
    tap /= walk->window->window[d];
    delta += (int64_t)(k * walk->window->dilation[d] * walk->input_steps[d]);
  }
  return delta;
}

static inline window_walk make_walk(const martlet_window *w) {
  window_walk walk = {.window = w, .rank = w->rank, .run = 1, .outputs = 1, .taps = 1};
  while (walk.rank > 0) {
    size_t d = walk.rank - 1;
    int is_untouched = w->window[d] == 1 && w->stride[d] == 1 && w->padding[d] == 0 && w->input[d] == w->output[d];
    if (!is_untouched) break;
    walk.run *= w->input[d];
    walk.rank = d;
  }
  size_t step = walk.run;
  for (size_t d = walk.rank; d-- > 0;) {
    walk.input_steps[d] = step;
    step *= w->input[d];
    walk.outputs *= w->output[d];
    walk.taps *= w->window[d];
  }
  if (walk.taps <= WINDOW_KNOWN_TAPS) {
    for (size_t tap = 0; tap < walk.taps; tap++) walk.deltas[tap] = tap_delta(&walk, tap);
  }
  return walk;
}

static inline void place_of(const window_walk *walk, size_t output, size_t *place) {
  for (size_t d = walk->rank; d-- > 0;) {
    place[d] = output % walk->window->output[d];
    output /= walk->window->output[d];
  }
}

/// Where in the input the run at `tap` of the window at `place` begins, or -1 outside of it.
static inline int64_t tap_offset(const window_walk *walk, const size_t *place, size_t tap) {
  const martlet_window *w = walk->window;
  int64_t offset = 0;
  for (size_t d = walk->rank; d-- > 0;) {
    size_t k = tap % w->window[d];
    tap /= w->window[d];
    int64_t at = (int64_t)(place[d] * w->stride[d] + k * w->dilation[d]) - w->padding[d];
    if (at < 0 || at >= (int64_t)w->input[d]) return -1;
    offset += at * (int64_t)walk->input_steps[d];
  }
  return offset;
}

/// Where in the input the run at the first tap of the window at `place` begins, if all of its taps are inside and in
/// `deltas`; else -1.
static inline int64_t inside_offset(const window_walk *walk, const size_t *place) {
  const martlet_window *w = walk->window;
  if (walk->taps > WINDOW_KNOWN_TAPS) return -1;
  int64_t offset = 0;
  for (size_t d = walk->rank; d-- > 0;) {
    const int64_t at = (int64_t)(place[d] * w->stride[d]) - w->padding[d];
    if (at < 0 || at + (int64_t)((w->window[d] - 1) * w->dilation[d]) >= (int64_t)w->input[d]) return -1;
    offset += at * (int64_t)walk->input_steps[d];
  }
  return offset;
}

/// `tap_offset`, given what `inside_offset` says of the window.
static inline int64_t offset_at(const window_walk *walk, const size_t *place, int64_t inside, size_t tap) {
  return inside >= 0 ? inside + walk->deltas[tap] : tap_offset(walk, place, tap);
}

#endif
