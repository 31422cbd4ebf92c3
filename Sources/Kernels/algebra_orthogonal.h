// QR by Householder's reflections, eigenvalues by tridiagonal form and implicit QL steps, singular values by
// bidiagonal form and implicit QR steps (Golub and Van Loan, Matrix Computations, chapters 5 and 8). Reflections and
// rotations work on rows, so that everything they touch is adjacent: vectors are kept transposed.

static void NAME(transpose)(const T *from, size_t rows, size_t columns, T *to) {
  for (size_t i = 0; i < rows; i += 16) {
    size_t end = i + 16 < rows ? i + 16 : rows;
    for (size_t j = 0; j < columns; j++) {
      for (size_t k = i; k < end; k++) to[j * rows + k] = from[k * columns + j];
    }
  }
}

// work: rows * columns + rows * kept + k + together * (rows + 2 max(columns, kept) + together) elements.
static int NAME(qr)(size_t rows, size_t columns, int is_complete, const void *source, void *q_result, void *r_result,
                    void *work) {
  size_t count = rows < columns ? rows : columns, kept = is_complete ? rows : count;
  T *at = work, *qt = at + rows * columns, *tau = qt + rows * kept, *rest = tau + count, *q = q_result, *r = r_result;
  NAME(transpose)(source, rows, columns, at);
  memset(r, 0, kept * columns * sizeof(T));
  size_t width = columns < 96 ? count : NAME(together);
  for (size_t first = 0; first < count; first += width) {
    size_t last = count - first < width ? count : first + width, together = last - first, length = rows - first;
    // Within the block one after the other, on everything behind it all together.
    size_t end = last == count && width == count ? columns : last;
    for (size_t k = first; k < last; k++) {
      T *v = at + k * rows + k, beta;
      for (size_t i = 0; i < k; i++) r[i * columns + k] = at[k * rows + i];
      tau[k] = NAME(reflector)(v, rows - k, &beta);
      r[k * columns + k] = beta;
      NAME(reflect_rows)(at + (k + 1) * rows + k, end - k - 1, rows, v, tau[k], rows - k);
    }
    if (end == columns) continue;
    T *v = rest, *f = v + together * length;
    for (size_t k = 0; k < together; k++) {
      memset(v + k * length, 0, k * sizeof(T));
      memcpy(v + k * length + k, at + (first + k) * rows + first + k, (length - k) * sizeof(T));
    }
    NAME(join_reflections)(v, tau + first, together, length, f);
    NAME(reflect_together)(at + last * rows + first, columns - last, rows, v, f, together, length, 0,
                           f + together * together);
  }
  for (size_t j = count; j < columns; j++) {
    for (size_t i = 0; i < kept; i++) r[i * columns + j] = at[j * rows + i];
  }
  memset(qt, 0, rows * kept * sizeof(T));
  for (size_t i = 0; i < kept; i++) qt[i * rows + i] = 1;
  NAME(gather_reflections)(qt, kept, rows, at, rows, 1, 0, tau, count, rest);
  NAME(transpose)(qt, kept, rows, q);
  return MARTLET_ALGEBRA_OK;
}

static int NAME(is_finite)(const T *x, size_t n) {
  T sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] - x[i];
  return sum == 0;
}

static void NAME(fill)(T *x, size_t n, T value) {
  for (size_t i = 0; i < n; i++) x[i] = value;
}

// A step of the reduction to tridiagonal form: a block of `left` rows and columns is updated by the vectors v and p, and
// then, but for its first row, multiplied by the next reflection's vector u.
typedef struct NAME(tridiagonal_step) {
  T *block, *product;
  const T *v, *p, *u;
  size_t n, left;
  int is_updated;
} NAME(tridiagonal_step);

enum { NAME(step_rows) = 32 };

static void NAME(update_rows)(const NAME(tridiagonal_step) *step, size_t first, size_t last) {
  for (size_t i = first; i < last; i++) {
    T *row = step->block + i * step->n;
    if (step->is_updated) NAME(add_two)(row, step->p, -step->v[i], step->v, -step->p[i], step->left);
    if (i > 0) step->product[i - 1] = NAME(dot)(row + 1, step->u, step->left - 1);
  }
}

