// AVX-512 with VNNI and VPOPCNTDQ, without FMA. The floats keep to 256 bits: rows inside SQLite lie
// at any address, and where a load crosses two cache lines, 512 bits were slower (1.14 times the
// speed of AVX2, against 1.19).
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns of what its own header leaves uninitialised on purpose.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#include <xsimd/xsimd.hpp>

#define VECGRAPH_BATCH xsimd::batch<float, xsimd::avx2>
#define VECGRAPH_TABLE kKernelsAvx512
#define VECGRAPH_LEVEL "avx512"
#define VECGRAPH_BETTER "kernel/avx512-inl.h"
#include "kernel/kernels-inl.h"
