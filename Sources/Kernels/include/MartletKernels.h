// Every kernel of the CPU engine, by one import.
#ifndef MARTLET_KERNELS_H
#define MARTLET_KERNELS_H

#include "martlet_algebra.h"
#include "martlet_attention.h"
#include "martlet_conv.h"
#include "martlet_cpu.h"
#include "martlet_fft.h"
#include "martlet_gemm.h"
#include "martlet_pool.h"
#include "MartletRows.h"

#endif
