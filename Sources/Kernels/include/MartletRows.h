// Row programs and the kernels bound by memory, by one include.
#ifndef MARTLET_ROWS_UMBRELLA_H
#define MARTLET_ROWS_UMBRELLA_H
#include "martlet_copy.h"
#include "martlet_index.h"
#include "martlet_moments.h"
#include "martlet_random.h"
#include "martlet_rows.h"
#include "martlet_sort.h"
#include "martlet_window.h"
#endif
