// What must hold whatever the input is.
#pragma once

#include <cstdio>
#include <cstdlib>

// Ends the process, so that the fuzzer keeps the input.
#define SUFFICE_REQUIRE(condition)                                                        \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