static void NAME(update_chunk)(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const NAME(tridiagonal_step) *step = context;
  size_t first = 1 + chunk * NAME(step_rows), last = first + NAME(step_rows);
  NAME(update_rows)(step, first, last < step->left ? last : step->left);
}

// QᵀAQ = tridiagonal, of which d is the diagonal and e[i] stands beside d[i] and d[i + 1]. Leaves reflections in the
// rows of a, and Qᵀ in zt. p holds n elements, rest what `gather_reflections` needs, and n at least.
static void NAME(tridiagonalize)(T *a, size_t n, T *d, T *e, T *zt, T *p, T *tau, T *rest) {
  // Elements of a block from which on it is shared among threads.
  enum { shared = 1 << 16 };
  T *next = rest;
  if (n > 1) {
    d[0] = a[0];
    tau[0] = NAME(reflector)(a + 1, n - 1, &e[0]);
    for (size_t i = 1; i < n; i++) p[i - 1] = NAME(dot)(a + i * n + 1, a + 1, n - 1);
  }
  for (size_t k = 0; k + 1 < n; k++) {
    size_t left = n - k - 1;
    T *v = a + k * n + k + 1, *block = a + (k + 1) * n + k + 1;
    if (tau[k] != 0) {
      for (size_t i = 0; i < left; i++) p[i] *= tau[k];
      NAME(add_scaled)(p, v, (T)-0.5 * tau[k] * NAME(dot)(p, v, left), left);
    }
    NAME(tridiagonal_step) step = {.block = block, .product = next, .v = v, .p = p, .u = block + 1, .n = n,
                                   .left = left, .is_updated = tau[k] != 0};
    NAME(update_rows)(&step, 0, 1);
    d[k + 1] = block[0];
    if (left > 1) tau[k + 1] = NAME(reflector)(block + 1, left - 1, &e[k + 1]);
    if (left * left >= shared) {
      rows_parallel((left - 1 + NAME(step_rows) - 1) / NAME(step_rows), NAME(update_chunk), &step);
    } else {
      NAME(update_rows)(&step, 1, left);
    }
    T *held = p;
    p = next;
    next = held;
  }
  if (n > 0) d[n - 1] = a[n * n - 1];
  memset(zt, 0, n * n * sizeof(T));
  for (size_t i = 0; i < n; i++) zt[i * n + i] = 1;
  if (n > 1) NAME(gather_reflections)(zt, n, n, a, n, 1, 1, tau, n - 1, rest);
}

// The eigenvalues of a tridiagonal matrix, in d; rows turn with them. Implicit shifts (Wilkinson's).
static int NAME(tridiagonal_ql)(T *d, T *e, size_t n, NAME(rotations) *vectors) {
  if (n > 0) e[n - 1] = 0;
  for (size_t l = 0; l < n; l++) {
    for (int round = 0;; round++) {
      size_t m = l;
      for (; m + 1 < n; m++) {
        double scale = fabs((double)d[m]) + fabs((double)d[m + 1]);
        if (fabs((double)e[m]) <= EPSILON * scale) break;
      }
      if (m == l) break;
      if (round == 80) return MARTLET_ALGEBRA_NOT_CONVERGED;
      double g = ((double)d[l + 1] - (double)d[l]) / (2.0 * (double)e[l]), r = NAME(hypotenuse)(g, 1.0);
      g = (double)d[m] - (double)d[l] + (double)e[l] / (g + (g < 0 ? -r : r));
      double s = 1, c = 1, p = 0;
      size_t i = m;
      while (i-- > l) {
        double f = s * (double)e[i], b = c * (double)e[i];
        double inverse = NAME(inverse_hypotenuse)(f, g, &r);
        e[i + 1] = (T)r;
        if (r == 0) {
          d[i + 1] -= (T)p;
          e[m] = 0;
          break;
        }
        s = f * inverse;
        c = g * inverse;
        g = (double)d[i + 1] - p;
        double t = ((double)d[i] - g) * s + 2.0 * c * b;
        p = s * t;
        d[i + 1] = (T)(g + p);
        g = c * t - b;
        NAME(turn)(vectors, i + 1, i, c, s);
        if (i == l) {
          d[l] -= (T)p;
          e[l] = (T)g;
          e[m] = 0;
          break;
        }
      }
    }
  }
  NAME(apply_rotations)(vectors);
  return MARTLET_ALGEBRA_OK;
}

