#include "log/row_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "log/json_line.h"
#include "log/row_codec.h"
#include "suffice/decision_id.h"
#include "suffice/status.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

struct KnownTable {
  const char* kind;
  const char* name;
  const char* order;
};

// A row's references stand before it.
constexpr KnownTable kTables[] = {
    {"meta", "meta", "key"},
    {"config", "configs", "time_us, hash"},
    {"feature_set", "feature_sets", "version"},
    {"decision", "decisions", "seq"},
    {"outcome", "outcomes", "seq"},
    {"feedback", "feedback", "seq"},
    {"orphan", "orphans", "seq"},
    {"release", "releases", "number"},
    {"promotion", "promotions", "seq"},
    {"snapshot", "snapshots", "number"},
    {"base", "bases", "snapshot"},
    {"deleted", "deleted_decisions", "tier"},
    {"ledger_state", "ledger_states", "number"},
};

// Columns whose form their type does not tell, as "table.column".
const std::map<std::string, ValueForm, std::less<>>& SpecialForms() {
  static const auto* const forms = new std::map<std::string, ValueForm, std::less<>>{
      {"feature_sets.version", ValueForm::kHash},      {"decisions.id", ValueForm::kUuid},
      {"decisions.origin", ValueForm::kOrigin},        {"decisions.seed", ValueForm::kHash},
      {"decisions.audit", ValueForm::kBool},           {"decisions.multipliers", ValueForm::kMultipliers},
      {"decisions.tiers", ValueForm::kTiers},          {"decisions.feature_version", ValueForm::kHash},
      {"decisions.features", ValueForm::kFloats},      {"outcomes.decision_seq", ValueForm::kDecision},
      {"outcomes.status", ValueForm::kCallStatus},     {"outcomes.wrong_model", ValueForm::kBool},
      {"feedback.decision_seq", ValueForm::kDecision}, {"feedback.source", ValueForm::kSource},
      {"orphans.decision_id", ValueForm::kUuid},       {"orphans.value", ValueForm::kJson},
      {"releases.feature_version", ValueForm::kHash},  {"snapshots.feature_version", ValueForm::kHash},
  };
  return *forms;
}

ValueForm FormOf(std::string_view table, std::string_view column, std::string_view type) {
  const auto special = SpecialForms().find(fmt::format("{}.{}", table, column));
  if (special != SpecialForms().end()) return special->second;
  if (type == "INTEGER") return ValueForm::kInteger;
  if (type == "REAL") return ValueForm::kReal;
  return type == "BLOB" ? ValueForm::kBytes : ValueForm::kText;
}

// The column's name, unless that would say another thing here.
std::string KeyOf(std::string_view table, ValueForm form, const std::string& column) {
  if (form == ValueForm::kDecision) return "decision_id";
  if (column != "kind") return column;
  return table == "orphans" ? "what" : "made_by";
}

absl::StatusOr<RowTable> ReadTable(Database& database, const KnownTable& known) {
  RowTable table{.kind = known.kind, .name = known.name, .order = known.order};
  SUFFICE_ASSIGN_OR_RETURN(Statement columns, database.Prepare(fmt::format("PRAGMA table_info({})", known.name)));
  while (true) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, columns.Step());
    if (!row) break;
    const std::string name = columns.String(1);
    const ValueForm form = FormOf(known.name, name, columns.Bytes(2));
    const bool key = columns.Int(5) != 0;
    table.columns.push_back({.name = name,
                             .key = KeyOf(known.name, form, name),
                             .form = form,
                             .nullable = columns.Int(3) == 0 && !key,
                             .optional = !columns.IsNull(4)});
  }
  return table;
}

// ---- To lines

