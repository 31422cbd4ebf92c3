// Strided copies of up to eight dimensions.
#ifndef MARTLET_COPY_H
#define MARTLET_COPY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Copies a block of elements between two strided layouts, in parallel when it is large.
///
/// Transposes, slices, reversals, padding and concatenation are all this: the caller points at the
/// element with index 0 in every dimension and gives the steps. A source step of 0 broadcasts (all steps
/// 0 fill with one value); negative steps reverse. Destination elements must be distinct, and the two
/// blocks may not overlap.
///
/// - Parameters:
///   - element_bytes: 1, 2, 4 or 8.
///   - rank: 0...8 dimensions of `sizes`; rank 0 is one element.
///   - destination_strides, source_strides: Steps in elements.
void martlet_copy(size_t element_bytes, size_t rank, const size_t *sizes, void *destination,
                  const int64_t *destination_strides, const void *source, const int64_t *source_strides);

/// Rows of something that is joined with others.
typedef struct martlet_part {
  const void *source;
  /// Bytes from a row to the next, and of a row, which lies in one piece.
  int64_t step;
  size_t bytes;
} martlet_part;

/// Puts rows side by side: each row of the result is that of the first part, then that of the second, and so on. The
/// result is dense.
void martlet_join(size_t rows, const martlet_part *parts, size_t count, void *result);

#ifdef __cplusplus
}
#endif

#endif
