// Cholesky's and Gauss's factorizations and triangular systems, in blocks whose updates are matrix products.

enum { NAME(block) = 64 };

// The lower factor of the leading n x n block, in place; only the lower triangle is read and written.
static int NAME(cholesky_block)(T *a, size_t n, size_t stride, size_t base, martlet_algebra_error *error) {
  for (size_t i = 0; i < n; i++) {
    T *row = a + i * stride;
    for (size_t j = 0; j < i; j++) {
      const T *other = a + j * stride;
      row[j] = (row[j] - NAME(dot)(row, other, j)) / other[j];
    }
    T pivot = row[i] - NAME(dot)(row, row, i);
    if (!(pivot > 0)) {
      *error = (martlet_algebra_error){MARTLET_ALGEBRA_BAD_PIVOT, 0, base + i, (double)pivot};
      return MARTLET_ALGEBRA_BAD_PIVOT;
    }
    row[i] = (T)sqrt((double)pivot);
  }
  return MARTLET_ALGEBRA_OK;
}

// Rows below a factored corner.
typedef struct NAME(rows_below) {
  const T *corner;
  T *rows;
  size_t count, stride, size;
} NAME(rows_below);

enum { NAME(rows_per_chunk) = 32, NAME(row_group) = 4 };

// A few rows side by side: every number waits for those before it in its own row only.
static void NAME(solve_rows)(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const NAME(rows_below) *below = context;
  size_t first = chunk * NAME(rows_per_chunk), end = first + NAME(rows_per_chunk);
  if (end > below->count) end = below->count;
  for (size_t i = first; i < end; i += NAME(row_group)) {
    size_t together = end - i < NAME(row_group) ? end - i : NAME(row_group);
    T *rows = below->rows + i * below->stride;
    for (size_t j = 0; j < below->size; j++) {
      const T *other = below->corner + j * below->stride;
      for (size_t r = 0; r < together; r++) {
        T *row = rows + r * below->stride;
        row[j] = (row[j] - NAME(dot)(row, other, j)) / other[j];
      }
    }
  }
}

static int NAME(cholesky)(size_t n, const void *source, void *result, martlet_algebra_error *error) {
  const T *a = source;
  T *l = result;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) l[i * n + j] = (T)0.5 * (a[i * n + j] + a[j * n + i]);
  }
  for (size_t k = 0; k < n; k += NAME(block)) {
    size_t size = n - k < NAME(block) ? n - k : NAME(block), next = k + size;
    T *corner = l + k * n + k;
    int status = NAME(cholesky_block)(corner, size, n, k, error);
    if (status != MARTLET_ALGEBRA_OK) return status;
    NAME(rows_below) below = {.corner = corner, .rows = l + next * n + k, .count = n - next, .stride = n, .size = size};
    rows_parallel((below.count + NAME(rows_per_chunk) - 1) / NAME(rows_per_chunk), NAME(solve_rows), &below);
    // The lower half of what is left, a strip of columns at a time.
    for (size_t j = next; j < n; j += NAME(block)) {
      size_t width = n - j < NAME(block) ? n - j : NAME(block);
      const T *rows = l + j * n + k;
      NAME(product)(n - j, width, size, rows, (ptrdiff_t)n, 1, rows, 1, (ptrdiff_t)n, l + j * n + j, (ptrdiff_t)n, -1,
                    true);
    }
  }
  for (size_t i = 0; i < n; i++) memset(l + i * n + i + 1, 0, (n - i - 1) * sizeof(T));
  return MARTLET_ALGEBRA_OK;
}

// Solves with the block of rows `first..<last` of the triangle, in the order of substitution.
static int NAME(solve_block)(int is_forward, int is_unit, size_t first, size_t last, size_t columns, const T *a,
                             ptrdiff_t row, ptrdiff_t column, T *x, martlet_algebra_error *error) {
  for (size_t step = 0; step < last - first; step++) {
    size_t i = is_forward ? first + step : last - 1 - step;
    T *own = x + i * columns;
    size_t from = is_forward ? first : i + 1, to = is_forward ? i : last;
    if (columns == 1 && column == 1) {
      own[0] -= NAME(dot)(a + (ptrdiff_t)i * row + (ptrdiff_t)from, x + from, to - from);
    } else {
      for (size_t j = from; j < to; j++) {
        NAME(add_scaled)(own, x + j * columns, -a[(ptrdiff_t)i * row + (ptrdiff_t)j * column], columns);
      }
    }
    if (is_unit) continue;
    T pivot = a[(ptrdiff_t)i * (row + column)];
    if (pivot == 0) {
      *error = (martlet_algebra_error){MARTLET_ALGEBRA_BAD_PIVOT, 0, i, 0};
      return MARTLET_ALGEBRA_BAD_PIVOT;
    }
    for (size_t j = 0; j < columns; j++) own[j] /= pivot;
  }
  return MARTLET_ALGEBRA_OK;
}