void AppendInteger(int64_t value, std::string& line) {
  char digits[24];
  line.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

template <typename Real>
std::string RealText(Real value) {
  char digits[32];
  std::string text(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
  return text == "-0" ? "-0.0" : text;  // which a reader would take for a whole number
}

void AppendReal(double value, std::string& line) {
  if (std::isinf(value)) {
    line += value > 0 ? "\"inf\"" : "\"-inf\"";
  } else {
    line += RealText(value);
  }
}

std::string Base64(std::string_view bytes) {
  std::string text;
  absl::Base64Escape({bytes.data(), bytes.size()}, &text);
  return text;
}

void AppendBase64(std::string_view bytes, std::string& line) {
  line += '"';
  line += Base64(bytes);
  line += '"';
}

void AppendWrapped(std::string_view bytes, std::string& line) {
  line += "{\"base64\":";
  AppendBase64(bytes, line);
  line += '}';
}

void AppendText(std::string_view text, std::string& line) {
  try {
    line += Json(text).dump();
  } catch (const Json::exception&) {  // not UTF-8
    AppendWrapped(text, line);
  }
}

// A decimal that is read as a double first and rounded to a float then, as a reader of JSON does.
bool ReadsBack(const std::string& text, float value) {
  double read = 0;
  std::from_chars(text.data(), text.data() + text.size(), read);
  return std::bit_cast<uint32_t>(static_cast<float>(read)) == std::bit_cast<uint32_t>(value);
}

void AppendFloats(std::string_view bytes, std::string& line) {
  const auto floats = DecodeFeatures(bytes);
  if (!floats.ok()) return AppendWrapped(bytes, line);
  std::vector<std::string> texts;
  for (const float value : *floats) {
    texts.push_back(RealText(value));
    if (!std::isfinite(value) || !ReadsBack(texts.back(), value)) return AppendWrapped(bytes, line);
  }
  line += fmt::format("[{}]", fmt::join(texts, ","));
}

absl::Status AppendUuid(const RowTable& table, const RowColumn& column, std::string_view bytes, std::string& line) {
  if (bytes.size() != 16) {
    return absl::DataLossError(fmt::format("column {}.{}: not the bytes of a UUID", table.name, column.name));
  }
  line += fmt::format("\"{}\"", DecisionId::FromRaw(bytes).ToString());
  return absl::OkStatus();
}

// Decoded and encoded again, so that the same values give the same bytes whoever wrote them.
template <typename Decode, typename Encode>
absl::Status AppendJson(std::string_view json, Decode decode, Encode encode, std::string& line) {
  SUFFICE_ASSIGN_OR_RETURN(const auto values, decode(json));
  std::string again;
  encode(values, again);
  line += again;
  return absl::OkStatus();
}

absl::StatusOr<Json> DecodeJson(std::string_view text) {
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return absl::DataLossError("column orphans.value: not JSON");
  return value;
}

void EncodeJson(const Json& value, std::string& json) {
  json = value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::Status AppendValue(const RowTable& table, const RowColumn& column, const Statement& row, int place,
                         std::string& line) {
  if (row.IsNull(place) && column.form != ValueForm::kDecision) {
    line += "null";
    return absl::OkStatus();
  }
  switch (column.form) {
    case ValueForm::kInteger:
      AppendInteger(row.Int(place), line);
      break;
    case ValueForm::kBool:
      line += row.Int(place) != 0 ? "true" : "false";
      break;
    case ValueForm::kHash:
      line += fmt::format("\"{:016x}\"", static_cast<uint64_t>(row.Int(place)));
      break;
    case ValueForm::kReal:
      AppendReal(row.Double(place), line);
      break;
    case ValueForm::kText:
    case ValueForm::kOrigin:
    case ValueForm::kCallStatus:
    case ValueForm::kSource:
      AppendText(row.Bytes(place), line);
      break;
    case ValueForm::kMultipliers:
      return AppendJson(row.Bytes(place), DecodeMultipliers, EncodeMultipliers, line);
    case ValueForm::kTiers:
      return AppendJson(row.Bytes(place), DecodeTiers, EncodeTiers, line);
    case ValueForm::kJson:
      return AppendJson(row.Bytes(place), DecodeJson, EncodeJson, line);
    case ValueForm::kBytes:
      AppendBase64(row.Bytes(place), line);
      break;
    case ValueForm::kUuid:
    case ValueForm::kDecision:
      return AppendUuid(table, column, row.Bytes(place), line);
    case ValueForm::kFloats:
      AppendFloats(row.Bytes(place), line);
      break;
  }
  return absl::OkStatus();
}

// ---- From lines

absl::Status Expected(const RowColumn& column, std::string_view what, const Json& value) {
  return InvalidField(column.key, fmt::format("expected {}, got {}", what, ShortJson(value)));
}

absl::StatusOr<int64_t> IntegerIn(const RowColumn& column, const Json& value) {
  const bool fits =
      value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{INT64_MAX});
  if (!fits) return Expected(column, "a whole number of 64 bits", value);
  return value.get<int64_t>();
}

absl::StatusOr<double> RealIn(const RowColumn& column, const Json& value) {
  if (value.is_number() && std::isfinite(value.get<double>())) return value.get<double>();
  if (column.nullable && value == "inf") return std::numeric_limits<double>::infinity();
  if (column.nullable && value == "-inf") return -std::numeric_limits<double>::infinity();
  return Expected(column, column.nullable ? R"(a number, null, "inf" or "-inf")" : "a finite number", value);
}

absl::StatusOr<int64_t> HashIn(const RowColumn& column, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  uint64_t hash = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  if (text.size() != 16 || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return Expected(column, "16 hexadecimal digits", value);
  }
  return static_cast<int64_t>(hash);
}

absl::StatusOr<std::string> Base64In(const RowColumn& column, const Json& value) {
  std::string bytes;
  // The decoder skips white space and takes several spellings; a log's text has one.
  const bool good = value.is_string() && absl::Base64Unescape(value.get_ref<const std::string&>(), &bytes) &&
                    Base64(bytes) == value.get_ref<const std::string&>();
  if (!good) return Expected(column, "base64", value);
  return bytes;
}

// {"base64": "..."}; nothing when it is something else.
std::optional<absl::StatusOr<std::string>> WrappedIn(const RowColumn& column, const Json& value) {
  if (!value.is_object() || value.size() != 1 || !value.contains("base64")) return std::nullopt;
  return Base64In(column, value["base64"]);
}

absl::StatusOr<std::string> TextIn(const RowColumn& column, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (auto wrapped = WrappedIn(column, value)) return *std::move(wrapped);
  return Expected(column, "a text", value);
}

// A text that `decode` knows.
template <typename Decode>
absl::StatusOr<std::string> WordIn(const RowColumn& column, const Json& value, Decode decode) {
  SUFFICE_ASSIGN_OR_RETURN(std::string word, TextIn(column, value));
  if (const auto known = decode(word); !known.ok())
    return InvalidField(column.key, std::string(known.status().message()));
  return word;
}

template <typename Decode, typename Encode>
absl::StatusOr<std::string> JsonIn(const RowColumn& column, const Json& value, Decode decode, Encode encode) {
  const auto values = decode(value.dump());
  if (!values.ok()) return InvalidField(column.key, std::string(values.status().message()));
  std::string json;
  encode(*values, json);
  return json;
}

absl::StatusOr<std::string> FloatsIn(const RowColumn& column, const Json& value) {
  if (auto wrapped = WrappedIn(column, value)) return *std::move(wrapped);
  if (!value.is_array()) return Expected(column, "a list of numbers", value);
  std::vector<float> floats;
  for (const Json& number : value) {
    if (!number.is_number()) return Expected(column, "a list of numbers", number);
    floats.push_back(static_cast<float>(number.get<double>()));
    if (!std::isfinite(floats.back())) return Expected(column, "numbers of 32 bits", number);
  }
  std::string bytes;
  EncodeFeatures(floats, bytes);
  return bytes;
}

absl::StatusOr<DecisionId> UuidIn(const RowColumn& column, const Json& value) {
  const auto id = value.is_string() ? DecisionId::Parse(value.get_ref<const std::string&>()) : std::nullopt;
  if (!id) return Expected(column, "a UUID", value);
  return *id;
}

// Bytes of the forms that are kept as such.
absl::StatusOr<std::string> BytesIn(const RowColumn& column, const Json& value) {
  switch (column.form) {
    case ValueForm::kOrigin:
      return WordIn(column, value, DecodeOrigin);
    case ValueForm::kCallStatus:
      return WordIn(column, value, DecodeCallStatus);
    case ValueForm::kSource:
      return WordIn(column, value, DecodeSource);
    case ValueForm::kMultipliers:
      return JsonIn(column, value, DecodeMultipliers, EncodeMultipliers);
    case ValueForm::kTiers:
      return JsonIn(column, value, DecodeTiers, EncodeTiers);
    case ValueForm::kJson:
      return JsonIn(column, value, DecodeJson, EncodeJson);
    case ValueForm::kBytes:
      return Base64In(column, value);
    case ValueForm::kFloats:
      return FloatsIn(column, value);
    default:
      return TextIn(column, value);
  }
}

bool IsBlob(ValueForm form) { return form == ValueForm::kBytes || form == ValueForm::kFloats; }

}  // namespace

std::string RowTable::Select() const {
  std::vector<std::string> values;
  for (const RowColumn& column : columns) {
    values.push_back(column.form == ValueForm::kDecision
                         ? fmt::format("(SELECT id FROM decisions WHERE decisions.seq = {})", column.name)
                         : column.name);
  }
  return fmt::format("SELECT {} FROM {} ORDER BY {}", absl::StrJoin(values, ", "), name, order);
}

absl::StatusOr<std::vector<RowTable>> RowTables(Database& database) {
  std::vector<RowTable> tables;
  for (const KnownTable& known : kTables) {
    SUFFICE_ASSIGN_OR_RETURN(tables.emplace_back(), ReadTable(database, known));
  }
  return tables;
}

absl::Status AppendRowLine(const RowTable& table, const Statement& row, std::string& line) {
  line += fmt::format("{{\"kind\":\"{}\"", table.kind);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    line += fmt::format(",\"{}\":", table.columns[i].key);
    SUFFICE_RETURN_IF_ERROR(AppendValue(table, table.columns[i], row, static_cast<int>(i), line));
  }
  line += '}';
  return absl::OkStatus();
}

