// The inner loops of row programs for any machine.
#include <string.h>

#include "row_kernels.h"

#define ROW_ISA 0
#define ROW_TABLE martlet_row_kernels_scalar
#include "row_kernels_body.h"
