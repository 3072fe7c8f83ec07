// A row of any of the log's tables as a line of JSON, and back: what `suffice export` writes and `suffice import`
// reads. These shapes are a file format: what was written once reads for ever.
//
// A line is an object whose "kind" names the table; the other keys are the columns as migrations/sqlite describes them.
//   kind: "meta", "config", "feature_set", "decision", "outcome", "feedback", "orphan", "release", "promotion",
//         "snapshot", "ledger_state"
// Values by column type:
//   INTEGER      a whole number; true or false for `audit` and `wrong_model`; 16 hexadecimal digits for what is a hash
//                or a seed (`seed`, `feature_version`, `version`)
//   REAL         a number that reads back to the same bits; null for NULL, "inf" and "-inf" for the infinities
//   TEXT         a text; the JSON of `multipliers`, `tiers` and an orphan's `value` stands as it is, not as a text
//   BLOB         base64; a UUID for `id` and `decision_id`; a list of 32-bit floats for `features`
// A TEXT that is not UTF-8, and `features` that cannot be told in numbers, are {"base64": "..."}.
// An outcome and a feedback name their decision by "decision_id"; a release has its column `kind` as "made_by", and an
// orphan as "what".
// Thread contract: belongs to the thread of its database.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "log/sqlite.h"

namespace suffice {

// How a column's value stands in a line.
enum class ValueForm {
  kInteger,
  kBool,
  kHash,
  kReal,
  kText,
  kOrigin,  // the words of row_codec.h: texts of which only some are allowed
  kCallStatus,
  kSource,
  kMultipliers,  // JSON
  kTiers,
  kJson,
  kBytes,
  kUuid,
  kDecision,  // the seq of a decision, told by its id
  kFloats
};

struct RowColumn {
  std::string name;  // in the table
  std::string key;   // in the line
  ValueForm form = ValueForm::kText;
  bool nullable = false;
  bool optional = false;  // has a default in the schema: a line of an older schema may lack it
};

struct RowTable {
  std::string kind;
  std::string name;
  std::string order;  // columns that give a table's rows their order
  std::vector<RowColumn> columns;

  // "SELECT ..." of every row in order, with the columns in order, as AppendRowLine reads them.
  std::string Select() const;
};

// The tables of this schema, in an order in which every row's references stand before it. `database`: a log's, of this
// program's schema.
absl::StatusOr<std::vector<RowTable>> RowTables(Database& database);

// Appends the row's line, without a newline. DATA_LOSS for values that the log cannot have written.
absl::Status AppendRowLine(const RowTable& table, const Statement& row, std::string& line);

// Inserts rows of one table from their lines.
class RowInserter {
 public:
  // `database` outlives the result.
  static absl::StatusOr<RowInserter> Prepare(Database& database, RowTable table);

  // INVALID_ARGUMENT and ALREADY_EXISTS name the key and what was expected. `older`: the lines are of an older schema,
  // so keys that have a default may be missing.
  absl::Status Insert(const nlohmann::ordered_json& line, bool older);

 private:
  RowInserter(Database& database, RowTable table) : database_(&database), table_(std::move(table)) {}
  // Places in table_.columns of what the line has.
  absl::StatusOr<std::vector<size_t>> ColumnsIn(const nlohmann::ordered_json& line, bool older) const;
  absl::Status PrepareInsert(std::vector<size_t> columns);
  absl::Status Bind(const RowColumn& column, const nlohmann::ordered_json& value, int parameter);
  absl::Status BindDecision(const RowColumn& column, const nlohmann::ordered_json& value, int parameter);

  Database* database_;
  RowTable table_;
  Statement find_decision_;
  Statement insert_;  // of insert_columns_
  std::vector<size_t> insert_columns_;
  std::deque<std::string> scratch_;  // bytes that are bound, until the statement ran
};

}  // namespace suffice
