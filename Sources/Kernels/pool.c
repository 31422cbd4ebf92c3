#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "include/martlet_cpu.h"
#include "pool_wait.h"

enum { maximum_threads = 256, spin_microseconds = 30 };

// A region is published in one word: its generation above, its next unclaimed chunk below. A worker claims
// by exchanging that word, so one that wakes late fails to claim and never runs the body of a region that
// has ended. The other fields change only while the word is closed: no chunk can be claimed then.
static struct {
  _Alignas(64) _Atomic uint64_t ticket;
  _Alignas(64) _Atomic uint32_t finished;
  _Alignas(64) _Atomic uint32_t epoch;
  _Atomic uint32_t sleepers;
  _Atomic(void (*)(void *, size_t, size_t)) body;
  _Atomic(void *) context;
  _Atomic uint32_t chunks;
  _Atomic uint32_t isa;  // of the thread that runs the region
  _Atomic bool quits;
  _Atomic bool caller_sleeps;
  _Atomic size_t threads;  // 0 until the first use
  size_t started;          // workers running; guarded by `owner`
  pthread_t workers[maximum_threads];
  pthread_mutex_t owner;  // held for the length of a region
} pool = {.owner = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool inside_region = false;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// The child of a fork has no workers: it starts its own when it needs them.
static void forget_workers(void) {
  pool.started = 0;
  atomic_store(&pool.sleepers, 0);
  pthread_mutex_init(&pool.owner, NULL);
}

// Inside a region the owner is this thread or waits for it, so locking would never end.
static void lock_owner(void) {
  if (!inside_region) pthread_mutex_lock(&pool.owner);
}

static void unlock_owner(void) {
  if (!inside_region) pthread_mutex_unlock(&pool.owner);
}

static size_t default_threads(void) {
  const char *text = getenv("MARTLET_THREADS");
  size_t wanted = text ? (size_t)strtoul(text, NULL, 10) : 0;
  if (wanted == 0) wanted = martlet_core_count();
  return wanted < maximum_threads ? wanted : maximum_threads;
}

static void prepare(void) {
  pthread_atfork(lock_owner, unlock_owner, forget_workers);
  size_t expected = 0;
  atomic_compare_exchange_strong(&pool.threads, &expected, default_threads());
}

size_t martlet_pool_threads(void) {
  pthread_once(&once, prepare);
  return atomic_load_explicit(&pool.threads, memory_order_relaxed);
}

// Claims and runs chunks of the region that `ticket` shows, until none is left.
static void run_chunks(uint64_t ticket, size_t worker) {
  const uint32_t generation = (uint32_t)(ticket >> 32);
  void (*body)(void *, size_t, size_t) = atomic_load_explicit(&pool.body, memory_order_acquire);
  void *context = atomic_load_explicit(&pool.context, memory_order_acquire);
  const uint32_t chunks = atomic_load_explicit(&pool.chunks, memory_order_acquire);
  if (worker != 0) martlet_set_isa((martlet_isa)atomic_load_explicit(&pool.isa, memory_order_acquire));
  // If the exchange succeeds, the fields read above are this region's: they change only after the word does.
  while ((uint32_t)(ticket >> 32) == generation && (uint32_t)ticket < chunks) {
    if (!atomic_compare_exchange_weak_explicit(&pool.ticket, &ticket, ticket + 1, memory_order_acq_rel,
                                               memory_order_acquire)) {
      continue;
    }
    body(context, (uint32_t)ticket, worker);
    const uint32_t done = atomic_fetch_add(&pool.finished, 1) + 1;
    if (done == chunks && worker != 0 && atomic_load(&pool.caller_sleeps)) martlet_wake(&pool.finished, 1);
    ticket = atomic_load_explicit(&pool.ticket, memory_order_acquire);
  }
}

// Spins for a moment, since regions follow each other closely, then sleeps until the epoch changes.
// With more threads than processors there is nothing to gain: a spinning worker is in the others' way.
static void await_epoch(uint32_t seen) {
  const bool may_spin = martlet_pool_threads() <= martlet_core_count();
  if (may_spin && martlet_spin_while_equal(&pool.epoch, seen, spin_microseconds)) return;
  atomic_fetch_add(&pool.sleepers, 1);
  while (atomic_load(&pool.epoch) == seen) martlet_wait(&pool.epoch, seen);
  atomic_fetch_sub(&pool.sleepers, 1);
}

static void *work(void *argument) {
  const size_t worker = (size_t)(uintptr_t)argument;
  uint32_t seen = atomic_load(&pool.epoch) - 1;  // look once before waiting: the region may be older than us
  inside_region = true;
  for (;;) {
    await_epoch(seen);
    seen = atomic_load(&pool.epoch);
    if (atomic_load(&pool.quits)) return NULL;
    run_chunks(atomic_load_explicit(&pool.ticket, memory_order_acquire), worker);
  }
}

static void start_workers(size_t wanted) {
  while (pool.started < wanted) {
    void *number = (void *)(uintptr_t)(pool.started + 1);
    if (pthread_create(&pool.workers[pool.started], NULL, work, number) != 0) return;  // fewer will do
    pool.started += 1;
  }
}

static void announce(uint32_t count) {
  atomic_fetch_add(&pool.epoch, 1);
  if (atomic_load(&pool.sleepers) > 0) martlet_wake(&pool.epoch, count);
}

void martlet_pool_set_threads(size_t threads) {
  if (inside_region) return;
  pthread_once(&once, prepare);
  if (threads == 0) threads = default_threads();
  if (threads > maximum_threads) threads = maximum_threads;
  pthread_mutex_lock(&pool.owner);
  atomic_store(&pool.quits, true);
  announce(maximum_threads);
  for (size_t i = 0; i < pool.started; ++i) pthread_join(pool.workers[i], NULL);
  pool.started = 0;
  atomic_store(&pool.quits, false);
  atomic_store(&pool.threads, threads);
  pthread_mutex_unlock(&pool.owner);
}

static void run_serially(size_t chunks, void (*body)(void *, size_t, size_t), void *context) {
  const bool outer = inside_region;
  inside_region = true;
  for (size_t chunk = 0; chunk < chunks; ++chunk) body(context, chunk, 0);
  inside_region = outer;
}

static void await_finish(uint32_t chunks) {
  uint32_t done = atomic_load(&pool.finished);
  while (done != chunks) {
    if (!martlet_spin_while_equal(&pool.finished, done, spin_microseconds)) {
      atomic_store(&pool.caller_sleeps, true);
      done = atomic_load(&pool.finished);
      if (done != chunks) martlet_wait(&pool.finished, done);
    }
    done = atomic_load(&pool.finished);
  }
  atomic_store(&pool.caller_sleeps, false);
}

static void run_in_parallel(uint32_t chunks, void (*body)(void *, size_t, size_t), void *context, size_t threads) {
  start_workers(threads - 1);
  const uint64_t generation = (atomic_load(&pool.ticket) >> 32) + 1;
  atomic_store(&pool.ticket, generation << 32 | UINT32_MAX);  // closed
  atomic_store(&pool.body, body);
  atomic_store(&pool.context, context);
  atomic_store(&pool.chunks, chunks);
  atomic_store(&pool.isa, (uint32_t)martlet_current_isa());
  atomic_store(&pool.finished, 0);
  const uint64_t ticket = (generation + 1) << 32;
  atomic_store(&pool.ticket, ticket);
  announce(chunks - 1);
  inside_region = true;
  run_chunks(ticket, 0);
  inside_region = false;
  await_finish(chunks);
}

void martlet_pool_run(size_t chunks, void (*body)(void *context, size_t chunk, size_t worker), void *context) {
  const size_t threads = martlet_pool_threads();
  const bool is_alone = chunks <= 1 || threads == 1 || inside_region || chunks >= UINT32_MAX;
  if (is_alone || pthread_mutex_trylock(&pool.owner) != 0) {
    run_serially(chunks, body, context);
    return;
  }
  run_in_parallel((uint32_t)chunks, body, context, threads);
  pthread_mutex_unlock(&pool.owner);
}
