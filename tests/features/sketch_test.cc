#include "features/sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "catch.h"
#include "suffice/status.h"

namespace suffice {
namespace {

Sketch SketchOf(std::string_view text, uint64_t salt = 1) {
  Sketch sketch;
  SketchText(text, salt, sketch);
  return sketch;
}

int Tokens(const Sketch& sketch) {
  int total = 0;
  for (const Sketch::Count& count : sketch.counts) total += count.count;
  return total;
}

float Property(const Sketch& sketch, std::string_view name) {
  const auto names = PropertyNames();
  const auto found = std::find(names.begin(), names.end(), name);
  REQUIRE(found != names.end());
  return sketch.properties[static_cast<size_t>(found - names.begin())];
}

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<std::string> OddTexts() {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  return {"",
          " ",
          "\n",
          "a",
          "(",
          "(A",
          "(A)",
          "1.",
          "'",
          "\xE2",
          "\xE2\x80",
          "\xE2\x80\x99",
          "it\xE2\x80\x99s",
          "\xFF\xFE\x80\xC0",
          std::string(3, '\0'),
          every_byte,
          Repeat(every_byte, 300),
          std::string(100000, 'x'),
          std::string(100000, '('),
          std::string(1 << 20, '\n'),
          Repeat("word (A) 1.\n", 50000),
          Repeat("\xE4\xB8\xAD", 3000)};
}

}  // namespace

TEST_CASE("a sketch's buckets ascend, are counted, and are the same each time") {
  for (const std::string& text : OddTexts()) {
    const Sketch sketch = SketchOf(text);
    CHECK(sketch == SketchOf(text));
    CHECK(std::adjacent_find(sketch.counts.begin(), sketch.counts.end(),
                             [](auto a, auto b) { return a.bucket >= b.bucket; }) == sketch.counts.end());
    CHECK(std::all_of(sketch.counts.begin(), sketch.counts.end(), [](auto c) { return c.count > 0; }));
    for (const float property : sketch.properties) CHECK((std::isfinite(property) && std::fabs(property) <= 5));
  }
}

TEST_CASE("a used sketch can be filled again") {
  Sketch sketch = SketchOf("something quite different, and longer than what comes next");
  SketchText("hello there", 1, sketch);
  CHECK(sketch.counts == SketchOf("hello there").counts);
}

TEST_CASE("tokens are what the header says") {
  SECTION("words are lower-cased, and blanks do not matter") {
    CHECK(SketchOf("Hello  World").counts == SketchOf("hello world").counts);
    CHECK(SketchOf("hello\tworld\r").counts == SketchOf("hello world").counts);
    CHECK(SketchOf("don\xE2\x80\x99t").counts == SketchOf("DON'T").counts);
  }
  SECTION("a number stands for its length, up to 5") {
    CHECK(SketchOf("add 12 and 7").counts == SketchOf("add 99 and 3").counts);
    CHECK(SketchOf("add 12").counts != SketchOf("add 123").counts);
    CHECK(SketchOf("12345").counts == SketchOf("1234567").counts);
    CHECK(SketchOf("1234").counts != SketchOf("12345").counts);
  }
  SECTION("each mark and newline is a token") {
    // Two words and a mark: three unigrams; with the start, three bigrams.
    CHECK(Tokens(SketchOf("yes, no")) == 6);
    CHECK(Tokens(SketchOf("yes no")) == 4);
    CHECK(SketchOf("yes\nno").counts != SketchOf("yes no").counts);
    CHECK(Tokens(SketchOf("\xE4\xB8\xAD\xE6\x96\x87")) == 4);
  }
  SECTION("order matters through bigrams alone") {
    const Sketch forward = SketchOf("cats chase dogs"), backward = SketchOf("dogs chase cats");
    CHECK(forward.counts != backward.counts);
    CHECK(Tokens(forward) == Tokens(backward));
  }
  SECTION("accented letters belong to their word") { CHECK(Tokens(SketchOf("caf\xC3\xA9")) == 2); }
}

TEST_CASE("a word is the same wherever it stands") {
  // Near the end of a text words are read another way than before it.
  const std::vector<std::string> words = {"a",
                                          "cat",
                                          "Fifteenletters",
                                          "fifteenletterss",
                                          "sixteenlettersss",
                                          "SEVENTEENLETTERSS",
                                          "twentyfourlettersforsure",
                                          "na\xC3\xAFve",
                                          "o'clock",
                                          "it\xE2\x80\x99s"};
  for (const std::string& word : words) {
    const Sketch alone = SketchOf(word), early = SketchOf(word + std::string(100, ' '));
    CHECK(alone.counts == early.counts);
    for (const char* name : {"mean_word_length", "capitals_word_share", "negations"}) {
      CHECK(Property(alone, name) == Property(early, name));
    }
  }
}

TEST_CASE("counts saturate") {
  const Sketch sketch = SketchOf(Repeat("again ", 1000));
  CHECK(std::any_of(sketch.counts.begin(), sketch.counts.end(), [](auto c) { return c.count == 255; }));
}

TEST_CASE("the salt moves the buckets and leaves the properties") {
  const std::string text = "Which of these is not a prime number?\nA. 2\nB. 4";
  CHECK(SketchOf(text, 1).counts != SketchOf(text, 2).counts);
  CHECK(SketchOf(text, 1).properties == SketchOf(text, 2).properties);
}

TEST_CASE("of a very long text only its ends are read") {
  std::string text;
  for (int i = 0; i < 20000; ++i) (text += "word").append({static_cast<char>('a' + i % 26), ' '});
  std::string other = text;
  other.replace(text.size() / 2, 9, "different");
  CHECK(SketchOf(text).counts == SketchOf(other).counts);
  other.replace(0, 5, "fresh");
  CHECK(SketchOf(text).counts != SketchOf(other).counts);
  CHECK(Tokens(SketchOf(text)) < 8192);
}

TEST_CASE("properties say what a text looks like") {
  const Sketch question = SketchOf("Which of the following is not a mammal?\nA. whale\nB. shark\nC. bat\nD. dog");
  const Sketch plain = SketchOf("Tell me a story about the sea and a ship that sails away");
  const Sketch code = SketchOf("def f(x):\n    return [y for y in x if y == 3]  # python function");
  CHECK(Property(question, "option_count") > Property(plain, "option_count"));
  CHECK(Property(question, "negations") > Property(plain, "negations"));
  CHECK(Property(question, "which") > Property(plain, "which"));
  CHECK(Property(question, "newlines") > Property(plain, "newlines"));
  CHECK(Property(question, "question_marks") > Property(plain, "question_marks"));
  CHECK(Property(plain, "starts_with_command") > Property(question, "starts_with_command"));
  CHECK(Property(code, "code_marks") > Property(plain, "code_marks"));
  CHECK(Property(code, "code_words") > Property(plain, "code_words"));
  CHECK(Property(SketchOf(Repeat("many words ", 100)), "log_bytes") > Property(plain, "log_bytes"));
  for (const char* options :
       {"(A) one\n(B) two", "A. one\nB. two", "A) one\nB) two", "(1) one\n(2) two", "1) one\n2) two"}) {
    CHECK(Property(SketchOf(options), "option_count") == Property(SketchOf("(A) x (B) y"), "option_count"));
  }
}

TEST_CASE("property names are distinct") {
  const auto names = PropertyNames();
  CHECK(names.size() == kPropertyCount);
  CHECK(std::set<std::string_view>(names.begin(), names.end()).size() == names.size());
}

TEST_CASE("an encoded sketch reads back as the same") {
  for (const std::string& text : OddTexts()) {
    Sketch sketch = SketchOf(text);
    sketch.extras = {0, 1, -2.5F};
    sketch.properties[3] = 0.123F;  // not a step
    sketch.properties[4] = -0.0F;
    const auto decoded = Sketch::Decode(sketch.Encode());
    REQUIRE(decoded.ok());
    CHECK(*decoded == sketch);
    CHECK(std::signbit(decoded->properties[4]));
  }
  Sketch edges;
  edges.counts = {{0, 1}, {1, 255}, {65534, 2}, {65535, 1}};
  CHECK(*Sketch::Decode(edges.Encode()) == edges);
  CHECK(SketchOf("What is the capital of France?").Encode().size() < 100);
}

TEST_CASE("malformed sketches are refused") {
  Sketch sketch = SketchOf("some text with a few words; 12 of them");
  sketch.extras = {1, 2};
  const std::string good = sketch.Encode();
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK(Sketch::Decode(good.substr(0, size)).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK_FALSE(Sketch::Decode(good + "x").ok());
  std::string other_format = good;
  other_format[0] = 2;
  CHECK_FALSE(Sketch::Decode(other_format).ok());
  CHECK_FALSE(Sketch::Decode("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F").ok());
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      if (const auto decoded = Sketch::Decode(bad); decoded.ok()) {
        CHECK(std::is_sorted(decoded->counts.begin(), decoded->counts.end()));
        CHECK(*Sketch::Decode(decoded->Encode()) == *decoded);
      }
    }
  }
  sketch.extras[0] = std::numeric_limits<float>::infinity();
  CHECK_FALSE(Sketch::Decode(sketch.Encode()).ok());
}

TEST_CASE("a chat becomes its messages with their roles, one a line") {
  CHECK(RequestText({.prompt = "hi"}) == "hi");
  CHECK(RequestText({.messages = {{"system", "Be brief."}, {"user", "hi"}}}) == "system: Be brief.\nuser: hi");
  CHECK(EstimateTokens("") == 1);
  CHECK(EstimateTokens(std::string(400, 'x')) == 100);
}

}  // namespace suffice
