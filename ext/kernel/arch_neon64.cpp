// The aarch64 baseline.
#include <xsimd/xsimd.hpp>

#define VECGRAPH_BATCH xsimd::batch<float, xsimd::neon64>
#define VECGRAPH_TABLE kKernelsNeon64
#define VECGRAPH_LEVEL "neon64"
#include "kernel/kernels-inl.h"
