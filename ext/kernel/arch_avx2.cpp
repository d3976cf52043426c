// AVX2 and POPCNT, without FMA: a fused multiply-add would change the last bit.
#include <immintrin.h>

#include <xsimd/xsimd.hpp>

#define VECGRAPH_BATCH xsimd::batch<float, xsimd::avx2>
#define VECGRAPH_TABLE kKernelsAvx2
#define VECGRAPH_LEVEL "avx2"
#define VECGRAPH_BETTER "kernel/avx2-inl.h"
#include "kernel/kernels-inl.h"
