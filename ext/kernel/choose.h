// Which kernels run: the best level that this CPU has, or the one that was asked for.
#pragma once

#include <string>
#include <string_view>

#include "kernel/kernels.h"

namespace vecgraph {

// The best level of this CPU.
const KernelTable& BestKernel();

// The level called `name`, or null if there is none or this CPU lacks what it needs: a forced
// level is never replaced by another in silence.
const KernelTable* FindKernel(std::string_view name);

// The names that FindKernel() takes on this CPU, best first: "avx512, avx2, sse2, scalar".
std::string KernelNames();

}  // namespace vecgraph
