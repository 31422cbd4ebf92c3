// The stages for one instruction set: the including file sets the target and FFT_TABLE.
#include "fft_stages.h"

#define FFT_LOOP _Pragma("clang loop vectorize(assume_safety)")
#define T float
#define NAME(name) name##_f32
#include "fft_body.h"
#include "fft_lines.h"
#undef T
#undef NAME
#define T double
#define NAME(name) name##_f64
#include "fft_body.h"
#include "fft_lines.h"
#undef T
#undef NAME

const fft_table FFT_TABLE = {
    {stage_f32, load_f32, store_f32, part_f32, join_f32, twist_f32, split_f32, merge_f32},
    {stage_f64, load_f64, store_f64, part_f64, join_f64, twist_f64, split_f64, merge_f64}};
