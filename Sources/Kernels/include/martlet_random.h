// Counter-based random bits.
#ifndef MARTLET_RANDOM_H
#define MARTLET_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Fills `words` with elements `first..<first + count` of a stream of 32 random bits each.
///
/// Philox-4x32-10 (Salmon, Moraes, Dror and Shaw, *SC'11*): element i is word i % 4 of the block with
/// counter (i / 4 low, i / 4 high, stream low, stream high), so any part of the stream can be had
/// without the rest, and is the same for any number of threads.
///
/// - Parameters:
///   - key: The seed.
///   - stream: Tells streams of one seed apart.
void martlet_random_u32(uint32_t *words, size_t count, uint64_t key, uint64_t stream, uint64_t first);

/// Fills `words` with 64 random bits each: element i is elements 2i (low half) and 2i + 1 of the 32-bit
/// stream.
void martlet_random_u64(uint64_t *words, size_t count, uint64_t key, uint64_t stream, uint64_t first);

#ifdef __cplusplus
}
#endif

#endif