absl::StatusOr<RowInserter> RowInserter::Prepare(Database& database, RowTable table) {
  RowInserter inserter(database, std::move(table));
  SUFFICE_ASSIGN_OR_RETURN(inserter.find_decision_, database.Prepare("SELECT seq FROM decisions WHERE id = ?1"));
  return inserter;
}

absl::StatusOr<std::vector<size_t>> RowInserter::ColumnsIn(const Json& line, bool older) const {
  std::vector<size_t> columns;
  for (size_t i = 0; i < table_.columns.size(); ++i) {
    const RowColumn& column = table_.columns[i];
    if (line.contains(column.key)) {
      columns.push_back(i);
    } else if (!older || !column.optional) {
      return InvalidField(column.key, fmt::format("missing from a line of kind \"{}\"", table_.kind));
    }
  }
  if (line.size() == columns.size() + 1) return columns;  // and "kind"
  for (const auto& [key, value] : line.items()) {
    const auto has_key = [&key = key](const RowColumn& column) { return column.key == key; };
    if (key != "kind" && std::none_of(table_.columns.begin(), table_.columns.end(), has_key)) {
      return InvalidField(key, fmt::format("a line of kind \"{}\" has no such key", table_.kind));
    }
  }
  return columns;
}

absl::Status RowInserter::PrepareInsert(std::vector<size_t> columns) {
  if (columns == insert_columns_) return absl::OkStatus();
  std::vector<std::string> names;
  for (const size_t place : columns) names.push_back(table_.columns[place].name);
  const std::vector<std::string> parameters(columns.size(), "?");
  SUFFICE_ASSIGN_OR_RETURN(
      insert_, database_->Prepare(fmt::format("INSERT INTO {} ({}) VALUES ({})", table_.name,
                                              absl::StrJoin(names, ", "), absl::StrJoin(parameters, ", "))));
  insert_columns_ = std::move(columns);
  return absl::OkStatus();
}

