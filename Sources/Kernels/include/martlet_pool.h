// The thread pool on which all kernels run.
#ifndef MARTLET_POOL_H
#define MARTLET_POOL_H

#include <stddef.h>

/// Sets how many threads work on a region, the caller included. 0 means the default: the environment
/// variable `MARTLET_THREADS`, or one for each processor the process may use. Does nothing inside a region.
void martlet_pool_set_threads(size_t threads);

/// How many threads work on a region, the caller included; at least 1.
size_t martlet_pool_threads(void);

/// Calls `body(context, chunk, worker)` once for each chunk in `0..<chunks`, on the caller and the workers,
/// and returns when all are done. `worker` is below `martlet_pool_threads()`, and no two chunks that run
/// at the same time in one region have the same worker.
///
/// Which worker runs a chunk varies: results must depend on chunks only. Inside a region, and while another
/// thread has a region under way, all chunks run on the caller, in order, as worker 0.
void martlet_pool_run(size_t chunks, void (*body)(void *context, size_t chunk, size_t worker), void *context);

/// Bytes of the blocks in which kernels pack and add up, as far as they have been used; kept between calls, over all
/// threads.
size_t martlet_scratch_bytes(void);

/// The most bytes of them that kernels needed at once since the last call; with several programs at a time, those of
/// all.
size_t martlet_scratch_most_borrowed(void);

#endif
