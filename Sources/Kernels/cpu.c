#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "include/martlet_cpu.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__)
// Bits of the extended control register: the system saves SSE and AVX state (6), and AVX-512 state (0xe0).
static uint64_t saved_states(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static martlet_isa detect(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return MARTLET_ISA_SCALAR;
  const unsigned needed = bit_FMA | bit_AVX | bit_OSXSAVE;
  if ((c & needed) != needed || (saved_states() & 6) != 6) return MARTLET_ISA_SCALAR;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) return MARTLET_ISA_SCALAR;
  const unsigned wide = bit_AVX512F | bit_AVX512DQ | bit_AVX512VL | bit_AVX512BW;
  const bool has_wide = (b & wide) == wide && (saved_states() & 0xe6) == 0xe6;
  return has_wide ? MARTLET_ISA_AVX512 : MARTLET_ISA_AVX2;
}
#elif defined(__aarch64__)
static martlet_isa detect(void) { return MARTLET_ISA_NEON; }
#else
static martlet_isa detect(void) { return MARTLET_ISA_SCALAR; }
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static martlet_isa detected, current;

// What this thread chose for itself, or -1. Threads that help it follow (`pool.c`).
static _Thread_local int chosen = -1;

// Needs only `detected`, so initialization may ask.
static bool can_run(martlet_isa isa) {
  if (isa == MARTLET_ISA_SCALAR || isa == detected) return true;
  return isa == MARTLET_ISA_AVX2 && detected == MARTLET_ISA_AVX512;
}

static martlet_isa nearest(martlet_isa wanted) {
  while (wanted > MARTLET_ISA_SCALAR && !can_run(wanted)) wanted -= 1;
  return wanted;
}

static void initialize(void) {
  detected = detect();
  current = detected;
  const char *forced = getenv("MARTLET_ISA");
  for (int isa = 0; forced && isa <= MARTLET_ISA_AVX512; ++isa) {
    if (strcmp(forced, martlet_isa_name((martlet_isa)isa)) == 0) current = nearest((martlet_isa)isa);
  }
}

martlet_isa martlet_detected_isa(void) {
  pthread_once(&once, initialize);
  return detected;
}

martlet_isa martlet_current_isa(void) {
  if (chosen >= 0) return (martlet_isa)chosen;
  pthread_once(&once, initialize);
  return current;
}

martlet_isa martlet_set_isa(martlet_isa isa) {
  pthread_once(&once, initialize);
  const martlet_isa usable = nearest(isa);
  chosen = (int)usable;
  return usable;
}

bool martlet_has_isa(martlet_isa isa) {
  pthread_once(&once, initialize);
  return can_run(isa);
}

const char *martlet_isa_name(martlet_isa isa) {
  switch (isa) {
    case MARTLET_ISA_SCALAR: return "scalar";
    case MARTLET_ISA_NEON: return "neon";
    case MARTLET_ISA_AVX2: return "avx2";
    case MARTLET_ISA_AVX512: return "avx512";
  }
  return "unknown";
}

#if defined(__linux__)
static bool read_line(const char *directory, const char *name, char *line, size_t capacity) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  const bool is_read = fgets(line, (int)capacity, file) != NULL;
  fclose(file);
  return is_read;
}

static size_t system_cache_bytes(int level) {
  for (int index = 0; index < 8; ++index) {
    char directory[64], line[32];
    snprintf(directory, sizeof directory, "/sys/devices/system/cpu/cpu0/cache/index%d", index);
    if (!read_line(directory, "level", line, sizeof line)) return 0;
    if (atoi(line) != level) continue;
    if (!read_line(directory, "type", line, sizeof line) || line[0] == 'I') continue;
    if (!read_line(directory, "size", line, sizeof line)) continue;
    char *unit = line;
    const size_t count = strtoul(line, &unit, 10);
    return *unit == 'M' ? count << 20 : *unit == 'K' ? count << 10 : count;
  }
  return 0;
}
#else
static size_t system_cache_bytes(int level) {
  (void)level;
  return 0;
}
#endif

size_t martlet_cache_bytes(int level) {
  static _Atomic size_t known[4];  // reading it from the system takes longer than a small matrix product
  if (level < 1 || level > 3) return 0;
  if (known[level] == 0) {
    const size_t bytes = system_cache_bytes(level), usual[4] = {0, 32 << 10, 1 << 20, 16 << 20};
    known[level] = bytes > 0 ? bytes : usual[level];
  }
  return known[level];
}

size_t martlet_core_count(void) {
  static _Atomic size_t known = 0;
  if (known > 0) return known;
  long count = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) count = CPU_COUNT(&allowed);
#endif
  known = count > 0 ? (size_t)count : 1;
  return known;
}
