#include "MartletKernels.h"
