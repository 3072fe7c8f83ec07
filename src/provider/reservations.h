// A dollar budget with what calls in flight could cost at worst set aside.
// Thread contract: belongs to one thread.
#pragma once

#include "base/money.h"
#include "provider/chat_client.h"

namespace suffice {

class Reservations {
 public:
  // `spending` outlives it and is kept up to date.
  explicit Reservations(ChatClient::Spending& spending)
      : spending_(spending), budget_(Money::FromUsd(spending.budget_usd)), spent_(Money::FromUsd(spending.spent_usd)) {}

  // Sets `worst` aside if the budget covers it on top of all that is spent and set aside.
  bool TryReserve(Money worst) {
    if (budget_.nanos > 0 && spent_ + reserved_ + worst > budget_) return false;
    reserved_ += worst;
    ++open_;
    return true;
  }
  // The call that reserved `worst` came to `cost`.
  void Settle(Money worst, Money cost) {
    reserved_ = reserved_ - worst;
    --open_;
    spent_ += cost;
    spending_.spent_usd = spent_.Usd();
  }
  // Whether something may still come back to the budget.
  bool AnyOpen() const { return open_ > 0; }

 private:
  ChatClient::Spending& spending_;
  const Money budget_;
  Money spent_;
  Money reserved_;
  int64_t open_ = 0;
};

}  // namespace suffice