absl::Status RowInserter::BindDecision(const RowColumn& column, const Json& value, int parameter) {
  SUFFICE_ASSIGN_OR_RETURN(const DecisionId id, UuidIn(column, value));
  const ResetAtEnd reset(find_decision_);
  find_decision_.BindBlob(1, id.Raw());
  SUFFICE_ASSIGN_OR_RETURN(const bool found, find_decision_.Step());
  if (!found) return Expected(column, "a decision that stands before", value);
  insert_.BindInt(parameter, find_decision_.Int(0));
  return absl::OkStatus();
}

absl::Status RowInserter::Bind(const RowColumn& column, const Json& value, int parameter) {
  if (value.is_null()) {
    if (!column.nullable) return Expected(column, "a value", value);
    insert_.BindNull(parameter);
    return absl::OkStatus();
  }
  switch (column.form) {
    case ValueForm::kInteger: {
      SUFFICE_ASSIGN_OR_RETURN(const int64_t number, IntegerIn(column, value));
      insert_.BindInt(parameter, number);
      return absl::OkStatus();
    }
    case ValueForm::kBool:
      if (!value.is_boolean()) return Expected(column, "true or false", value);
      insert_.BindInt(parameter, int64_t{value.get<bool>()});
      return absl::OkStatus();
    case ValueForm::kHash: {
      SUFFICE_ASSIGN_OR_RETURN(const int64_t hash, HashIn(column, value));
      insert_.BindInt(parameter, hash);
      return absl::OkStatus();
    }
    case ValueForm::kReal: {
      SUFFICE_ASSIGN_OR_RETURN(const double number, RealIn(column, value));
      insert_.BindDouble(parameter, number);
      return absl::OkStatus();
    }
    case ValueForm::kUuid: {
      SUFFICE_ASSIGN_OR_RETURN(const DecisionId id, UuidIn(column, value));
      insert_.BindBlob(parameter, scratch_.emplace_back(id.Raw()));
      return absl::OkStatus();
    }
    case ValueForm::kDecision:
      return BindDecision(column, value, parameter);
    default: {
      SUFFICE_ASSIGN_OR_RETURN(scratch_.emplace_back(), BytesIn(column, value));
      IsBlob(column.form) ? insert_.BindBlob(parameter, scratch_.back()) : insert_.BindText(parameter, scratch_.back());
      return absl::OkStatus();
    }
  }
}

absl::Status RowInserter::Insert(const Json& line, bool older) {
  SUFFICE_ASSIGN_OR_RETURN(std::vector<size_t> columns, ColumnsIn(line, older));
  SUFFICE_RETURN_IF_ERROR(PrepareInsert(std::move(columns)));
  const ResetAtEnd reset(insert_);
  scratch_.clear();
  for (size_t i = 0; i < insert_columns_.size(); ++i) {
    const RowColumn& column = table_.columns[insert_columns_[i]];
    SUFFICE_RETURN_IF_ERROR(Bind(column, line[column.key], static_cast<int>(i) + 1));
  }
  return insert_.Run();
}

}  // namespace suffice
