// The x86-64 baseline.
#include <xsimd/xsimd.hpp>

#define VECGRAPH_BATCH xsimd::batch<float, xsimd::sse2>
#define VECGRAPH_TABLE kKernelsSse2
#define VECGRAPH_LEVEL "sse2"
#include "kernel/kernels-inl.h"
