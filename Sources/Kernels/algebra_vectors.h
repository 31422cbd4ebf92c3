// Vector operations of one element type (T, NAME), on adjacent elements.


static inline T NAME(dot)(const T *x, const T *y, size_t n) {
  _Pragma("clang fp reassociate(on) contract(fast)") T sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static inline void NAME(add_scaled)(T *restrict y, const T *restrict x, T factor, size_t n) {
  _Pragma("clang fp contract(fast)") for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

/// y += f x + g z.
static inline void NAME(add_two)(T *restrict y, const T *restrict x, T f, const T *restrict z, T g, size_t n) {
  _Pragma("clang fp contract(fast)") for (size_t i = 0; i < n; i++) y[i] += f * x[i] + g * z[i];
}

/// (x, y) <- (c x + s y, c y - s x).
static inline void NAME(rotate)(T *restrict x, T *restrict y, T c, T s, size_t n) {
  _Pragma("clang fp contract(fast)") for (size_t i = 0; i < n; i++) {
    T a = x[i], b = y[i];
    x[i] = c * a + s * b;
    y[i] = c * b - s * a;
  }
}

static inline T NAME(length)(const T *x, size_t n) {
  // Scaled by the largest, so that squares neither overflow nor vanish.
  T largest = 0;
  for (size_t i = 0; i < n; i++) {
    T a = x[i] < 0 ? -x[i] : x[i];
    largest = a > largest || a != a ? a : largest;
  }
  if (largest == 0 || largest != largest || largest == (T)INFINITY) return largest;
  double sum = 0, scale = 1.0 / (double)largest;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * scale * ((double)x[i] * scale);
  return (T)((double)largest * sqrt(sum));
}

/// Makes x into the vector v of a reflection 1 - tau v vᵀ that takes x to (beta, 0, ...), with v[0] = 1 stored; returns
/// tau, 0 where nothing need be done.
static T NAME(reflector)(T *x, size_t n, T *beta) {
  *beta = n > 0 ? x[0] : 0;
  if (n > 0 && n < 2) x[0] = 1;
  if (n < 2) return 0;
  T rest = NAME(length)(x + 1, n - 1);
  if (rest == 0) {
    x[0] = 1;
    return 0;
  }
  double alpha = (double)x[0], norm = sqrt(alpha * alpha + (double)rest * (double)rest);
  if (!(norm < INFINITY)) norm = hypot(alpha, (double)rest);
  double b = alpha > 0 ? -norm : norm;
  T scale = (T)(1.0 / (alpha - b));
  if (scale < INFINITY && scale > -INFINITY && scale != 0) {
    for (size_t i = 1; i < n; i++) x[i] *= scale;
  } else {
    for (size_t i = 1; i < n; i++) x[i] = (T)((double)x[i] / (alpha - b));
  }
  x[0] = 1;
  *beta = (T)b;
  return (T)((b - alpha) / b);
}

/// Rows of A (each `n` long, `stride` apart) reflected from the right: row -= tau (row · v) v.
static void NAME(reflect_rows)(T *a, size_t rows, size_t stride, const T *v, T tau, size_t n) {
  if (tau == 0) return;
  for (size_t i = 0; i < rows; i++) {
    T *row = a + i * stride;
    NAME(add_scaled)(row, v, -tau * NAME(dot)(row, v, n), n);
  }
}

static void NAME(product)(size_t rows, size_t columns, size_t depth, const T *a, ptrdiff_t a_row, ptrdiff_t a_column,
                          const T *b, ptrdiff_t b_row, ptrdiff_t b_column, T *c, ptrdiff_t c_row, double alpha,
                          bool accumulates) {
  if (rows == 0 || columns == 0 || (depth == 0 && accumulates)) return;
  martlet_gemm gemm = {.rows = rows, .columns = columns, .depth = depth, .a = a, .a_row_stride = a_row,
                       .a_column_stride = a_column, .b = b, .b_row_stride = b_row, .b_column_stride = b_column,
                       .c = c, .c_row_stride = c_row, .c_column_stride = 1, .alpha = alpha,
                       .accumulates = accumulates};
  GEMM(&gemm);
}

/// Reflections that are applied together, as 1 - Vᵀ F V with an upper triangular F (Schreiber and Van Loan 1989).
enum { NAME(together) = 32 };

/// Fills F `[count, count]` for reflections whose vectors are the rows of v `[count, length]`.
static void NAME(join_reflections)(const T *v, const T *tau, size_t count, size_t length, T *f) {
  T products[NAME(together)];
  memset(f, 0, count * count * sizeof(T));
  for (size_t j = 0; j < count; j++) {
    f[j * count + j] = tau[j];
    for (size_t i = 0; i < j; i++) products[i] = NAME(dot)(v + i * length, v + j * length, length);
    for (size_t i = 0; i < j; i++) f[i * count + j] = -tau[j] * NAME(dot)(f + i * count + i, products + i, j - i);
  }
}

/// Rows of A reflected from the right by all of them, from the first to the last, or from the last to the first. work
/// holds 2 rows * count elements.
static void NAME(reflect_together)(T *a, size_t rows, size_t stride, const T *v, const T *f, size_t count,
                                   size_t length, int is_backward, T *work) {
  ptrdiff_t n = (ptrdiff_t)count;
  T *sums = work, *turned = work + rows * count;
  NAME(product)(rows, count, length, a, (ptrdiff_t)stride, 1, v, 1, (ptrdiff_t)length, sums, n, 1, false);
  NAME(product)(rows, count, count, sums, n, 1, f, is_backward ? 1 : n, is_backward ? n : 1, turned, n, 1, false);
  NAME(product)(rows, length, count, turned, n, 1, v, (ptrdiff_t)length, 1, a, (ptrdiff_t)stride, -1, true);
}

/// The transpose of the product of reflections, into the rows of qt `[kept, size]`, which hold the identity: vector k is
/// `vectors[k * step + k + shift]` and on, `hop` apart. From the last to the first, so that what they have not reached
/// stays the identity. work holds together * (size + 2 kept + together) elements.
static void NAME(gather_reflections)(T *qt, size_t kept, size_t size, const T *vectors, size_t step, size_t hop,
                                     size_t shift, const T *tau, size_t count, T *work) {
  size_t width = size < 96 ? 1 : NAME(together);
  for (size_t last = count; last > 0;) {
    size_t first = (last - 1) / width * width, start = first + shift;
    size_t together = last - first, length = size - start;
    T *v = work, *f = v + together * length, *rest = f + together * together;
    for (size_t k = 0; k < together; k++) {
      const T *from = vectors + (first + k) * step;
      memset(v + k * length, 0, k * sizeof(T));
      for (size_t i = k; i < length; i++) v[k * length + i] = from[(start + i) * hop];
    }
    T *corner = qt + start * size + start;
    if (together == 1) {
      NAME(reflect_rows)(corner, kept - start, size, v, tau[first], length);
    } else {
      NAME(join_reflections)(v, tau + first, together, length, f);
      NAME(reflect_together)(corner, kept - start, size, v, f, together, length, 1, rest);
    }
    last = first;
  }
}
