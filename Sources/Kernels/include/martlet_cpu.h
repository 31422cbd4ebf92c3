// What the processor can do, and how fast it does it.
#ifndef MARTLET_CPU_H
#define MARTLET_CPU_H

#include <stdbool.h>
#include <stddef.h>

/// An instruction set that kernels are written for. Scalar is what every machine has: portable C.
typedef enum {
  MARTLET_ISA_SCALAR = 0,
  MARTLET_ISA_NEON = 1,
  MARTLET_ISA_AVX2 = 2,
  MARTLET_ISA_AVX512 = 3,
} martlet_isa;

/// What a kernel call reports. Kernels do not check shapes, so memory is all that can fail.
typedef enum {
  MARTLET_OK = 0,
  MARTLET_OUT_OF_MEMORY = 1,
} martlet_status;

/// The widest instruction set of this machine that has kernels.
martlet_isa martlet_detected_isa(void);

/// The instruction set that kernels use: the detected one, or a lower one forced by the environment
/// variable `MARTLET_ISA` (`scalar`, `neon`, `avx2`, `avx512`) or by `martlet_set_isa`.
martlet_isa martlet_current_isa(void);

/// Forces an instruction set for what this thread runs from now on, its helpers in the pool included; for
/// tests and measurements. One that the machine lacks falls back to the widest that it has below. Returns
/// the one now in use.
martlet_isa martlet_set_isa(martlet_isa isa);

/// Whether this machine can run kernels of an instruction set.
bool martlet_has_isa(martlet_isa isa);

/// `scalar`, `neon`, `avx2` or `avx512`.
const char *martlet_isa_name(martlet_isa isa);

/// The size in bytes of a data or unified cache; `level` is 1, 2 or 3. A usual size where the system
/// does not tell.
size_t martlet_cache_bytes(int level);

/// The number of processors this process may run on, at least 1.
size_t martlet_core_count(void);

/// Floating-point operations per second (a fused multiply-add counts two) that `threads` threads reach
/// together with independent float 32 multiply-adds in registers, in the current instruction set,
/// the best of several slices of about `seconds` seconds in all.
double martlet_peak_flops_f32(size_t threads, double seconds);

/// The same of float 64.
double martlet_peak_flops_f64(size_t threads, double seconds);

/// What is done to arrays when bandwidth is measured.
typedef enum {
  MARTLET_STREAM_READ = 0,   // a sum of one
  MARTLET_STREAM_COPY = 1,   // one to another
  MARTLET_STREAM_TRIAD = 2,  // a sum of two into a third
} martlet_stream;

/// Bytes per second, read plus written, that `threads` threads move together, each over and over through arrays of
/// its own; all arrays together take `bytes` bytes. The best of several slices of about `seconds` seconds in all; 0 if
/// memory runs out.
double martlet_stream_bandwidth(martlet_stream stream, size_t threads, size_t bytes, double seconds);

/// Bytes per second, read plus written, of copying between two arrays of `bytes` bytes each. Best of
/// several passes; 0 if memory runs out.
double martlet_copy_bandwidth(size_t threads, size_t bytes);

/// Bytes per second of reading an array of `bytes` bytes. Best of several passes; 0 if memory runs out.
double martlet_read_bandwidth(size_t threads, size_t bytes);

#endif