// Sorts values, and rows that go with them; by selection, which moves each row once.
static void NAME(sort_rows)(T *values, size_t n, int is_descending, T *x, size_t x_size, T *y, size_t y_size) {
  for (size_t i = 0; i < n; i++) {
    size_t best = i;
    for (size_t j = i + 1; j < n; j++) {
      if (is_descending ? values[j] > values[best] : values[j] < values[best]) best = j;
    }
    if (best == i) continue;
    T held = values[i];
    values[i] = values[best];
    values[best] = held;
    NAME(swap_rows)(x + i * x_size, x + best * x_size, x_size);
    if (y != NULL) NAME(swap_rows)(y + i * y_size, y + best * y_size, y_size);
  }
}

// Makes the largest component of each row (the first of equals) positive, and turns the rows that go with it: a vector
// that only its direction defines is then the same on every machine.
static void NAME(orient_rows)(T *x, size_t count, size_t size, T *y, size_t y_size) {
  for (size_t i = 0; i < count; i++) {
    T *row = x + i * size, largest = 0;
    for (size_t j = 0; j < size; j++) {
      T a = row[j] < 0 ? -row[j] : row[j], b = largest < 0 ? -largest : largest;
      largest = a > b ? row[j] : largest;
    }
    if (!(largest < 0)) continue;
    for (size_t j = 0; j < size; j++) row[j] = -row[j];
    for (size_t j = 0; y != NULL && j < y_size; j++) y[i * y_size + j] = -y[i * y_size + j];
  }
}

// work: 2 n^2 + 3 n + together * (3 n + together) elements.
static int NAME(eigh)(size_t n, const void *source, void *values, void *vectors, void *work,
                      martlet_algebra_error *error) {
  const T *a = source;
  T *copy = work, *zt = copy + n * n, *e = zt + n * n, *p = e + n, *tau = p + n, *rest = tau + n;
  T *d = values;
  if (!NAME(is_finite)(a, n * n)) {
    NAME(fill)(d, n, (T)NAN);
    NAME(fill)(vectors, n * n, (T)NAN);
    return MARTLET_ALGEBRA_OK;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) copy[i * n + j] = (T)0.5 * (a[i * n + j] + a[j * n + i]);
  }
  NAME(tridiagonalize)(copy, n, d, e, zt, p, tau, rest);
  NAME(rotations) turns = NAME(rotations_of)(zt, n, n, rest, NAME(together) * (3 * n + NAME(together)));
  int status = NAME(tridiagonal_ql)(d, e, n, &turns);
  error->status = status;
  if (status != MARTLET_ALGEBRA_OK) return status;
  NAME(sort_rows)(d, n, 0, zt, n, NULL, 0);
  NAME(orient_rows)(zt, n, n, NULL, 0);
  NAME(transpose)(zt, n, n, vectors);
  return MARTLET_ALGEBRA_OK;
}

// UᵀAV = bidiagonal for rows >= columns: d on the diagonal, e[i] to the right of d[i]. Reflections stay in a, and ut
// [columns, rows] and vt [columns, columns] become the transposes of U and V. w holds `columns` elements, gather what
// `gather_reflections` needs.
static void NAME(bidiagonalize)(T *a, size_t rows, size_t columns, T *d, T *e, T *ut, T *vt, T *left, T *right, T *w,
                                T *column, T *gather) {
  for (size_t k = 0; k < columns; k++) {
    for (size_t i = k; i < rows; i++) column[i - k] = a[i * columns + k];
    left[k] = NAME(reflector)(column, rows - k, &d[k]);
    for (size_t i = k; i < rows; i++) a[i * columns + k] = column[i - k];
    size_t rest = columns - k - 1;
    if (left[k] != 0 && rest > 0) {
      memset(w, 0, rest * sizeof(T));
      for (size_t i = k; i < rows; i++) NAME(add_scaled)(w, a + i * columns + k + 1, column[i - k], rest);
      for (size_t i = k; i < rows; i++) NAME(add_scaled)(a + i * columns + k + 1, w, -left[k] * column[i - k], rest);
    }
    e[k] = right[k] = 0;
    if (rest == 0) continue;
    T *v = a + k * columns + k + 1;
    right[k] = NAME(reflector)(v, rest, &e[k]);
    NAME(reflect_rows)(a + (k + 1) * columns + k + 1, rows - k - 1, columns, v, right[k], rest);
  }
  memset(ut, 0, rows * columns * sizeof(T));
  memset(vt, 0, columns * columns * sizeof(T));
  for (size_t i = 0; i < columns; i++) ut[i * rows + i] = vt[i * columns + i] = 1;
  // Left vectors are columns of a, right ones rows.
  NAME(gather_reflections)(ut, columns, rows, a, 1, columns, 0, left, columns, gather);
  if (columns > 1) {
    NAME(gather_reflections)(vt, columns, columns, a, columns, 1, 1, right, columns - 1, gather);
  }
}

