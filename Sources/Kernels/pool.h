// Memory that kernels pack into: blocks per thread, kept between calls.
#ifndef MARTLET_INTERNAL_POOL_H
#define MARTLET_INTERNAL_POOL_H

#include "include/martlet_pool.h"

/// Borrows `bytes` bytes aligned to 64 from the calling thread's cache, or null if memory runs out.
/// Blocks are given back in reverse order, each by the thread that borrowed it.
void *martlet_scratch_acquire(size_t bytes);

/// Gives back the block borrowed last. A very large one is freed, so that an outlier does not stay.
void martlet_scratch_release(void);

#endif
