#include "learner/config_book.h"

namespace suffice {

const Config* ConfigBook::Find(const std::string& hash) {
  const auto it = by_hash_.find(hash);
  if (it != by_hash_.end()) return it->second.get();
  std::shared_ptr<const Config> config;
  if (auto text = log_->LoadConfigText(hash); text.ok()) {
    if (auto parsed = ParseConfig(*text, "configuration " + hash); parsed.ok()) {
      config = std::make_shared<const Config>(*std::move(parsed));
    }
  }
  return by_hash_.emplace(hash, std::move(config)).first->second.get();
}

}  // namespace suffice
