// aarch64 with SDOT (Armv8.2 and every Apple CPU).
#include <arm_neon.h>

#include <xsimd/xsimd.hpp>

#define VECGRAPH_BATCH xsimd::batch<float, xsimd::neon64>
#define VECGRAPH_TABLE kKernelsDotprod
#define VECGRAPH_LEVEL "dotprod"
#define VECGRAPH_BETTER "kernel/dotprod-inl.h"
#include "kernel/kernels-inl.h"
