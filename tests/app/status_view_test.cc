// What `suffice status` shows, on made-up states: whole views, narrow terminals, no colour, lost servers.
#include "app/status_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "app/number_text.h"
#include "app/status_screen.h"
#include "catch.h"
#include "fake_io.h"

namespace suffice {
namespace {

constexpr int64_t kSecond = 1'000'000, kHour = 3600 * kSecond;

v1::AdminServiceGetStatusResponse Example() {
  v1::AdminServiceGetStatusResponse s;
  s.set_version("0.1.0");
  s.set_config_name("two_tiers");
  s.set_config_hash("1a2b3c4d5e6f7081");
  s.set_started_us(100 * kHour);
  s.set_time_us(102 * kHour + 300 * kSecond);
  s.set_snapshot(1234);
  s.set_observations(2469);
  s.set_decisions(12345);
  s.set_outcomes(12300);
  s.set_feedback_share(0.2);
  s.set_audit_share(0.0201);
  s.set_dangling_decisions(3);

  auto* cost = s.add_limits();
  cost->set_name("cost.mean");
  cost->set_state(v1::LIMIT_STATE_MET);
  cost->set_limit(0.00035);
  for (auto set : {&v1::LimitStatus::set_observed, &v1::LimitStatus::set_low, &v1::LimitStatus::set_high}) {
    (cost->*set)(0.000348);
  }
  cost->set_observations(12300);
  cost->set_multiplier(1234.5);
  cost->set_debt(-12.34);
  auto* late = s.add_limits();
  late->set_name("latency.p95");
  late->set_state(v1::LIMIT_STATE_BREACHED);
  late->set_limit(0.05);
  for (auto set : {&v1::LimitStatus::set_observed, &v1::LimitStatus::set_low, &v1::LimitStatus::set_high}) {
    (late->*set)(0.0731);
  }
  late->set_observations(800);
  late->set_multiplier(0.25);
  late->set_debt(88);
  late->set_detail("p95 9.1 s over the last hour, the limit is 8 s");
  auto* floor = s.add_limits();
  floor->set_name("quality.floor");
  floor->set_state(v1::LIMIT_STATE_UNPROVEN);
  floor->set_limit(0.9);
  floor->set_observed(0.912);
  floor->set_low(0.89);
  floor->set_high(0.934);
  floor->set_observations(240);

  auto* day = s.add_budgets();
  day->set_name("day");
  day->set_kind(v1::BUDGET_KIND_SOFT);
  day->set_period_end_us(s.time_us() + 5 * kHour + 12 * 60 * kSecond);
  day->set_limit_usd(300);
  day->set_spent_usd(120);
  day->set_reserved_usd(15);
  day->set_exposure_usd(30);
  day->set_pace_usd(180);
  auto* each = s.add_budgets();
  each->set_name("each");
  each->set_tenant("acme");
  each->set_tier("large");
  each->set_kind(v1::BUDGET_KIND_HARD);
  each->set_period_end_us(s.time_us() + 40 * 60 * kSecond);
  each->set_limit_usd(2);
  each->set_spent_usd(1.9);
  each->set_reserved_usd(0.1);
  each->set_denials(41);

  auto* small = s.add_tiers();
  small->set_tier("small");
  small->set_share(0.75);
  small->set_observations(1850.4);
  small->set_cost_ratio(1.02);
  small->set_price_version("base");
  auto* large = s.add_tiers();
  large->set_tier("large");
  large->set_share(0.25);
  large->set_observations(619);
  large->set_cost_ratio(0.1);
  large->set_drift_alarms(2);
  large->set_last_alarm_us(s.time_us() - 90 * kSecond);
  large->set_cold(true);
  large->set_price_version("2026-11-01T00:00:00Z");
  return s;
}

std::string Plain(const v1::AdminServiceGetStatusResponse& status, int columns = 0) {
  return ToText(StatusLines(status, columns), columns, /*colour=*/false);
}

// As it stands in a raw string that begins on its own line.
std::string Framed(const std::string& text) { return fmt::format("\n{}", text); }

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct FakeTerminal : FakeIo {
  TerminalSize size;
  explicit FakeTerminal(TerminalSize s = {}) : size(s) {
    io.out_terminal = [this] { return std::optional<TerminalSize>(size); };
  }
};

}  // namespace

TEST_CASE("the whole view in a pipe") {
  CHECK(Framed(Plain(Example())) == R"(
suffice 0.1.0  two_tiers  up 2 h 05 min
decisions 12,345  outcomes 12,300  feedback 20.0%  audits 2.0%  log queue 0
config 1a2b3c4d5e6f  snapshot 1234 of 2,469 rewards
dangling 3  infeasible 0  refused by budgets 0  wrong model 0

LIMIT          STATE     OBSERVED              AGAINST    PRICE   DEBT    SEEN
cost.mean      met       $0.000348             $0.000350   1234  -12.3  12,300
latency.p95    BREACHED  7.3% late             5.0% late   0.25   88.0     800
  p95 9.1 s over the last hour, the limit is 8 s
quality.floor  unproven  0.912 [0.890, 0.934]  0.900          0    0.0     240

BUDGETS  # spent  x exposed  = reserved  | pace
day (soft)  $120.00 of $300.00 spent, $15.00 reserved, $30.00 exposed
  [############xxx==.|...........]  50.0%  pace 60.0%: under by $30.00  ends in 5 h 12 min
each, tenant acme, tier large (hard)  $1.90 of $2.00 spent, $0.100 reserved, 41 denials
  [#############################=]  95.0% ALL USED  ends in 40 min

TIER   SHARE                     REWARDS  COST RATIO  DRIFT ALARMS  WARMTH  PRICES
small  [###########....]  75.0%    1,850        1.02  none          warm    base
large  [####...........]  25.0%      619        0.10  2, 1 min ago  cold    2026-11-01T00:00:00Z
)");
}

TEST_CASE("a service that has seen nothing shows no empty tables") {
  v1::AdminServiceGetStatusResponse s;
  s.set_version("0.1.0");
  s.set_config_name("new");
  s.set_config_hash("00");
  s.set_time_us(5 * kSecond);
  CHECK(Framed(Plain(s)) == R"(
suffice 0.1.0  new  up 5 s
decisions 0  outcomes 0  feedback 0.0%  audits 0.0%  log queue 0
config 00  snapshot 0 of 0 rewards
dangling 0  infeasible 0  refused by budgets 0  wrong model 0
)");
}

TEST_CASE("what must not be overlooked stands at the top, in words") {
  v1::AdminServiceGetStatusResponse s = Example();
  s.set_infeasible("latency.p95 needs at least $0.002 a request");
  s.set_reload_error("policy.yaml:3:1: limits: unknown key\nand more");
  s.set_log_error("disk full");
  s.mutable_limits(0)->set_state(v1::LIMIT_STATE_INFEASIBLE);
  s.mutable_limits(0)->set_nearest_feasible(0.002);
  const std::vector<std::string> lines = SplitLines(Plain(s));
  CHECK(lines.at(1) == "LOG ERROR: disk full");
  CHECK(lines.at(2) == "INFEASIBLE: latency.p95 needs at least $0.002 a request");
  CHECK(lines.at(3) == "RELOAD REFUSED: policy.yaml:3:1: limits: unknown key (the old configuration serves on)");
  CHECK(Contains(Plain(s), "\n  nearest feasible: $0.00200\n"));
}

TEST_CASE("lines end where the terminal does, whatever they hold") {
  v1::AdminServiceGetStatusResponse s = Example();
  s.mutable_limits(1)->set_detail("eine sehr lange Erklärung der Verzögerung, mit ü und 語, die nie endet");
  s.mutable_budgets(1)->set_tenant(std::string(200, 'x'));
  for (const int columns : {1, 20, 40, 80, 200}) {
    for (const std::string& line : SplitLines(Plain(s, columns))) {
      CAPTURE(columns, line);
      CHECK(WidthOf(line) <= columns);
    }
  }
}

TEST_CASE("names cannot steer the terminal") {
  v1::AdminServiceGetStatusResponse s = Example();
  s.mutable_budgets(1)->set_tenant(
      "\x1b[2J\xc2\x9b"
      "1m\nü");
  CHECK(Contains(Plain(s), "each, tenant ?[2J?1m?ü, tier large (hard)"));
}

TEST_CASE("many accounts are counted, not listed") {
  v1::AdminServiceGetStatusResponse s = Example();
  for (int i = 0; i < 100; ++i) *s.add_budgets() = s.budgets(1);
  s.set_omitted_budgets(5000);
  CHECK(Contains(Plain(s), "\nand 5,082 more accounts\n"));
}

TEST_CASE("a budget's bar adds up, and the pace is marked within it") {
  v1::BudgetStatus budget;
  budget.set_limit_usd(10);
  CHECK(BudgetBar(budget, 10) == "[..........]");
  budget.set_spent_usd(3);
  budget.set_exposure_usd(1);
  budget.set_reserved_usd(2);
  CHECK(BudgetBar(budget, 10) == "[###x==....]");
  budget.set_pace_usd(8);
  CHECK(BudgetBar(budget, 10) == "[###x==..|.]");
  budget.set_pace_usd(10);
  CHECK(BudgetBar(budget, 10) == "[###x==...|]");
  budget.set_spent_usd(30);  // a soft budget can be exceeded
  CHECK(BudgetBar(budget, 10) == "[#########|]");
  budget.set_limit_usd(0);
  CHECK(BudgetBar(budget, 10).size() == 12);
}

TEST_CASE("numbers as people read them") {
  CHECK(CountText(0) == "0");
  CHECK(CountText(999) == "999");
  CHECK(CountText(1234567) == "1,234,567");
  CHECK(CountText(-1234) == "-1,234");
  CHECK(UsdText(0) == "$0");
  CHECK(UsdText(1234567.891) == "$1,234,567.89");
  CHECK(UsdText(-12.5) == "-$12.50");
  CHECK(UsdText(0.25) == "$0.250");
  CHECK(UsdText(0.00035) == "$0.000350");
  CHECK(UsdText(1e-9) == "$0.000000001");
  CHECK(PercentText(0.0481) == "4.8%");
  CHECK(DurationText(59 * kSecond) == "59 s");
  CHECK(DurationText(-1) == "0 s");
  CHECK(DurationText(60 * kSecond) == "1 min");
  CHECK(DurationText(3 * kHour + 5 * 60 * kSecond) == "3 h 05 min");
  CHECK(DurationText(52 * kHour) == "2 d 04 h");
}

TEST_CASE("colour only on a terminal, and not with NO_COLOR") {
  FakeIo pipe;
  StatusScreen(pipe.io).Print(Example());
  CHECK_FALSE(Contains(pipe.out.str(), "\x1b["));
  FakeTerminal terminal({.columns = 200, .rows = 60});
  StatusScreen(terminal.io).Print(Example());
  CHECK(Contains(terminal.out.str(), "\x1b[1;31mBREACHED"));
  FakeTerminal plain({.columns = 200, .rows = 60});
  plain.environment.emplace("NO_COLOR", "1");
  StatusScreen(plain.io).Print(Example());
  CHECK_FALSE(Contains(plain.out.str(), "\x1b["));
  CHECK(Contains(plain.out.str(), "BREACHED"));
}

TEST_CASE("on a terminal a view takes the place of the one before, cut to its height") {
  FakeTerminal terminal({.columns = 60, .rows = 10});
  StatusScreen screen(terminal.io);
  screen.Redraw(Example());
  const std::string first = terminal.out.str();
  CHECK(std::count(first.begin(), first.end(), '\n') == 9);
  CHECK(Contains(first, " more lines)"));
  terminal.out.str("");
  terminal.size.rows = 6;
  screen.Redraw(Example());
  CHECK(terminal.out.str().starts_with("\r\x1b[9A"));
  CHECK(terminal.out.str().ends_with("\x1b[J"));
  terminal.out.str("");
  screen.Redraw(absl::UnavailableError("no answer from 127.0.0.1:7433"));
  CHECK(Contains(terminal.out.str(), "NO ANSWER\x1b[0m, trying again; below is the last one: "));
  CHECK(Contains(terminal.out.str(), "two_tiers"));
}

TEST_CASE("in a pipe views follow each other, and a lost server is told once") {
  FakeIo pipe;
  StatusScreen screen(pipe.io);
  screen.Redraw(Example());
  screen.Redraw(absl::UnavailableError("no answer"));
  screen.Redraw(absl::UnavailableError("no answer"));
  screen.Redraw(Example());
  CHECK(pipe.out.str() == fmt::format("{0}\n{0}", Plain(Example())));
  CHECK(pipe.err.str() == "suffice status: no answer; trying again\nsuffice status: answered again\n");
}

}  // namespace suffice
