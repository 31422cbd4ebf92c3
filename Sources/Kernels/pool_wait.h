// Waiting for a word to change: a short spin, then sleep in the kernel.
#ifndef MARTLET_POOL_WAIT_H
#define MARTLET_POOL_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// Sleeps until another thread wakes this word, unless it already differs from `seen`. May return early.
void martlet_wait(_Atomic uint32_t *word, uint32_t seen);

/// Wakes up to `count` threads that sleep on this word.
void martlet_wake(_Atomic uint32_t *word, uint32_t count);

/// Spins while the word equals `seen`; returns whether it changed within `microseconds`.
bool martlet_spin_while_equal(_Atomic uint32_t *word, uint32_t seen, unsigned microseconds);

/// Seconds on a clock that only goes forward.
double martlet_seconds(void);

#endif
