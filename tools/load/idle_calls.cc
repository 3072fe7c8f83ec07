#include "idle_calls.h"

namespace suffice::load {

IdleCalls::IdleCalls(const CallMaker& make, int count) {
  absl::MutexLock lock(&mutex_);
  for (int i = 0; i < count; ++i) {
    calls_.push_back(make());
    idle_.push_back(calls_.back().get());
  }
}

Call* IdleCalls::Take() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &IdleCalls::Any));
  return Pop();
}

Call* IdleCalls::TryTake() {
  absl::MutexLock lock(&mutex_);
  return Any() ? Pop() : nullptr;
}

void IdleCalls::Give(Call* call) {
  absl::MutexLock lock(&mutex_);
  idle_.push_back(call);
}

void IdleCalls::WaitForAll() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &IdleCalls::All));
}

Call* IdleCalls::Pop() {
  Call* const call = idle_.back();
  idle_.pop_back();
  return call;
}

}  // namespace suffice::load