// c and s with c f + s g = r and c g - s f = 0.
static inline void NAME(plane)(double f, double g, double *c, double *s, double *r) {
  *r = NAME(hypotenuse)(f, g);
  *c = *r == 0 ? 1 : f / *r;
  *s = *r == 0 ? 0 : g / *r;
}

// One implicit QR step on rows `low...high` of the bidiagonal.
static void NAME(bidiagonal_step)(T *d, T *e, size_t low, size_t high, NAME(rotations) *left,
                                 NAME(rotations) *right) {
  double dm = (double)d[high - 1], dn = (double)d[high], en = (double)e[high - 1];
  double em = high - 1 > low ? (double)e[high - 2] : 0;
  // Wilkinson's shift: the eigenvalue of the last 2 x 2 of BᵀB that is nearer to its last element.
  double half = ((dm - dn) * (dm + dn) + (em - en) * (em + en)) * 0.5, cross = dm * en;
  double root = NAME(hypotenuse)(half, cross);
  double last = dn * dn + en * en, divisor = half + (half < 0 ? -root : root);
  double shift = last - (divisor == 0 ? 0 : cross * (cross / divisor));
  double first = (double)d[low];
  double f = first == 0 ? 0 : (first - shift / first), g = (double)e[low];
  for (size_t k = low; k < high; k++) {
    double c, s, r;
    NAME(plane)(f, g, &c, &s, &r);
    if (k > low) e[k - 1] = (T)r;
    double dk = (double)d[k], ek = (double)e[k], next = (double)d[k + 1];
    f = c * dk + s * ek;
    double side = c * ek - s * dk;
    g = s * next;
    next = c * next;
    NAME(turn)(right, k, k + 1, c, s);
    NAME(plane)(f, g, &c, &s, &r);
    d[k] = (T)r;
    f = c * side + s * next;
    d[k + 1] = (T)(c * next - s * side);
    double beyond = k + 1 < high ? (double)e[k + 1] : 0;
    g = s * beyond;
    if (k + 1 < high) e[k + 1] = (T)(c * beyond);
    e[k] = (T)f;
    NAME(turn)(left, k, k + 1, c, s);
  }
  e[high - 1] = (T)f;
}

// Clears the row of a diagonal element that is zero, by rotations with the rows below it.
static void NAME(clear_row)(T *d, T *e, size_t row, size_t high, NAME(rotations) *left) {
  double f = (double)e[row];
  e[row] = 0;
  for (size_t k = row + 1; k <= high && f != 0; k++) {
    double c, s, r;
    NAME(plane)((double)d[k], f, &c, &s, &r);
    d[k] = (T)r;
    if (k < high) {
      f = -s * (double)e[k];
      e[k] = (T)(c * (double)e[k]);
    }
    NAME(turn)(left, k, row, c, s);
  }
}

// Clears the column above a last diagonal element that is zero, by rotations with the columns before it.
static void NAME(clear_column)(T *d, T *e, size_t low, size_t high, NAME(rotations) *right) {
  double f = (double)e[high - 1];
  e[high - 1] = 0;
  for (size_t k = high; k-- > low && f != 0;) {
    double c, s, r;
    NAME(plane)((double)d[k], f, &c, &s, &r);
    d[k] = (T)r;
    if (k > low) {
      f = -s * (double)e[k - 1];
      e[k - 1] = (T)(c * (double)e[k - 1]);
    }
    NAME(turn)(right, k, high, c, s);
  }
}

