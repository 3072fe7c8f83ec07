// Request and response messages of a unary rpc, used again and again: a message that is cleared keeps the memory of its
// parts, so that reading a request and filling an answer allocate next to nothing.
// Thread contract: thread-safe. Must outlive the server that it is given to.
#pragma once

#include <grpcpp/support/message_allocator.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace suffice {

template <typename Request, typename Response>
class MessagePool final : public grpc::MessageAllocator<Request, Response> {
 public:
  grpc::MessageHolder<Request, Response>* AllocateMessages() override {
    {
      absl::MutexLock lock(&mutex_);
      if (!spare_.empty()) {
        Messages* const messages = spare_.back().release();
        spare_.pop_back();
        return messages;
      }
    }
    return new Messages(this);
  }

  size_t spare() const {
    absl::MutexLock lock(&mutex_);
    return spare_.size();
  }

 private:
  // What is kept: kMostSpare messages of kMostBytes, and what kUsesBetweenLooks requests may have added to them.
  static constexpr size_t kMostSpare = 64;
  static constexpr size_t kMostBytes = 64 << 10;
  static constexpr size_t kMostBytesOfOne = 16 << 10;  // a larger one takes its memory along
  static constexpr int kUsesBetweenLooks = 16;

  class Messages final : public grpc::MessageHolder<Request, Response> {
   public:
    explicit Messages(MessagePool* pool) : pool_(pool) {
      this->set_request(&request_);
      this->set_response(&response_);
    }
    void Release() override {
      if (IsTooLarge()) {
        delete this;
        return;
      }
      request_.Clear();
      response_.Clear();
      pool_->Take(std::unique_ptr<Messages>(this));
    }

   private:
    bool IsTooLarge() {
      if (request_.ByteSizeLong() + response_.ByteSizeLong() > kMostBytesOfOne) return true;
      if (++uses_ % kUsesBetweenLooks != 0) return false;
      return request_.SpaceUsedLong() + response_.SpaceUsedLong() > kMostBytes;
    }

    MessagePool* const pool_;
    Request request_;
    Response response_;
    int uses_ = 0;
  };

  void Take(std::unique_ptr<Messages> messages) {
    absl::MutexLock lock(&mutex_);
    if (spare_.size() < kMostSpare) spare_.push_back(std::move(messages));
  }

  mutable absl::Mutex mutex_;
  std::vector<std::unique_ptr<Messages>> spare_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace suffice
