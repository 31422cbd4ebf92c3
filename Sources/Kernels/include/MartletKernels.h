// Every kernel of the CPU engine, by one import.
#ifndef MARTLET_KERNELS_H
#define MARTLET_KERNELS_H
#endif
