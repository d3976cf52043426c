// AVX2 and POPCNT, without FMA: a fused multiply-add would change the last bit.
#include <xsimd/xsimd.hpp>

#define VECGRAPH_BATCH xsimd::batch<float, xsimd::avx2>
#define VECGRAPH_TABLE kKernelsAvx2
#define VECGRAPH_LEVEL "avx2"
#include "kernel/kernels-inl.h"
