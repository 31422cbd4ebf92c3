// Row programs and the kernels bound by memory, by one include.
#ifndef MARTLET_ROWS_UMBRELLA_H
#define MARTLET_ROWS_UMBRELLA_H
#include "martlet_rows.h"
#endif
