// A client stream of records: reads on while earlier items are being committed, and answers when all are on disk.
//
// Thread contract and ownership: gRPC calls On* one at a time; `Done` of an item comes from the log's thread, or from
// within the read itself. The reactor deletes itself in OnDone, which gRPC calls only after Finish. What an item's
// completion touches lives in `State`, held by every completion too, because the reactor may be gone as soon as the
// lock is released: only the one who saw the last item go may call Finish, and only the one who owes a read may call
// StartRead (its item counts as in flight until then). A stream whose key is revoked reads no more, and ends with that
// error when what is in flight is on disk.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "service/admission.h"
#include "service/errors.h"
#include "suffice/status.h"
#include "suffice/types.h"

namespace suffice {

inline constexpr int kMaxUnacknowledged = 1024;  // items of one stream on their way to the disk
inline constexpr int kMaxItemErrors = 100;       // told in a stream's answer

// `Response` is OutcomeStreamResponse or FeedbackStreamResponse.
template <typename Request, typename Response>
class RecordStream final : public grpc::ServerReadReactor<Request> {
 public:
  using Done = std::function<void(absl::StatusOr<Receipt>)>;
  // Records one item, and calls `done` exactly once, from any thread.
  using Record = std::function<void(const Request& item, Done done)>;

  // `admission` outlives the stream.
  RecordStream(Response* response, Admission* admission, const Caller& caller, Record record)
      : record_(std::move(record)), admission_(admission) {
    state_->reactor = this;
    state_->response = response;
    watch_ = admission_->Watch(caller, [state = state_](const absl::Status& why) { state->Revoke(why); });
    if (state_->MayRead()) this->StartRead(&item_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      state_->EndOfItems();
      return;
    }
    const std::optional<int64_t> index = state_->Begin();
    if (!index) return;
    record_(item_, [state = state_, index = *index](absl::StatusOr<Receipt> receipt) {
      state->Complete(index, receipt);
    });
    if (state_->MayRead()) this->StartRead(&item_);
  }

  void OnDone() override {
    admission_->Unwatch(watch_);
    delete this;
  }

 private:
  struct State {
    RecordStream* reactor = nullptr;
    absl::Mutex mutex;
    Response* response ABSL_GUARDED_BY(mutex) = nullptr;
    int64_t items ABSL_GUARDED_BY(mutex) = 0;
    int in_flight ABSL_GUARDED_BY(mutex) = 0;
    bool paused ABSL_GUARDED_BY(mutex) = false;  // no read is under way: a completion owes it
    bool ended ABSL_GUARDED_BY(mutex) = false;   // the client has sent all, or is gone, or may send no more
    absl::Status refusal ABSL_GUARDED_BY(mutex);

    // Nothing: the item is not to be recorded.
    std::optional<int64_t> Begin() {
      absl::MutexLock lock(&mutex);
      if (ended) return std::nullopt;
      ++in_flight;
      return items++;
    }

    bool MayRead() {
      absl::MutexLock lock(&mutex);
      paused = !ended && in_flight >= kMaxUnacknowledged;
      return !paused && !ended;
    }

    void EndOfItems() { End(absl::OkStatus()); }
    void Revoke(const absl::Status& why) { End(why); }

    // The first one counts.
    void End(const absl::Status& why) {
      {
        absl::MutexLock lock(&mutex);
        if (std::exchange(ended, true)) return;
        refusal = why;
        if (in_flight > 0) return;
      }
      reactor->Finish(ToGrpcStatus(why));
    }

    void Complete(int64_t index, const absl::StatusOr<Receipt>& receipt) {
      bool resume;
      {
        absl::MutexLock lock(&mutex);
        Count(index, receipt);
        resume = std::exchange(paused, false) && !ended;
      }
      if (resume) reactor->StartRead(&reactor->item_);
      absl::Status end;
      {
        absl::MutexLock lock(&mutex);
        --in_flight;
        if (!ended || in_flight > 0) return;
        end = refusal;
      }
      reactor->Finish(ToGrpcStatus(end));
    }

    void Count(int64_t index, const absl::StatusOr<Receipt>& receipt) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
      if (receipt.ok()) {
        if (receipt->duplicate) {
          response->set_duplicates(response->duplicates() + 1);
        } else {
          response->set_accepted(response->accepted() + 1);
        }
        return;
      }
      response->set_rejected(response->rejected() + 1);
      if (response->errors_size() >= kMaxItemErrors) return;
      const grpc::Status error = ToGrpcStatus(receipt.status());
      auto* out = response->add_errors();
      out->set_index(index);
      out->set_code(error.error_code());
      out->set_reason(ReasonOf(receipt.status()));
      out->set_field(FieldOf(receipt.status()).value_or(""));
      out->set_message(error.error_message());
    }
  };

  const Record record_;
  Admission* const admission_;
  int64_t watch_ = 0;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  Request item_;
};

}  // namespace suffice