static int NAME(bidiagonal_qr)(T *d, T *e, size_t n, NAME(rotations) *left, NAME(rotations) *right) {
  double norm = 0;
  for (size_t i = 0; i < n; i++) {
    double size = fabs((double)d[i]) + fabs((double)e[i]);
    norm = size > norm ? size : norm;
  }
  size_t high = n == 0 ? 0 : n - 1;
  for (size_t round = 0; high > 0; round++) {
    if (round > 60 * n + 100) return MARTLET_ALGEBRA_NOT_CONVERGED;
    for (size_t i = 0; i < high; i++) {
      if (fabs((double)e[i]) <= EPSILON * (fabs((double)d[i]) + fabs((double)d[i + 1]))) e[i] = 0;
      if (fabs((double)e[i]) <= EPSILON * 0.01 * norm) e[i] = 0;
    }
    while (high > 0 && e[high - 1] == 0) high--;
    if (high == 0) break;
    size_t low = high;
    while (low > 0 && e[low - 1] != 0) low--;
    size_t zero = high + 1;
    for (size_t i = low; i <= high; i++) {
      if (fabs((double)d[i]) <= EPSILON * 0.01 * norm) {
        d[i] = 0;
        zero = i;
        break;
      }
    }
    if (zero < high) {
      NAME(clear_row)(d, e, zero, high, left);
    } else if (zero == high) {
      NAME(clear_column)(d, e, low, high, right);
    } else {
      NAME(bidiagonal_step)(d, e, low, high, left, right);
    }
  }
  NAME(apply_rotations)(left);
  NAME(apply_rotations)(right);
  return MARTLET_ALGEBRA_OK;
}

// work: 2 tall * few + few^2 + 4 few + tall + together * (tall + 2 few + together) elements, for the longer and the
// shorter side.
static int NAME(svd)(size_t rows, size_t columns, const void *source, void *u, void *s, void *vt_result, void *work,
                     martlet_algebra_error *error) {
  size_t tall = rows > columns ? rows : columns, few = rows > columns ? columns : rows;
  T *a = work, *ut = a + tall * few, *vt = ut + tall * few, *e = vt + few * few, *left = e + few, *right = left + few;
  T *w = right + few, *column = w + few, *gather = column + tall, *d = s;
  if (!NAME(is_finite)(source, rows * columns)) {
    NAME(fill)(s, few, (T)NAN);
    NAME(fill)(u, rows * few, (T)NAN);
    NAME(fill)(vt_result, few * columns, (T)NAN);
    return MARTLET_ALGEBRA_OK;
  }
  // A wide matrix is the transpose of a tall one.
  if (rows >= columns) {
    memcpy(a, source, rows * columns * sizeof(T));
  } else {
    NAME(transpose)(source, rows, columns, a);
  }
  NAME(bidiagonalize)(a, tall, few, d, e, ut, vt, left, right, w, column, gather);
  size_t half = NAME(together) * (tall + 2 * few + NAME(together)) / 2;
  NAME(rotations) left_turns = NAME(rotations_of)(ut, few, tall, gather, half);
  NAME(rotations) right_turns = NAME(rotations_of)(vt, few, few, gather + half, half);
  int status = NAME(bidiagonal_qr)(d, e, few, &left_turns, &right_turns);
  error->status = status;
  if (status != MARTLET_ALGEBRA_OK) return status;
  for (size_t i = 0; i < few; i++) {
    if (d[i] < 0 || (d[i] == 0 && signbit(d[i]))) {
      d[i] = -d[i];
      for (size_t j = 0; j < few; j++) vt[i * few + j] = -vt[i * few + j];
    }
  }
  NAME(sort_rows)(d, few, 1, ut, tall, vt, few);
  if (rows >= columns) {
    NAME(orient_rows)(ut, few, tall, vt, few);
    NAME(transpose)(ut, few, tall, u);
    memcpy(vt_result, vt, few * few * sizeof(T));
  } else {
    NAME(orient_rows)(vt, few, few, ut, tall);
    NAME(transpose)(vt, few, few, u);
    memcpy(vt_result, ut, few * tall * sizeof(T));
  }
  return MARTLET_ALGEBRA_OK;
}
