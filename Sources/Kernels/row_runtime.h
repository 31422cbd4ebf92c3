// What row programs and the kernels beside them need from the machine: the instruction set, the pool
// and scratch memory. The one place that knows where these come from.
#ifndef MARTLET_ROW_RUNTIME_H
#define MARTLET_ROW_RUNTIME_H

#include <stddef.h>

/// 0 scalar, 1 AVX2, 2 AVX-512.
int rows_isa(void);

/// Runs `body` for every chunk, on the pool; returns when all are done.
void rows_parallel(size_t chunks, void (*body)(void *context, size_t chunk, size_t worker), void *context);

/// Scratch memory of the calling thread, at least `bytes`, aligned to 64; its contents last until the
/// next call. NULL when memory cannot be had. Freed when the thread ends.
void *rows_scratch(size_t bytes);

#endif
