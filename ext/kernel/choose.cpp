#include "kernel/choose.h"

#include <array>

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace vecgraph {

extern const KernelTable kKernelsScalar;
#if defined(__x86_64__)
extern const KernelTable kKernelsSse2;
extern const KernelTable kKernelsAvx2;
extern const KernelTable kKernelsAvx512;
#elif defined(__aarch64__)
extern const KernelTable kKernelsNeon64;
extern const KernelTable kKernelsDotprod;
#endif

namespace {

struct Level {
  const KernelTable* table;
  bool supported;
};

// Best first. A level asks for exactly the features that its unit is compiled with; the builtin
// also checks that the operating system saves the registers.
std::array<Level, 4> Levels() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") &&
                      __builtin_cpu_supports("avx512vpopcntdq");
  return {{{&kKernelsAvx512, avx512},
           {&kKernelsAvx2, avx2},
           {&kKernelsSse2, true},
           {&kKernelsScalar, true}}};
#elif defined(__aarch64__)
#if defined(__linux__)
  const bool dotprod = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__APPLE__)
  const bool dotprod = true;
#else
  const bool dotprod = false;
#endif
  return {{{&kKernelsDotprod, dotprod}, {&kKernelsNeon64, true}, {&kKernelsScalar, true}}};
#else
  return {{{&kKernelsScalar, true}}};
#endif
}

}  // namespace

const KernelTable& BestKernel() {
  for (const Level& level : Levels()) {
    if (level.supported) return *level.table;
  }
  return kKernelsScalar;
}

const KernelTable* FindKernel(std::string_view name) {
  for (const Level& level : Levels()) {
    if (level.supported && name == level.table->name) return level.table;
  }
  return nullptr;
}

std::string KernelNames() {
  std::string names;
  for (const Level& level : Levels()) {
    if (!level.supported) continue;
    if (!names.empty()) names += ", ";
    names += level.table->name;
  }
  return names;
}

}  // namespace vecgraph
