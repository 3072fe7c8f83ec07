// What every event log does, run on each implementation.
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include "catch.h"
#include "log/log_testing.h"
#include "suffice/status.h"

namespace suffice {
namespace {

struct InMemory {
  std::unique_ptr<EventLog> log = NewMemoryLog(77);
};

template <Durability kDurability>
struct InSqlite {
  TempDir folder;
  std::unique_ptr<EventLog> log = OpenForTest({.path = folder.File("log.db"), .durability = kDurability});
};

#define ALL_LOGS InMemory, InSqlite<Durability::kFull>, InSqlite<Durability::kNormal>

}  // namespace

TEMPLATE_TEST_CASE("a decision reads back as it was written", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const DecisionRecord decision = TestDecision(1);
  DecisionRecord bare;  // every default
  bare.id = TestId(2);
  Append(log, decision);
  Append(log, bare);
  REQUIRE(log.Flush().ok());

  const ObservedDecision found = MustFind(log, decision.id);
  CheckSame(found.decision, decision);
  CHECK(found.decision.seq == 1);
  CHECK_FALSE(found.outcome.has_value());
  CHECK(found.feedback.empty());
  CheckSame(MustFind(log, bare.id).decision, bare);
  CHECK_FALSE(log.Find(TestId(3))->has_value());
  CHECK(log.counters().decisions == 2);
  CHECK(log.counters().queued == 0);
  CHECK(log.counters().error.empty());
}

TEMPLATE_TEST_CASE("tier ordinals count the decisions for the same tier before", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const std::vector<std::string> tiers = {"cheap", "strong", "cheap", "cheap", "strong"};
  for (uint32_t i = 0; i < tiers.size(); ++i) Append(log, TestDecision(i + 1, tiers[i]));
  Append(log, TestDecision(3, "strong"));  // sent twice: takes no ordinal
  Append(log, TestDecision(6, "cheap"));
  REQUIRE(log.Flush().ok());
  std::vector<int64_t> ordinals, seqs;
  REQUIRE(log.ScanDecisions(0, 100,
                            [&](const DecisionRecord& decision) {
                              ordinals.push_back(decision.tier_ordinal);
                              seqs.push_back(decision.seq);
                              return true;
                            })
              .ok());
  CHECK(ordinals == std::vector<int64_t>{0, 0, 1, 2, 1, 3});
  CHECK(seqs == std::vector<int64_t>{1, 2, 3, 4, 5, 6});
  CHECK(log.counters().duplicates == 1);
}

TEMPLATE_TEST_CASE("predictions that are not finite come back as NaN at worst", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  DecisionRecord decision = TestDecision(1);
  decision.tiers[0].score = std::numeric_limits<double>::quiet_NaN();
  decision.multipliers[0].second = std::numeric_limits<double>::quiet_NaN();
  decision.latency_ms.high = std::numeric_limits<double>::quiet_NaN();
  Append(log, decision);
  REQUIRE(log.Flush().ok());
  const DecisionRecord read = MustFind(log, decision.id).decision;
  CHECK(std::isnan(read.tiers[0].score));
  CHECK(std::isnan(read.multipliers[0].second));
  CHECK(std::isnan(read.latency_ms.high));
  CHECK(read.latency_ms.low == decision.latency_ms.low);
  CHECK(read.tiers[0].propensity == decision.tiers[0].propensity);
  CHECK(read.tiers[1].score == decision.tiers[1].score);
}

TEMPLATE_TEST_CASE("values that no row can hold are refused by field", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  DecisionRecord decision = TestDecision(1);
  decision.propensity = nan;
  CHECK(FieldOf(log.AppendDecision(decision)) == "propensity");
  decision = TestDecision(1);
  Append(log, decision);

  OutcomeRecord outcome = TestOutcome(decision);
  outcome.outcome.latency_ms = nan;
  CHECK(FieldOf(Record(log, outcome).status()) == "latency_ms");
  CHECK(FieldOf(Record(log, TestFeedback(decision, "f", nan)).status()) == "reward");
  CHECK(FieldOf(Record(log, TestFeedback(decision, "")).status()) == "feedback_id");
  CHECK(log.counters().feedbacks == 0);
  CHECK(log.counters().outcomes == 0);
}

TEMPLATE_TEST_CASE("an outcome is kept once", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const DecisionRecord decision = TestDecision(1);
  Append(log, decision);
  const OutcomeRecord outcome = TestOutcome(decision);

  const auto first = Record(log, outcome);
  REQUIRE(first.ok());
  CHECK_FALSE(first->duplicate);

  OutcomeRecord again = outcome;
  again.time_us += 5;
  again.cost_nanos += 5;  // the price list may have changed since
  const auto second = Record(log, again);
  REQUIRE(second.ok());
  CHECK(second->duplicate);

  OutcomeRecord other = outcome;
  other.outcome.output_tokens = 322;
  CHECK(Record(log, other).status().code() == absl::StatusCode::kAlreadyExists);

  const ObservedDecision found = MustFind(log, decision.id);
  REQUIRE(found.outcome.has_value());
  CheckSame(found.outcome->outcome, outcome.outcome);
  CHECK(found.outcome->cost_nanos == outcome.cost_nanos);
  CHECK(found.outcome->time_us == outcome.time_us);
  CHECK(found.outcome->seq == 1);
  CHECK(log.counters().outcomes == 1);
  CHECK(log.counters().duplicates == 1);
}

TEMPLATE_TEST_CASE("an outcome with nothing told reads back so", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const DecisionRecord decision = TestDecision(1);
  Append(log, decision);
  OutcomeRecord outcome;
  outcome.outcome.decision_id = decision.id;
  outcome.outcome.tenant = decision.tenant;
  REQUIRE(Record(log, outcome).ok());
  CheckSame(MustFind(log, decision.id).outcome->outcome, outcome.outcome);
  CHECK(Record(log, outcome)->duplicate);
}

TEMPLATE_TEST_CASE("feedback is kept once per id and tenant, in order of arrival", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const DecisionRecord decision = TestDecision(1);
  const DecisionRecord second = TestDecision(2);
  DecisionRecord foreign = TestDecision(3);
  foreign.tenant = "globex";
  for (const auto& row : {decision, second, foreign}) Append(log, row);

  FeedbackRecord z = TestFeedback(decision, "z", 0.1);
  z.feedback.sender = "checkout";
  const FeedbackRecord a = TestFeedback(decision, "a", 1.0 / 3);
  CHECK_FALSE(Record(log, z)->duplicate);
  CHECK_FALSE(Record(log, a)->duplicate);
  FeedbackRecord late = z;
  late.time_us += 1'000'000;
  CHECK(Record(log, late)->duplicate);
  CHECK(Record(log, TestFeedback(decision, "z", 0.2)).status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(Record(log, TestFeedback(second, "z", 0.1)).status().code() == absl::StatusCode::kAlreadyExists);
  // Another tenant's ids are its own.
  CHECK_FALSE(Record(log, TestFeedback(foreign, "z", 0.9))->duplicate);

  const ObservedDecision found = MustFind(log, decision.id);
  REQUIRE(found.feedback.size() == 2);
  CheckSame(found.feedback[0].feedback, z.feedback);
  CheckSame(found.feedback[1].feedback, a.feedback);
  CHECK(found.feedback[0].seq < found.feedback[1].seq);
  CHECK(found.feedback[1].time_us == a.time_us);
  CHECK(MustFind(log, second.id).feedback.empty());
  CHECK(MustFind(log, foreign.id).feedback.size() == 1);
  CHECK(log.counters().feedbacks == 3);
  CHECK(log.counters().duplicates == 1);
}

TEMPLATE_TEST_CASE("unknown decisions and other tenants' are told apart", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const DecisionRecord decision = TestDecision(1);
  Append(log, decision);
  CHECK(Record(log, TestOutcome(TestDecision(9))).status().code() == absl::StatusCode::kNotFound);
  CHECK(Record(log, TestFeedback(TestDecision(9), "f")).status().code() == absl::StatusCode::kNotFound);
  CHECK(log.counters().unknown_outcomes == 1);
  CHECK(log.counters().unknown_feedbacks == 1);

  DecisionRecord posed = decision;
  posed.tenant = "globex";
  CHECK(Record(log, TestOutcome(posed)).status().code() == absl::StatusCode::kPermissionDenied);
  CHECK(Record(log, TestFeedback(posed, "f")).status().code() == absl::StatusCode::kPermissionDenied);
  const ObservedDecision found = MustFind(log, decision.id);
  CHECK_FALSE(found.outcome.has_value());
  CHECK(found.feedback.empty());
  // Neither use took the id.
  CHECK_FALSE(Record(log, TestFeedback(decision, "f"))->duplicate);
}

TEMPLATE_TEST_CASE("an evaluation is kept whole or not at all", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const DecisionRecord decision = TestDecision(1);
  const OutcomeRecord outcome = TestOutcome(decision);
  REQUIRE(log.AppendEvaluation(decision, outcome, TestFeedback(decision, "f")).ok());
  REQUIRE(log.AppendEvaluation(decision, outcome, TestFeedback(decision, "f")).ok());  // again: nothing new
  const DecisionRecord without = TestDecision(2);
  REQUIRE(log.AppendEvaluation(without, TestOutcome(without), std::nullopt).ok());
  const DecisionRecord clashing = TestDecision(3);
  REQUIRE(log.AppendEvaluation(clashing, TestOutcome(clashing), TestFeedback(clashing, "f")).ok());
  REQUIRE(log.Flush().ok());

  const ObservedDecision found = MustFind(log, decision.id);
  CHECK(found.outcome.has_value());
  CHECK(found.feedback.size() == 1);
  CHECK(MustFind(log, without.id).outcome.has_value());
  CHECK_FALSE(log.Find(clashing.id)->has_value());
  CHECK(log.counters().decisions == 2);
  CHECK(log.counters().outcomes == 2);
  CHECK(log.counters().feedbacks == 1);
  CHECK(log.counters().duplicates == 2);
  CHECK(FieldOf(log.AppendEvaluation(TestDecision(4), outcome, std::nullopt)) == "decision_id");
}

TEMPLATE_TEST_CASE("the tail shows each touched decision with all its events up to the end", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  std::vector<DecisionRecord> decisions;
  for (uint32_t i = 0; i < 6; ++i) {
    decisions.push_back(TestDecision(i + 1));
    Append(log, decisions.back());
  }
  REQUIRE(Record(log, TestFeedback(decisions[4], "f1")).ok());
  REQUIRE(Record(log, TestFeedback(decisions[1], "f2")).ok());
  REQUIRE(Record(log, TestOutcome(decisions[1])).ok());
  REQUIRE(Record(log, TestFeedback(decisions[1], "f3")).ok());
  REQUIRE(Record(log, TestOutcome(decisions[2])).ok());

  const auto whole = log.ReadTail({}, 100);
  REQUIRE(whole.ok());
  CHECK_FALSE(whole->more);
  CHECK(whole->end == LogCursor{2, 3});
  REQUIRE(whole->touched.size() == 3);
  CHECK(whole->touched[0].decision.seq == 2);
  CHECK(whole->touched[0].outcome.has_value());
  CHECK(whole->touched[0].feedback.size() == 2);
  CHECK(whole->touched[1].decision.seq == 3);
  CHECK(whole->touched[2].decision.seq == 5);
  CheckSame(whole->touched[2].decision, decisions[4]);

  const auto first = log.ReadTail({}, 1);
  REQUIRE(first.ok());
  CHECK(first->more);
  CHECK(first->end == LogCursor{1, 1});
  REQUIRE(first->touched.size() == 2);
  CHECK(first->touched[0].decision.seq == 2);
  CHECK(first->touched[0].feedback.empty());  // f2 and f3 lie behind the end
  CHECK(first->touched[0].outcome.has_value());

  const auto rest = log.ReadTail({1, 2}, 100);
  REQUIRE(rest.ok());
  CHECK_FALSE(rest->more);
  REQUIRE(rest->touched.size() == 2);
  CHECK(rest->touched[0].decision.seq == 2);
  CHECK(rest->touched[0].feedback.size() == 2);  // the older one too
  CHECK(rest->touched[1].decision.seq == 3);

  const auto nothing = log.ReadTail(whole->end, 100);
  REQUIRE(nothing.ok());
  CHECK(nothing->touched.empty());
  CHECK(nothing->end == whole->end);
  CHECK_FALSE(nothing->more);
}

TEMPLATE_TEST_CASE("following the tail in small steps meets every event exactly once", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  for (uint32_t i = 1; i <= 40; ++i) {
    const DecisionRecord decision = TestDecision(i);
    Append(log, decision);
    if (i % 3 != 0) log.AppendOutcome(TestOutcome(decision), nullptr);
    if (i > 7) log.AppendFeedback(TestFeedback(TestDecision(i - i % 7), fmt::format("f{}", i)), nullptr);
  }
  REQUIRE(log.Flush().ok());
  LogCursor cursor;
  int64_t outcomes = 0, feedbacks = 0;
  for (bool more = true; more;) {
    const auto tail = log.ReadTail(cursor, 3);
    REQUIRE(tail.ok());
    for (const ObservedDecision& touched : tail->touched) {
      outcomes += touched.outcome && touched.outcome->seq > cursor.outcome_seq;
      for (const FeedbackRecord& feedback : touched.feedback) feedbacks += feedback.seq > cursor.feedback_seq;
    }
    REQUIRE(tail->end > cursor);
    cursor = tail->end;
    more = tail->more;
  }
  CHECK(outcomes == log.counters().outcomes);
  CHECK(feedbacks == log.counters().feedbacks);
  CHECK(outcomes == 27);
  CHECK(feedbacks == 33);
}

TEMPLATE_TEST_CASE("scanning starts, stops and counts as asked", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  CHECK(*log.LastDecisionSeq() == 0);
  for (uint32_t i = 1; i <= 700; ++i) Append(log, TestDecision(i));
  REQUIRE(log.Flush().ok());
  CHECK(*log.LastDecisionSeq() == 700);
  const auto scan = [&](int64_t after, int64_t limit, size_t stop_after) {
    std::vector<int64_t> seqs;
    REQUIRE(log.ScanDecisions(after, limit,
                              [&](const DecisionRecord& decision) {
                                seqs.push_back(decision.seq);
                                return seqs.size() < stop_after;
                              })
                .ok());
    return seqs;
  };
  CHECK(scan(0, 10'000, 10'000).size() == 700);
  CHECK(scan(698, 10, 10) == std::vector<int64_t>{699, 700});
  CHECK(scan(4, 2, 10) == std::vector<int64_t>{5, 6});
  CHECK(scan(4, 10, 1) == std::vector<int64_t>{5});
  CHECK(scan(700, 10, 10).empty());
}

TEMPLATE_TEST_CASE("configurations and feature sets are kept under their keys", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  CHECK(log.LoadConfigText("h").status().code() == absl::StatusCode::kNotFound);
  REQUIRE(log.SaveConfig("h", "name: a\n").ok());
  REQUIRE(log.SaveConfig("h", "name: a\n").ok());
  CHECK(log.SaveConfig("h", "name: b\n").code() == absl::StatusCode::kAlreadyExists);
  CHECK(*log.LoadConfigText("h") == "name: a\n");

  const uint64_t version = ~0ULL;
  const std::string bytes("\0\xff table", 8);
  CHECK(log.LoadFeatureSet(version).status().code() == absl::StatusCode::kNotFound);
  REQUIRE(log.SaveFeatureSet(version, bytes).ok());
  REQUIRE(log.SaveFeatureSet(version, bytes).ok());
  CHECK(log.SaveFeatureSet(version, "other").code() == absl::StatusCode::kAlreadyExists);
  CHECK(*log.LoadFeatureSet(version) == bytes);
}

TEMPLATE_TEST_CASE("of old snapshots only the newest of each release is remembered", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const auto save = [&log](int64_t number, int64_t release) {
    REQUIRE(log.SaveSnapshot({.number = number, .feature_version = static_cast<uint64_t>(number), .release = release}).ok());
  };
  for (int64_t number = 1; number <= 10; ++number) save(number, 1);
  for (int64_t number = 11; number <= 1100; ++number) save(number, 2);
  CHECK(*log.NewestSnapshotNumber() == 1100);
  CHECK(**log.NewestFeatureVersion(1) == 10);
  CHECK(**log.NewestFeatureVersion(2) == 1100);
  save(5, 3);  // was forgotten: only then can it come again
}

namespace {

std::vector<int64_t> SeqsOf(EventLog& log) {
  std::vector<int64_t> seqs;
  REQUIRE(log.ScanDecisions(0, 1000,
                            [&](const DecisionRecord& decision) {
                              seqs.push_back(decision.seq);
                              return true;
                            })
              .ok());
  return seqs;
}

Deleted MustDelete(EventLog& log, const Deletion& what) {
  const auto deleted = log.DeleteDecisions(what);
  REQUIRE(deleted.ok());
  return *deleted;
}

constexpr LogCursor kAll{INT64_MAX, INT64_MAX};

}  // namespace

TEMPLATE_TEST_CASE("old decisions go from the front, with all their events, as far as they are covered", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  std::vector<DecisionRecord> decisions(1);
  for (uint32_t i = 1; i <= 8; ++i) {
    decisions.push_back(TestDecision(i));
    decisions.back().time_us = 1000 * i;
    Append(log, decisions.back());
  }
  for (const int i : {1, 2, 3, 7}) REQUIRE(Record(log, TestOutcome(decisions[i])).ok());
  for (const int i : {1, 3, 8, 2}) REQUIRE(Record(log, TestFeedback(decisions[i], fmt::format("f{}", i))).ok());
  REQUIRE(Record(log, TestFeedback(decisions[8], "last")).ok());
  CHECK(**log.FirstDecisionTime() == 1000);

  CHECK(MustDelete(log, {.before_us = 1000, .upto = kAll, .limit = 9}).decisions == 0);
  // Decision 2 has feedback 4.
  const Deleted first = MustDelete(log, {.before_us = 6000, .upto = {4, 3}, .limit = 9});
  CHECK(first.decisions == 1);
  CHECK(first.uncovered);
  CHECK(SeqsOf(log) == std::vector<int64_t>{2, 3, 4, 5, 6, 7, 8});
  CHECK(MustDelete(log, {.before_us = 6000, .upto = {4, 4}, .limit = 2}).decisions == 2);
  const Deleted third = MustDelete(log, {.before_us = 6000, .upto = {4, 4}, .limit = 9});
  CHECK(third.decisions == 2);  // nothing came for 4 and 5
  CHECK_FALSE(third.uncovered);
  CHECK(SeqsOf(log) == std::vector<int64_t>{6, 7, 8});
  CHECK(**log.FirstDecisionTime() == 6000);

  // Whoever knew them hears that they are not there, and their ids of feedback are free.
  CHECK_FALSE(log.Find(decisions[1].id)->has_value());
  CHECK(Record(log, TestOutcome(decisions[4])).status().code() == absl::StatusCode::kNotFound);
  CHECK(Record(log, TestFeedback(decisions[1], "f1")).status().code() == absl::StatusCode::kNotFound);
  CHECK(log.counters().unknown_feedbacks == 1);
  const auto tail = log.ReadTail({}, 100);
  REQUIRE(tail.ok());
  REQUIRE(tail->touched.size() == 2);
  CHECK(tail->touched[0].decision.seq == 7);
  CHECK(tail->touched[1].feedback.size() == 2);
  CHECK(tail->end == LogCursor{4, 5});
}

TEMPLATE_TEST_CASE("the last row of each kind stays, so that the numbers go on", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  for (uint32_t i = 1; i <= 4; ++i) Append(log, TestDecision(i));
  REQUIRE(Record(log, TestOutcome(TestDecision(1))).ok());
  REQUIRE(Record(log, TestFeedback(TestDecision(2), "f")).ok());
  const Deletion everything{.before_us = INT64_MAX, .upto = kAll, .limit = 100};
  CHECK(MustDelete(log, everything).decisions == 0);  // the outcome of 1 is the last one
  REQUIRE(Record(log, TestOutcome(TestDecision(4))).ok());
  CHECK(MustDelete(log, everything).decisions == 1);
  CHECK(Record(log, TestFeedback(TestDecision(4), "g"))->seq == 2);
  CHECK(MustDelete(log, everything).decisions == 2);
  CHECK(SeqsOf(log) == std::vector<int64_t>{4});
  Append(log, TestDecision(5));
  REQUIRE(log.Flush().ok());
  CHECK(MustFind(log, TestId(5)).decision.seq == 5);
  CHECK(MustFind(log, TestId(5)).decision.tier_ordinal == 4);
}

TEMPLATE_TEST_CASE("a base keeps its state; of other releases one stays a base", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const auto save = [&log](int64_t number, int64_t release, const std::string& state) {
    REQUIRE(log.SaveSnapshot({.number = number, .cursor = {number, number}, .release = release, .state = state}).ok());
  };
  CHECK_FALSE(log.BaseOf(0)->has_value());
  save(1, 0, "one");
  save(2, 0, "");
  CHECK(absl::IsNotFound(log.MakeBase(2)));
  CHECK(absl::IsNotFound(log.MakeBase(7)));
  REQUIRE(log.MakeBase(1).ok());
  REQUIRE(log.MakeBase(1).ok());
  for (int64_t number = 3; number < 9; ++number) save(number, 1, fmt::format("{}", number));
  REQUIRE(log.BaseOf(0)->has_value());
  CHECK((*log.BaseOf(0))->state == "one");
  CHECK((*log.BaseOf(0))->cursor == LogCursor{1, 1});
  CHECK_FALSE(log.BaseOf(1)->has_value());
  REQUIRE(log.MakeBase(7).ok());
  REQUIRE(log.MakeBase(8).ok());
  CHECK((*log.BaseOf(1))->state == "8");
  CHECK((*log.BaseOf(0))->state == "one");
  save(9, 2, "nine");
  REQUIRE(log.MakeBase(9).ok());
  CHECK((*log.BaseOf(2))->state == "nine");
  CHECK((*log.BaseOf(1))->state == "8");
  CHECK_FALSE(log.BaseOf(0)->has_value());
}

TEMPLATE_TEST_CASE("snapshots keep the newest three states", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  CHECK(*log.NewestSnapshotNumber() == 0);
  CHECK_FALSE(log.NewestSnapshotWithState()->has_value());
  for (int64_t number = 1; number <= 6; ++number) {
    SnapshotRecord snapshot{.number = number,
                            .time_us = 10 * number,
                            .cursor = {number, 2 * number},
                            .feature_version = ~0ULL - number,
                            .config_hash = "h"};
    if (number != 6) snapshot.state = std::string("\0state", 6) + std::to_string(number);
    REQUIRE(log.SaveSnapshot(snapshot).ok());
  }
  CHECK(log.SaveSnapshot({.number = 6}).code() == absl::StatusCode::kAlreadyExists);
  CHECK(*log.NewestSnapshotNumber() == 6);
  const auto newest = *log.NewestSnapshotWithState();
  REQUIRE(newest.has_value());
  CHECK(newest->number == 5);
  CHECK(newest->time_us == 50);
  CHECK(newest->cursor == LogCursor{5, 10});
  CHECK(newest->feature_version == ~0ULL - 5);
  CHECK(newest->config_hash == "h");
  CHECK(newest->state == std::string("\0state5", 7));
}

TEMPLATE_TEST_CASE("the listener hears of commits with new outcomes or feedback", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  std::atomic<int> heard = 0;
  log.SetCommitListener([&] { ++heard; });
  const DecisionRecord decision = TestDecision(1);
  Append(log, decision);
  REQUIRE(log.Flush().ok());
  CHECK(heard == 0);
  REQUIRE(Record(log, TestFeedback(decision, "f")).ok());
  REQUIRE(log.Flush().ok());
  CHECK(heard == 1);
  REQUIRE(Record(log, TestFeedback(decision, "f")).ok());
  REQUIRE(log.Flush().ok());
  CHECK(heard == 1);
  REQUIRE(log.AppendEvaluation(TestDecision(2), TestOutcome(TestDecision(2)), std::nullopt).ok());
  REQUIRE(log.Flush().ok());
  CHECK(heard == 2);
}

TEMPLATE_TEST_CASE("a closed log refuses", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  const DecisionRecord decision = TestDecision(1);
  Append(log, decision);
  REQUIRE(log.Close().ok());
  REQUIRE(log.Close().ok());
  const auto unavailable = absl::StatusCode::kUnavailable;
  CHECK(log.AppendDecision(TestDecision(2)).code() == unavailable);
  CHECK(log.AppendEvaluation(TestDecision(3), TestOutcome(TestDecision(3)), std::nullopt).code() == unavailable);
  CHECK(Record(log, TestOutcome(decision)).status().code() == unavailable);
  CHECK(Record(log, TestFeedback(decision, "f")).status().code() == unavailable);
  CHECK(log.SaveConfig("h", "x").code() == unavailable);
  CHECK(log.Find(decision.id).status().code() == unavailable);
  CHECK(log.ReadTail({}, 1).status().code() == unavailable);
}

TEMPLATE_TEST_CASE("many threads append and read at once", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  constexpr uint32_t kThreads = 4, kEach = 200;
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < kEach; ++i) {
        const DecisionRecord decision = TestDecision(1 + t + kThreads * i, i % 2 ? "cheap" : "strong");
        if (!log.AppendDecision(decision).ok()) continue;
        log.AppendFeedback(TestFeedback(decision, fmt::format("{}-{}", t, i)), [&](absl::StatusOr<Receipt> receipt) {
          acknowledged += receipt.ok() && !receipt->duplicate;
        });
        if (i % 50 == 0) (void)log.ReadTail({}, 20);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(log.Flush().ok());
  CHECK(acknowledged == kThreads * kEach);
  CHECK(log.counters().feedbacks == kThreads * kEach);
  std::map<std::string, int64_t> next;
  bool ordinals_run = true;
  REQUIRE(log.ScanDecisions(0, 10'000,
                            [&](const DecisionRecord& decision) {
                              ordinals_run &= decision.tier_ordinal == next[decision.tier]++;
                              return true;
                            })
              .ok());
  CHECK(ordinals_run);
  CHECK(next["cheap"] + next["strong"] == kThreads * kEach);
}

TEST_CASE("the memory log's salt is the one given", "[log]") { CHECK(NewMemoryLog(123)->salt() == 123); }

}  // namespace suffice

namespace suffice {

TEMPLATE_TEST_CASE("an appended decision is answered with its place, an outcome with what it settled", "[log]",
                   ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  Append(log, TestDecision(1));
  std::vector<absl::StatusOr<Receipt>> answers;  // the writer's thread alone, until the flush
  const auto keep = [&](const absl::StatusOr<Receipt>& receipt) { answers.push_back(receipt); };
  REQUIRE(log.AppendDecision(TestDecision(2), keep).ok());
  REQUIRE(log.AppendDecision(TestDecision(2), keep).ok());
  REQUIRE(log.Flush().ok());
  REQUIRE(answers.size() == 2);
  CHECK(answers[0]->seq == 2);
  CHECK_FALSE(answers[0]->duplicate);
  CHECK(answers[1]->duplicate);
  const OutcomeRecord outcome = TestOutcome(TestDecision(2));
  const auto receipt = Record(log, outcome);
  REQUIRE(receipt.ok());
  CHECK(receipt->seq == 1);
  CHECK(receipt->cost_nanos == outcome.cost_nanos);
  CHECK(Record(log, outcome)->duplicate);
}

TEMPLATE_TEST_CASE("the newest three states of the ledger are kept", "[log]", ALL_LOGS) {
  TestType fixture;
  EventLog& log = *fixture.log;
  CHECK_FALSE(log.NewestLedgerState()->has_value());
  for (int64_t n = 1; n <= 5; ++n) {
    REQUIRE(log.SaveLedgerState({.number = n, .time_us = 10 * n, .decision_seq = n, .outcome_seq = 2 * n,
                                 .state = std::string("a\0b", 3) + std::to_string(n)})
                .ok());
  }
  CHECK(log.SaveLedgerState({.number = 5, .state = "x"}).code() == absl::StatusCode::kAlreadyExists);
  const auto newest = log.NewestLedgerState();
  REQUIRE(newest.ok());
  REQUIRE(newest->has_value());
  CHECK((*newest)->number == 5);
  CHECK((*newest)->time_us == 50);
  CHECK((*newest)->decision_seq == 5);
  CHECK((*newest)->outcome_seq == 10);
  CHECK((*newest)->state == std::string("a\0b", 3) + "5");
}

}  // namespace suffice
