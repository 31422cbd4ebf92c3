#ifndef MARTLET_SAMPLES_H
#define MARTLET_SAMPLES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Handwritten digits as one gray PNG image, 2,000 wide and 1,000 high: cells of 20 × 20 pixels, 100 to a row,
/// five rows of cells for each digit from 0 to 9 (5,000 digits).
///
/// @param size Where the number of bytes is put.
/// @return The bytes of the PNG file; they live as long as the program.
const unsigned char *martlet_samples_digits_png(size_t *size);

/// Jane Austen, Pride and Prejudice: 684,768 bytes of ASCII text, compressed with gzip.
///
/// @param size Where the number of compressed bytes is put.
/// @return The bytes of the gzip file; they live as long as the program.
const unsigned char *martlet_samples_pride_and_prejudice_gzip(size_t *size);

/// Jane Austen, Persuasion: 466,854 bytes of ASCII text, compressed with gzip.
///
/// @param size Where the number of compressed bytes is put.
/// @return The bytes of the gzip file; they live as long as the program.
const unsigned char *martlet_samples_persuasion_gzip(size_t *size);

#ifdef __cplusplus
}
#endif

#endif
