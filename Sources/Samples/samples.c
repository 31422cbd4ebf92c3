#include "MartletSamples.h"