static int NAME(triangular_solve)(int is_lower, int is_transposed, int is_unit, size_t n, size_t columns,
                                  const void *matrix, const void *source, void *result, martlet_algebra_error *error) {
  const T *a = matrix;
  T *x = result;
  memcpy(x, source, n * columns * sizeof(T));
  ptrdiff_t row = is_transposed ? 1 : (ptrdiff_t)n, column = is_transposed ? (ptrdiff_t)n : 1;
  int is_forward = is_lower != is_transposed;
  size_t blocks = (n + NAME(block) - 1) / NAME(block);
  for (size_t k = 0; k < blocks; k++) {
    size_t first = (is_forward ? k : blocks - 1 - k) * NAME(block);
    size_t last = first + NAME(block) < n ? first + NAME(block) : n;
    int status = NAME(solve_block)(is_forward, is_unit, first, last, columns, a, row, column, x, error);
    if (status != MARTLET_ALGEBRA_OK) return status;
    size_t start = is_forward ? last : 0, rest = is_forward ? n - last : first;
    NAME(product)(rest, columns, last - first, a + (ptrdiff_t)start * row + (ptrdiff_t)first * column, row, column,
                  x + first * columns, (ptrdiff_t)columns, 1, x + start * columns, (ptrdiff_t)columns, -1, true);
  }
  return MARTLET_ALGEBRA_OK;
}

static void NAME(swap_rows)(T *x, T *y, size_t n) {
  for (size_t i = 0; i < n; i++) {
    T held = x[i];
    x[i] = y[i];
    y[i] = held;
  }
}

// The columns `first..<last` of all rows from `first` on: pivots, and multipliers below them.
static void NAME(lu_panel)(T *a, size_t rows, size_t columns, size_t first, size_t last, int64_t *order) {
  for (size_t k = first; k < last; k++) {
    size_t best = k;
    T largest = -1;
    for (size_t i = k; i < rows; i++) {
      T size = a[i * columns + k] < 0 ? -a[i * columns + k] : a[i * columns + k];
      // NaN is a pivot at once, so that it is not hidden by others.
      if (size > largest || size != size) best = i, largest = size;
      if (size != size) break;
    }
    if (best != k) {
      NAME(swap_rows)(a + k * columns, a + best * columns, columns);
      int64_t held = order[k];
      order[k] = order[best];
      order[best] = held;
    }
    const T *pivot = a + k * columns;
    if (pivot[k] == 0) continue;
    for (size_t i = k + 1; i < rows; i++) {
      T *row = a + i * columns;
      row[k] /= pivot[k];
      NAME(add_scaled)(row + k + 1, pivot + k + 1, -row[k], last - k - 1);
    }
  }
}

static int NAME(lu)(size_t rows, size_t columns, const void *source, void *packed, int64_t *order) {
  T *a = packed;
  memcpy(a, source, rows * columns * sizeof(T));
  for (size_t i = 0; i < rows; i++) order[i] = (int64_t)i;
  size_t count = rows < columns ? rows : columns, width = NAME(block) / 2;
  for (size_t k = 0; k < count; k += width) {
    size_t last = count - k < width ? count : k + width;
    NAME(lu_panel)(a, rows, columns, k, last, order);
    // The rows of the panel to its right, then everything below them.
    for (size_t i = k + 1; i < last; i++) {
      for (size_t j = k; j < i; j++) {
        NAME(add_scaled)(a + i * columns + last, a + j * columns + last, -a[i * columns + j], columns - last);
      }
    }
    NAME(product)(rows - last, columns - last, last - k, a + last * columns + k, (ptrdiff_t)columns, 1,
                  a + k * columns + last, (ptrdiff_t)columns, 1, a + last * columns + last, (ptrdiff_t)columns, -1,
                  true);
  }
  return MARTLET_ALGEBRA_OK;
}
