// AVX-512 F and POPCNT, without FMA instructions: a fused multiply-add would change the last bit.
#include <xsimd/xsimd.hpp>

#define VECGRAPH_BATCH xsimd::batch<float, xsimd::avx512f>
#define VECGRAPH_TABLE kKernelsAvx512
#define VECGRAPH_LEVEL "avx512"
#include "kernel/kernels-inl.h"
