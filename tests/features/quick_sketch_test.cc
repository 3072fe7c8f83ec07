// The quick scanner against the plain one, and both against what earlier logs hold.
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "catch.h"
#include "features/plain_sketch.h"
#include "features/sketch.h"

namespace suffice {
namespace {

using Random = std::mt19937_64;

// Pieces at which a scanner that looks at many bytes at once may go wrong.
std::string Piece(Random& random) {
  static const std::vector<std::string> kPieces = {
      " ", "  ", "\n", "\t", "\r\n", std::string(1, '\0'), "\x7F", "'", "\xE2\x80\x99", "n't", "don't", "O'Clock", "''",
      "(A) ", "(B)", "(1) 4", "(2) -3", "(C) $5", "\nA. x", "\nB) y", "\n1) z", "\n- ", "\n* ", "\n\xE2\x80\xA2 ",
      "\n12. ", ".", "! ", "?\n", ",", "{}[];", "\\frac", "www", "http", "https", "HTTP", "\xE4\xB8\xAD\xE6\x96\x87",
      "\xEF\xBC\x81", "caf\xC3\xA9", "\xC3\xA9t\xC3\xA9", "\xE2", "\xE2\x80", "\xFF", "\xF0\x9F\x98\x80", "7", "12", "345",
      "678901", "write", "Explain", "NOT", "therefore", "comprehensive", "the", "a", "I", "i'm"};
  switch (random() % 8) {
    case 0:
    case 1: {
      std::string word;
      for (size_t size = 1 + random() % 20; size > 0; --size) {
        const char first = random() % 6 == 0 ? 'A' : 'a';
        word += static_cast<char>(first + static_cast<char>(random() % 26));
      }
      return word;
    }
    case 2: {
      // One draw after the other: compilers differ in which argument they begin with.
      const char repeated = "ax 1\n(\xC3'"[random() % 8];
      return std::string(1 + random() % 90, repeated);
    }
    case 3:
      return std::string(1, static_cast<char>(random()));
    default:
      return kPieces[random() % kPieces.size()];
  }
}

std::string TextOf(size_t bytes, Random& random) {
  std::string text;
  while (text.size() < bytes) {
    text += Piece(random);
    if (random() % 2 == 0) text += ' ';
  }
  text.resize(bytes);
  return text;
}

void RequireTheSame(const std::string& text, uint64_t salt) {
  Sketch sketch;
  SketchText(text, salt, sketch);
  const Sketch plain = PlainSketch(text, salt);
  if (sketch.counts == plain.counts && sketch.properties == plain.properties) return;
  CAPTURE(text.size(), salt, text.substr(0, 200));
  CHECK(sketch.counts == plain.counts);
  REQUIRE(sketch.properties == plain.properties);
}

}  // namespace

TEST_CASE("the quick sketch is the plain one") {
  Random random(20);
  SECTION("for texts of every short length") {
    for (size_t bytes = 0; bytes <= 200; ++bytes) {
      for (int i = 0; i < 20; ++i) RequireTheSame(TextOf(bytes, random), random());
    }
  }
  SECTION("for random bytes") {
    for (int i = 0; i < 500; ++i) {
      std::string text(random() % 300, '\0');
      for (char& c : text) c = static_cast<char>(random());
      RequireTheSame(text, 3);
    }
  }
  SECTION("for every byte between, before and after others") {
    for (int c = 0; c < 256; ++c) {
      const std::string byte(1, static_cast<char>(c));
      for (const std::string& text : {byte, "ab" + byte + "cd ef", byte + "word", "word" + byte, "(A" + byte + " x"}) {
        RequireTheSame(text, 3);
      }
    }
  }
  SECTION("for long texts, of which the middle is not read") {
    for (const size_t bytes : {4095, 4096, 4097, 8191, 8192, 8193, 8209, 12345, 1 << 20}) {
      RequireTheSame(TextOf(bytes, random), 3);
    }
  }
}

TEST_CASE("sketches are those of earlier logs") {
  Random random(21);
  std::string encoded;
  for (int i = 0; i < 300; ++i) {
    Sketch sketch;
    SketchText(TextOf(random() % 9000, random), 17, sketch);
    encoded += sketch.Encode();
  }
  CHECK(Hash64(encoded) == 0xd8714ed9ef39e7faU);
}

}  // namespace suffice
