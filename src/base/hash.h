// Seeded, stable hashing (XXH3). Values are part of the file formats: they never change between releases.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace suffice {

// 64-bit XXH3 of `bytes` with `seed`.
uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);

// Maps a hash to [0, 1) using its upper 53 bits.
inline double UnitInterval(uint64_t hash) { return static_cast<double>(hash >> 11) * 0x1.0p-53; }

// Lower-case hexadecimal SHA-256 (64 characters).
std::string Sha256Hex(std::string_view bytes);

}  // namespace suffice
