// Transposing squares of vectors in registers.
#ifndef MARTLET_GEMM_TRANSPOSE_H
#define MARTLET_GEMM_TRANSPOSE_H

// One round of a transposition: vectors `half` apart exchange their off-diagonal runs of `half` elements.
#define TRANSPOSE_ROUND(square, lanes, half, low, high)                         \
  _Pragma("clang loop unroll(full)") for (size_t i = 0; i < lanes; ++i) {       \
    if (i & half) continue;                                                     \
    const V first = square[i], second = square[i + half];                       \
    square[i] = __builtin_shufflevector(first, second, low);                    \
    square[i + half] = __builtin_shufflevector(first, second, high);            \
  }

// Element j of the lower and the upper vector of a pair, by lanes and half; the second vector counts from `lanes`.
#define LOW_2_1 0, 2
#define HIGH_2_1 1, 3
#define LOW_4_1 0, 4, 2, 6
#define HIGH_4_1 1, 5, 3, 7
#define LOW_4_2 0, 1, 4, 5
#define HIGH_4_2 2, 3, 6, 7
#define LOW_8_1 0, 8, 2, 10, 4, 12, 6, 14
#define HIGH_8_1 1, 9, 3, 11, 5, 13, 7, 15
#define LOW_8_2 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH_8_2 2, 3, 10, 11, 6, 7, 14, 15
#define LOW_8_4 0, 1, 2, 3, 8, 9, 10, 11
#define HIGH_8_4 4, 5, 6, 7, 12, 13, 14, 15
#define LOW_16_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define HIGH_16_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define LOW_16_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH_16_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define LOW_16_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define HIGH_16_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define LOW_16_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define HIGH_16_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31

#define TRANSPOSE_2(square) \
  do { \
    TRANSPOSE_ROUND(square, 2, 1, LIST(LOW_2_1), LIST(HIGH_2_1)) \
  } while (0)

#define TRANSPOSE_4(square) \
  do { \
    TRANSPOSE_ROUND(square, 4, 1, LIST(LOW_4_1), LIST(HIGH_4_1)) \
    TRANSPOSE_ROUND(square, 4, 2, LIST(LOW_4_2), LIST(HIGH_4_2)) \
  } while (0)

#define TRANSPOSE_8(square) \
  do { \
    TRANSPOSE_ROUND(square, 8, 1, LIST(LOW_8_1), LIST(HIGH_8_1)) \
    TRANSPOSE_ROUND(square, 8, 2, LIST(LOW_8_2), LIST(HIGH_8_2)) \
    TRANSPOSE_ROUND(square, 8, 4, LIST(LOW_8_4), LIST(HIGH_8_4)) \
  } while (0)

#define TRANSPOSE_16(square) \
  do { \
    TRANSPOSE_ROUND(square, 16, 1, LIST(LOW_16_1), LIST(HIGH_16_1)) \
    TRANSPOSE_ROUND(square, 16, 2, LIST(LOW_16_2), LIST(HIGH_16_2)) \
    TRANSPOSE_ROUND(square, 16, 4, LIST(LOW_16_4), LIST(HIGH_16_4)) \
    TRANSPOSE_ROUND(square, 16, 8, LIST(LOW_16_8), LIST(HIGH_16_8)) \
  } while (0)

#define LIST(...) __VA_ARGS__

#endif
