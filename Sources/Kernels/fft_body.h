// Stages for one element type (T, suffix). Included twice by fft_isa.h.

// Stores (vr, vi) times the j-th root at run k of the group.
#define STORE(k, vr, vi)                          \
  {                                               \
    T store_r = (vr), store_i = (vi);             \
    yr[(k) * run + q] = store_r * c##k - store_i * s##k; \
    yi[(k) * run + q] = store_r * s##k + store_i * c##k; \
  }

static void NAME(radix2)(size_t count, size_t run, const T *w, const T *xr, const T *xi, T *yr, T *yi) {
  size_t apart = count * run;
  for (size_t p = 0; p < count; p++, w += 2, xr += run, xi += run, yr += 2 * run, yi += 2 * run) {
    T c1 = w[0], s1 = w[1];
    FFT_LOOP for (size_t q = 0; q < run; q++) {
      T ar = xr[q], ai = xi[q], br = xr[apart + q], bi = xi[apart + q];
      yr[q] = ar + br;
      yi[q] = ai + bi;
      STORE(1, ar - br, ai - bi)
    }
  }
}

static void NAME(radix3)(size_t count, size_t run, const T *w, const T *xr, const T *xi, T *yr, T *yi) {
  size_t apart = count * run;
  const T sine = (T)0.86602540378443864676;
  for (size_t p = 0; p < count; p++, w += 4, xr += run, xi += run, yr += 3 * run, yi += 3 * run) {
    T c1 = w[0], s1 = w[1], c2 = w[2], s2 = w[3];
    FFT_LOOP for (size_t q = 0; q < run; q++) {
      T ar = xr[q], ai = xi[q], br = xr[apart + q], bi = xi[apart + q];
      T cr = xr[2 * apart + q], ci = xi[2 * apart + q];
      T sr = br + cr, si = bi + ci, dr = sine * (br - cr), di = sine * (bi - ci);
      T mr = ar - (T)0.5 * sr, mi = ai - (T)0.5 * si;
      yr[q] = ar + sr;
      yi[q] = ai + si;
      STORE(1, mr + di, mi - dr)
      STORE(2, mr - di, mi + dr)
    }
  }
}

static void NAME(radix4)(size_t count, size_t run, const T *w, const T *xr, const T *xi, T *yr, T *yi) {
  size_t apart = count * run;
  for (size_t p = 0; p < count; p++, w += 6, xr += run, xi += run, yr += 4 * run, yi += 4 * run) {
    T c1 = w[0], s1 = w[1], c2 = w[2], s2 = w[3], c3 = w[4], s3 = w[5];
    FFT_LOOP for (size_t q = 0; q < run; q++) {
      T ar = xr[q], ai = xi[q], br = xr[apart + q], bi = xi[apart + q];
      T cr = xr[2 * apart + q], ci = xi[2 * apart + q], dr = xr[3 * apart + q], di = xi[3 * apart + q];
      T pr = ar + cr, pi = ai + ci, mr = ar - cr, mi = ai - ci;
      T qr = br + dr, qi = bi + di, nr = br - dr, ni = bi - di;
      yr[q] = pr + qr;
      yi[q] = pi + qi;
      STORE(1, mr + ni, mi - nr)
      STORE(2, pr - qr, pi - qi)
      STORE(3, mr - ni, mi + nr)
    }
  }
}

static void NAME(radix5)(size_t count, size_t run, const T *w, const T *xr, const T *xi, T *yr, T *yi) {
  size_t apart = count * run;
  const T k1 = (T)0.30901699437494742410, k2 = (T)-0.80901699437494742410;
  const T h1 = (T)0.95105651629515357212, h2 = (T)0.58778525229247312917;
  for (size_t p = 0; p < count; p++, w += 8, xr += run, xi += run, yr += 5 * run, yi += 5 * run) {
    T c1 = w[0], s1 = w[1], c2 = w[2], s2 = w[3], c3 = w[4], s3 = w[5], c4 = w[6], s4 = w[7];
    FFT_LOOP for (size_t q = 0; q < run; q++) {
      T ar = xr[q], ai = xi[q];
      T ur = xr[apart + q] + xr[4 * apart + q], ui = xi[apart + q] + xi[4 * apart + q];
      T vr = xr[apart + q] - xr[4 * apart + q], vi = xi[apart + q] - xi[4 * apart + q];
      T gr = xr[2 * apart + q] + xr[3 * apart + q], gi = xi[2 * apart + q] + xi[3 * apart + q];
      T hr = xr[2 * apart + q] - xr[3 * apart + q], hi = xi[2 * apart + q] - xi[3 * apart + q];
      T er = ar + k1 * ur + k2 * gr, ei = ai + k1 * ui + k2 * gi;
      T fr = ar + k2 * ur + k1 * gr, fi = ai + k2 * ui + k1 * gi;
      T mr = h1 * vr + h2 * hr, mi = h1 * vi + h2 * hi;
      T nr = h2 * vr - h1 * hr, ni = h2 * vi - h1 * hi;
      yr[q] = ar + ur + gr;
      yi[q] = ai + ui + gi;
      STORE(1, er + mi, ei - mr)
      STORE(2, fr + ni, fi - nr)
      STORE(3, fr - ni, fi + nr)
      STORE(4, er - mi, ei + mr)
    }
  }
}

// Any factor, by its definition; the roots of unity of the factor follow those of the groups.
static void NAME(radix_any)(size_t radix, size_t count, size_t run, const T *w, const T *xr, const T *xi, T *yr,
                            T *yi) {
  size_t apart = count * run;
  const T *unit = w + 2 * (radix - 1) * count;
  for (size_t p = 0; p < count; p++, w += 2 * (radix - 1), xr += run, xi += run, yr += radix * run, yi += radix * run) {
    for (size_t k = 0; k < radix; k++) {
      T wr = k == 0 ? (T)1 : w[2 * k - 2], wi = k == 0 ? (T)0 : w[2 * k - 1];
      T *zr = yr + k * run, *zi = yi + k * run;
      FFT_LOOP for (size_t q = 0; q < run; q++) {
        zr[q] = xr[q];
        zi[q] = xi[q];
      }
      for (size_t j = 1; j < radix; j++) {
        T ur = unit[2 * (j * k % radix)], ui = unit[2 * (j * k % radix) + 1];
        FFT_LOOP for (size_t q = 0; q < run; q++) {
          T ar = xr[j * apart + q], ai = xi[j * apart + q];
          zr[q] += ar * ur - ai * ui;
          zi[q] += ar * ui + ai * ur;
        }
      }
      FFT_LOOP for (size_t q = 0; q < run; q++) {
        T sr = zr[q], si = zi[q];
        zr[q] = sr * wr - si * wi;
        zi[q] = sr * wi + si * wr;
      }
    }
  }
}

static void NAME(stage)(size_t radix, size_t count, size_t run, const void *roots, const void *real,
                        const void *imaginary, void *result_real, void *result_imaginary) {
  const T *w = roots, *restrict xr = real, *restrict xi = imaginary;
  T *restrict yr = result_real, *restrict yi = result_imaginary;
  switch (radix) {
    case 2: NAME(radix2)(count, run, w, xr, xi, yr, yi); break;
    case 3: NAME(radix3)(count, run, w, xr, xi, yr, yi); break;
    case 4: NAME(radix4)(count, run, w, xr, xi, yr, yi); break;
    case 5: NAME(radix5)(count, run, w, xr, xi, yr, yi); break;
    default: NAME(radix_any)(radix, count, run, w, xr, xi, yr, yi); break;
  }
}

#undef STORE
