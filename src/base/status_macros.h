// Early return on error. The only macros of the project.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define SUFFICE_RETURN_IF_ERROR(expression)                                                      \
  do {                                                                                           \
    if (absl::Status suffice_status = (expression); !suffice_status.ok()) return suffice_status; \
  } while (false)

#define SUFFICE_CONCAT_INNER(a, b) a##b
#define SUFFICE_CONCAT(a, b) SUFFICE_CONCAT_INNER(a, b)
#define SUFFICE_ASSIGN_OR_RETURN(declaration, expression) \
  SUFFICE_ASSIGN_OR_RETURN_IMPL(SUFFICE_CONCAT(suffice_result_, __LINE__), declaration, expression)
#define SUFFICE_ASSIGN_OR_RETURN_IMPL(result, declaration, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return std::move(result).status();                 \
  declaration = std::move(result).value()
