// What the HTML pages share. Everything that is text is escaped; what is HTML or SVG already is said so.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace suffice {

// A whole page: `title` as its heading, `body` (HTML) under it.
std::string Page(std::string_view title, std::string_view body);
// A large value over its name; put several within Cards.
std::string Card(std::string_view value, std::string_view name);
std::string Cards(std::string_view cards_html);
// A heading, a few words, and a picture or table (HTML).
std::string Figure(std::string_view heading, std::string_view words, std::string_view html);
// An unordered list; nothing when it would be empty.
std::string BulletList(const std::vector<std::string>& items);

}  // namespace suffice
