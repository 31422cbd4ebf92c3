// Rotations of the rows of a matrix, applied many at a time: a strip of columns stays in a cache while all of them go
// over it, and strips do not touch each other. An element sees the same steps in the same order as one by one.

enum { NAME(strip) = 128 / sizeof(T) };

/// (row x, row y) <- (c x + s y, c y - s x).
typedef struct NAME(rotation) {
  T c, s;
  uint32_t x, y;
} NAME(rotation);

/// Rotations that wait, and the matrix they are for.
typedef struct NAME(rotations) {
  T *matrix;
  size_t rows, columns;
  NAME(rotation) *waiting;
  size_t count, capacity;
} NAME(rotations);

/// - Parameter memory: Room for the rotations that wait.
static NAME(rotations) NAME(rotations_of)(T *matrix, size_t rows, size_t columns, T *memory, size_t elements) {
  return (NAME(rotations)){.matrix = matrix, .rows = rows, .columns = columns, .waiting = (void *)memory,
                           .capacity = elements * sizeof(T) / sizeof(NAME(rotation))};
}

/// The length of (f, g). The squares of float32 neither overflow nor vanish in float64.
static inline double NAME(hypotenuse)(double f, double g) { return sizeof(T) == 4 ? sqrt(f * f + g * g) : hypot(f, g); }

/// As above, in `length`, and its reciprocal, which for float32 is found while the root is: every rotation waits for the
/// one before it, so that their time is that of this chain.
static inline double NAME(inverse_hypotenuse)(double f, double g, double *length) {
  double square = f * f + g * g;
  *length = NAME(hypotenuse)(f, g);
  return sizeof(T) == 4 ? *length * (1.0 / square) : 1.0 / *length;
}

typedef T NAME(lanes) __attribute__((vector_size(128)));

// Of a strip of full width. The second row of a rotation is usually the first of the next, and stays in registers.
static void NAME(rotate_lanes)(T *rows, size_t stride, const NAME(rotation) *turns, size_t count) {
  _Pragma("clang fp contract(fast)") NAME(lanes) x, y, first;
  for (size_t k = 0; k < count; k++) {
    if (k == 0 || turns[k].x != turns[k - 1].y) memcpy(&x, rows + turns[k].x * stride, sizeof x);
    memcpy(&y, rows + turns[k].y * stride, sizeof y);
    T c = turns[k].c, s = turns[k].s;
    first = c * x + s * y;
    x = c * y - s * x;
    memcpy(rows + turns[k].x * stride, &first, sizeof first);
    if (k + 1 == count || turns[k + 1].x != turns[k].y) memcpy(rows + turns[k].y * stride, &x, sizeof x);
  }
}

static void NAME(rotate_strip)(void *context, size_t strip, size_t worker) {
  (void)worker;
  const NAME(rotations) *all = context;
  size_t first = strip * NAME(strip), width = all->columns - first, stride = NAME(strip);
  if (width > NAME(strip)) width = NAME(strip);
  T *source = all->matrix + first, *rows = rows_scratch(all->rows * stride * sizeof(T));
  // Without memory of its own the strip is used where it lies.
  if (rows == NULL) rows = source, stride = all->columns;
  for (size_t i = 0; rows != source && i < all->rows; i++) {
    memcpy(rows + i * stride, source + i * all->columns, width * sizeof(T));
  }
  if (width == NAME(strip)) {
    NAME(rotate_lanes)(rows, stride, all->waiting, all->count);
  } else {
    for (size_t k = 0; k < all->count; k++) {
      const NAME(rotation) turn = all->waiting[k];
      NAME(rotate)(rows + turn.x * stride, rows + turn.y * stride, turn.c, turn.s, width);
    }
  }
  for (size_t i = 0; rows != source && i < all->rows; i++) {
    memcpy(source + i * all->columns, rows + i * stride, width * sizeof(T));
  }
}

/// Applies what waits.
static void NAME(apply_rotations)(NAME(rotations) *all) {
  // Elements times rotations below which another thread is not worth waking.
  enum { few = 1 << 17 };
  size_t strips = (all->columns + NAME(strip) - 1) / NAME(strip);
  if (all->count * all->columns >= few) {
    rows_parallel(strips, NAME(rotate_strip), all);
  } else {
    for (size_t strip = 0; all->count > 0 && strip < strips; strip++) NAME(rotate_strip)(all, strip, 0);
  }
  all->count = 0;
}

static inline void NAME(turn)(NAME(rotations) *all, size_t x, size_t y, double c, double s) {
  if (all->count == all->capacity) NAME(apply_rotations)(all);
  all->waiting[all->count++] = (NAME(rotation)){(T)c, (T)s, (uint32_t)x, (uint32_t)y};
}
