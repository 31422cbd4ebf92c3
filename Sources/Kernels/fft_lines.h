// Lines side by side and apart again, for one element type (T, suffix). Included twice by fft_isa.h.

// Lines far apart are read and written a few elements at a time: powers of two share their places in the cache.
#define FFT_TILE 16

typedef T NAME(quad) __attribute__((ext_vector_type(4)));

// The k-th row of four lines becomes the k-th column.
static inline __attribute__((always_inline)) void NAME(turn)(NAME(quad) r[4]) {
  NAME(quad) a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
  NAME(quad) c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  r[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5), r[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5), r[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

// Where number k of lane 0 stands.
static inline __attribute__((always_inline)) size_t NAME(row)(size_t k, size_t lanes, int is_paired) {
  return (is_paired ? k / 2 : k) * lanes;
}

static void NAME(load)(const void *from, size_t count, size_t step, size_t stride, size_t lanes, void *a, void *b) {
  const T *p = from;
  T *to[2] = {a, b == NULL ? a : b};
  int is_paired = b != NULL;
  if (step == 1) {
    for (size_t k = 0; k < count; k++) {
      memcpy(to[k % 2] + NAME(row)(k, lanes, is_paired), p + k * stride, lanes * sizeof(T));
    }
    return;
  }
  size_t quads = stride == 1 ? lanes / 4 * 4 : 0;
  for (size_t t = 0; t < count; t += FFT_TILE) {
    size_t end = t + FFT_TILE < count ? t + FFT_TILE : count;
    for (size_t q = 0; q < quads; q += 4) {
      size_t k = t;
      for (; k + 4 <= end; k += 4) {
        NAME(quad) r[4];
        for (size_t i = 0; i < 4; i++) memcpy(&r[i], p + (q + i) * step + k, sizeof r[i]);
        NAME(turn)(r);
        for (size_t i = 0; i < 4; i++) memcpy(to[i % 2] + NAME(row)(k + i, lanes, is_paired) + q, &r[i], sizeof r[i]);
      }
      for (; k < end; k++) {
        for (size_t i = q; i < q + 4; i++) to[k % 2][NAME(row)(k, lanes, is_paired) + i] = p[i * step + k];
      }
    }
    for (size_t q = quads; q < lanes; q++) {
      for (size_t k = t; k < end; k++) to[k % 2][NAME(row)(k, lanes, is_paired) + q] = p[q * step + k * stride];
    }
  }
}

static void NAME(store)(const void *a, const void *b, size_t count, size_t step, size_t stride, size_t lanes, void *to) {
  const T *from[2] = {a, b == NULL ? a : b};
  T *p = to;
  int is_paired = b != NULL;
  if (step == 1) {
    for (size_t k = 0; k < count; k++) {
      memcpy(p + k * stride, from[k % 2] + NAME(row)(k, lanes, is_paired), lanes * sizeof(T));
    }
    return;
  }
  size_t quads = stride == 1 ? lanes / 4 * 4 : 0;
  for (size_t t = 0; t < count; t += FFT_TILE) {
    size_t end = t + FFT_TILE < count ? t + FFT_TILE : count;
    for (size_t q = 0; q < quads; q += 4) {
      size_t k = t;
      for (; k + 4 <= end; k += 4) {
        NAME(quad) r[4];
        for (size_t i = 0; i < 4; i++) memcpy(&r[i], from[i % 2] + NAME(row)(k + i, lanes, is_paired) + q, sizeof r[i]);
        NAME(turn)(r);
        for (size_t i = 0; i < 4; i++) memcpy(p + (q + i) * step + k, &r[i], sizeof r[i]);
      }
      for (; k < end; k++) {
        for (size_t i = q; i < q + 4; i++) p[i * step + k] = from[k % 2][NAME(row)(k, lanes, is_paired) + i];
      }
    }
    for (size_t q = quads; q < lanes; q++) {
      for (size_t k = t; k < end; k++) p[q * step + k * stride] = from[k % 2][NAME(row)(k, lanes, is_paired) + q];
    }
  }
}

static void NAME(twist)(size_t rows, size_t lanes, size_t stride, const void *roots_real, const void *roots_imaginary,
                        const void *real, const void *imaginary, void *result_real, void *result_imaginary) {
  const T *wr = roots_real, *wi = roots_imaginary, *ar = real, *ai = imaginary;
  T *tr = result_real, *ti = result_imaginary;
  for (size_t k = 0; k < rows; k++, wr += stride, wi += stride, ar += lanes, ai += lanes, tr += stride, ti += stride) {
    FFT_LOOP for (size_t q = 0; q < lanes; q++) {
      T r = ar[q], i = ai[q], c = wr[q], s = wi[q];
      tr[q] = r * c - i * s;
      ti[q] = r * s + i * c;
    }
  }
}

static void NAME(split)(size_t h, const void *from, void *even, void *odd) {
  const T *p = from;
  T *a = even, *b = odd;
  FFT_LOOP for (size_t k = 0; k < h; k++) {
    a[k] = p[2 * k];
    b[k] = p[2 * k + 1];
  }
}

static void NAME(merge)(size_t h, const void *even, const void *odd, void *to) {
  const T *a = even, *b = odd;
  T *p = to;
  FFT_LOOP for (size_t k = 0; k < h; k++) {
    p[2 * k] = a[k];
    p[2 * k + 1] = b[k];
  }
}

// Numbers p and q, as far from either end, give the result at the place of p.
#define FFT_PART(near, far, place)                                                                              \
  {                                                                                                             \
    T pr = ar[near], pi = ai[near], qr = ar[far], qi = ai[far];                                                 \
    T er = (T)0.5 * (pr + qr), ei = (T)0.5 * (pi - qi), dr = (T)0.5 * (pi + qi), di = (T)0.5 * (qr - pr);       \
    br[place] = er + dr * c - di * s;                                                                           \
    bi[place] = ei + dr * s + di * c;                                                                           \
  }

static void NAME(part)(size_t h, size_t lanes, const void *turns, const void *real, const void *imaginary,
                       void *result_real, void *result_imaginary) {
  const T *w = turns, *ar = real, *ai = imaginary;
  T *br = result_real, *bi = result_imaginary;
  for (size_t k = 0; k <= h; k = k == 0 && lanes == 1 ? h : k + 1) {
    size_t near = (k == h ? 0 : k) * lanes, far = (k == 0 ? 0 : h - k) * lanes;
    T c = w[2 * k], s = w[2 * k + 1];
    FFT_LOOP for (size_t q = 0; q < lanes; q++) FFT_PART(near + q, far + q, k * lanes + q)
  }
  if (lanes > 1) return;
  FFT_LOOP for (size_t k = 1; k < h; k++) {
    T c = w[2 * k], s = w[2 * k + 1];
    FFT_PART(k, h - k, k)
  }
}

// The other way round, with i times the conjugate root.
#define FFT_JOIN(near, far)                                                                                     \
  {                                                                                                             \
    T pr = ar[near], pi = ai[near], qr = ar[far], qi = ai[far];                                                 \
    T er = pr + qr, ei = pi - qi, dr = pr - qr, di = pi + qi;                                                   \
    br[near] = er - (di * c - dr * s);                                                                          \
    bi[near] = ei + (dr * c + di * s);                                                                          \
  }

static void NAME(join)(size_t h, size_t lanes, const void *turns, const void *real, const void *imaginary,
                       void *result_real, void *result_imaginary) {
  const T *w = turns, *ar = real, *ai = imaginary;
  T *br = result_real, *bi = result_imaginary;
  // The imaginary parts of the first number and of the last do not count; the root is 1.
  for (size_t q = 0; q < lanes; q++) {
    br[q] = ar[q] + ar[h * lanes + q];
    bi[q] = ar[q] - ar[h * lanes + q];
  }
  if (lanes == 1) {
    FFT_LOOP for (size_t k = 1; k < h; k++) {
      T c = w[2 * k], s = w[2 * k + 1];
      FFT_JOIN(k, h - k)
    }
    return;
  }
  for (size_t k = 1; k < h; k++) {
    T c = w[2 * k], s = w[2 * k + 1];
    FFT_LOOP for (size_t q = 0; q < lanes; q++) FFT_JOIN(k * lanes + q, (h - k) * lanes + q)
  }
}

#undef FFT_JOIN
#undef FFT_PART
#undef FFT_TILE
