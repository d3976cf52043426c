#include "base/workers.h"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

namespace vecgraph {
namespace {

int64_t ProcessId() {
#if defined(__unix__) || defined(__APPLE__)
  return getpid();
#else
  return 0;
#endif
}

// Signals are for the threads of the host.
class BlockSignals {
 public:
#if defined(__unix__) || defined(__APPLE__)
  BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#endif
};

// Never destroyed: its threads live as long as the process, and the library is never unloaded.
class Pool {
 public:
  explicit Pool(int64_t process) : process_(process) {}

  int64_t process() const { return process_; }

  // False if another thread has the pool.
  bool Run(int helpers, void (*body)(void*), void* context) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn) return false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      Grow(helpers);
      body_ = body;
      context_ = context;
      std::fegetenv(&floats_);
      places_ = std::min(helpers, started_);
    }
    if (helpers == 1) {
      wake_.notify_one();
    } else {
      wake_.notify_all();
    }
    body(context);
    std::unique_lock<std::mutex> lock(mutex_);
    places_ = 0;  // who has not begun need not
    idle_.wait(lock, [&] { return running_ == 0; });
    return true;
  }

 private:
  // REQUIRES: mutex_ is held.
  void Grow(int helpers) {
    if (started_ >= helpers) return;
    const BlockSignals blocked;
    while (started_ < helpers) {
      try {
        std::thread([this] { Help(); }).detach();
        ++started_;
      } catch (const std::system_error&) {
        return;  // fewer then
      }
    }
  }

  void Help() {
#if defined(__linux__)
    pthread_setname_np(pthread_self(), "vecgraph");
#endif
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return places_ > 0; });
      --places_;
      ++running_;
      void (*const body)(void*) = body_;
      void* const context = context_;
      std::fesetenv(&floats_);
      lock.unlock();
      body(context);
      lock.lock();
      if (--running_ == 0) idle_.notify_one();
    }
  }

  const int64_t process_;
  std::mutex turn_;  // held by who runs something
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  void (*body_)(void*) = nullptr;
  void* context_ = nullptr;
  std::fenv_t floats_{};  // the caller's rounding, so that helpers compute the same bits
  int places_ = 0;        // helpers that may still begin
  int running_ = 0;       // helpers inside body_
  int started_ = 0;
};

std::atomic<Pool*> pool{nullptr};

// The pool of this process. A child of fork() has the memory of its parent's pool but none of its
// threads, so it makes another one and leaves the first alone.
Pool& PoolOfProcess() {
  const int64_t process = ProcessId();
  Pool* current = pool.load(std::memory_order_acquire);
  while (!current || current->process() != process) {
    auto* made = new Pool(process);
    if (pool.compare_exchange_strong(current, made, std::memory_order_acq_rel)) return *made;
    delete made;
  }
  return *current;
}

}  // namespace

int DefaultThreads() {
  static const int kThreads =
      std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4);
  return kThreads;
}

void RunOnWorkers(int threads, void (*body)(void*), void* context) {
  const int helpers = std::min(threads, kMostThreads) - 1;
  if (helpers < 1 || !PoolOfProcess().Run(helpers, body, context)) body(context);
}

}  // namespace vecgraph
