// Workers: threads that help with one piece of pure computation at a time.
//
// Run() calls the body on the calling thread at once, and on helpers as soon as they wake. The body
// takes its pieces from a counter of its own, so a helper that comes late finds nothing to do, and
// the caller never waits for one that has not begun. If another connection keeps the helpers busy,
// the caller works alone.
// The body calls no sqlite3 function and throws nothing. Helpers start with the first work for them
// and sleep until the process ends; a forked child starts its own.
// Threads: any.
#pragma once

namespace vecgraph {

constexpr int kMostThreads = 64;

// How many threads may run at once on this machine, at most four.
int DefaultThreads();

// Calls body(context) on up to `threads` threads, this one among them, and returns when all of them
// have.
void RunOnWorkers(int threads, void (*body)(void*), void* context);

// The same for a callable, which is called by all of them at once.
template <class Body>
void RunOnWorkers(int threads, const Body& body) {
  RunOnWorkers(
      threads, [](void* context) { (*static_cast<const Body*>(context))(); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace vecgraph
