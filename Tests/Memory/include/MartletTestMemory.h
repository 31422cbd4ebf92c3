// Counts what the calling thread allocates and the time it computes, for tests that promise how much something takes.
#ifndef MARTLET_TEST_MEMORY_H
#define MARTLET_TEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether allocations can be counted: on Linux with the GNU C library, and not beside a sanitizer, which has an
/// allocator of its own.
bool martlet_test_can_count_memory(void);

/// Counts the bytes that this thread allocates from now on, less those that it gives back.
void martlet_test_begin_counting(void);

/// Ends counting; the result is the most bytes that were in use at once.
ptrdiff_t martlet_test_end_counting(void);

/// The time that the calling thread has computed so far. Other threads and processes do not add to it.
int64_t martlet_test_thread_nanoseconds(void);

#endif
