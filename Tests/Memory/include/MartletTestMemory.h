// Counts what the calling thread allocates, for tests that promise how much memory something takes.
#ifndef MARTLET_TEST_MEMORY_H
#define MARTLET_TEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/// Whether allocations can be counted: on Linux with the GNU C library, and not beside a sanitizer, which has an
/// allocator of its own.
bool martlet_test_can_count_memory(void);

/// Counts the bytes that this thread allocates from now on, less those that it gives back.
void martlet_test_begin_counting(void);

/// Ends counting; the result is the most bytes that were in use at once.
ptrdiff_t martlet_test_end_counting(void);

#endif
