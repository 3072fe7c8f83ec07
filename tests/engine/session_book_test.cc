// Which tier a conversation has: bounded, forgotten when silent, apart for every tenant.
#include "engine/session_book.h"

#include <string>
#include <thread>
#include <vector>

#include "catch.h"

namespace suffice {

TEST_CASE("a conversation has the tier of its newest decision until it is silent for too long") {
  SessionBook book(1000);
  CHECK(book.Find("acme", "s", 0, 60).empty());
  book.Use("acme", "s", "small", 1'000'000);
  CHECK(book.Find("acme", "s", 61'000'000, 60) == "small");
  CHECK(book.Find("acme", "s", 61'000'001, 60).empty());
  book.Use("acme", "s", "large", 70'000'000);
  book.Use("acme", "s", "small", 65'000'000);  // came late
  CHECK(book.Find("acme", "s", 71'000'000, 60) == "large");
  CHECK(book.Find("other", "s", 71'000'000, 60).empty());
  book.Use("a", "bc", "small", 1);
  CHECK(book.Find("ab", "c", 1, 60).empty());
}

TEST_CASE("beyond its capacity the book forgets who was silent for longest") {
  SessionBook book(640);
  for (int i = 0; i < 20'000; ++i) {
    book.Use("", "steady", "large", i);
    book.Use("", std::to_string(i), "small", i);
  }
  CHECK(book.size() <= 640);
  CHECK(book.size() > 600);
  CHECK(book.Find("", "steady", 20'000, 60) == "large");
  CHECK(book.Find("", "19999", 20'000, 60) == "small");
  CHECK(book.Find("", "1", 20'000, 60).empty());
  book.SetCapacity(64);
  for (int i = 20'000; i < 22'000; ++i) book.Use("", std::to_string(i), "small", i);
  CHECK(book.size() <= 64);
}

TEST_CASE("threads use the book together") {
  SessionBook book(256);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&book, t] {
      for (int i = 0; i < 5000; ++i) {
        const std::string session = std::to_string((i * 7 + t) % 400);
        book.Use("", session, "tier" + std::to_string(t), i);
        book.Find("", session, i, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(book.size() <= 256);
}

}  // namespace suffice
