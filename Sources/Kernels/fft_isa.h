// The stages for one instruction set: the including file sets the target and FFT_TABLE.
#include "fft_stages.h"

#define FFT_LOOP _Pragma("clang loop vectorize(assume_safety)")
#define T float
#define NAME(name) name##_f32
#include "fft_body.h"
#undef T
#undef NAME
#define T double
#define NAME(name) name##_f64
#include "fft_body.h"
#undef T
#undef NAME

const fft_table FFT_TABLE = {stage_f32, stage_f64};
