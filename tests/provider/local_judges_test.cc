// Judges that need no model.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "catch.h"
#include "provider/judge.h"
#include "provider/last_number.h"
#include "provider/shell_command.h"
#include "temp_folder.h"

namespace suffice {
namespace {

JudgeVerdict Judged(const JudgeConfig& config, const JudgeTask& task) {
  const absl::StatusOr<std::unique_ptr<Judge>> judge = MakeJudge(config, nullptr);
  INFO(judge.status().ToString());
  REQUIRE(judge.ok());
  ChatClient::Spending spending;
  JudgeVerdict verdict;
  const auto left = (*judge)->Run(std::vector<JudgeTask>{task}, spending, [&](size_t index, const JudgeVerdict& v) {
    CHECK(index == 0);
    verdict = v;
    return true;
  });
  CHECK(*left == 0);
  CHECK(verdict.cost_usd == 0);
  CHECK(verdict.score.has_value() == verdict.error.empty());
  return verdict;
}

std::string ErrorOf(const JudgeConfig& config) {
  const auto judge = MakeJudge(config, nullptr);
  return judge.ok() ? "" : std::string(judge.status().message());
}

JudgeConfig Command(const std::string& command) {
  return {.name = "c", .kind = JudgeKind::kCommand, .command = command, .timeout_s = 20};
}

}  // namespace

TEST_CASE("a judge that lacks something is not made") {
  CHECK(ErrorOf({.name = "j", .kind = JudgeKind::kLlm}) == "judges.j.kind: llm needs a model");
  CHECK(ErrorOf({.name = "j", .kind = JudgeKind::kLlm, .model = "m"}) == "judges.j.kind: llm needs a provider");
  CHECK(ErrorOf({.name = "j", .kind = JudgeKind::kRegex}) == "judges.j.kind: regex needs a pattern");
  CHECK(ErrorOf({.name = "j", .kind = JudgeKind::kCommand}) == "judges.j.kind: command needs a command");
  for (const char* pattern : {"a(", "a)(b", "[z-a]"}) {
    CHECK(ErrorOf({.name = "j", .kind = JudgeKind::kRegex, .pattern = pattern})
              .starts_with("judges.j.pattern: not an ECMAScript regular expression: "));
  }
}

TEST_CASE("exact_match looks past case and white space, and nothing else") {
  const JudgeConfig config{.name = "e", .kind = JudgeKind::kExactMatch};
  CHECK(Judged(config, {.answer = "  New\n\tYork ", .reference = "new york"}).score == 1);
  CHECK(Judged(config, {.answer = "New York.", .reference = "New York"}).score == 0);
  CHECK(Judged(config, {.answer = "", .reference = "x"}).score == 0);
  CHECK(Judged(config, {.answer = "x"}).error == "the prompt has no reference answer");
  CHECK(MakeJudge(config, nullptr).value()->NeedsReference());
}

TEST_CASE("the last number of a text") {
  struct Case {
    const char* text;
    std::optional<double> number;
  };
  const Case c = GENERATE(values<Case>({{"so 3 + 4 = 7.", 7},
                                        {"it costs $1,234.50.", 1234.5},
                                        {"#### 1,234,567", 1234567},
                                        {"\\boxed{42}", 42},
                                        {"**-5**", -5},
                                        {"a loss of -$5", -5},
                                        {"\xe2\x88\x92"
                                         "8 degrees",
                                         -8},
                                        {"10-4", 4},
                                        {"f(x)-4", 4},
                                        {".5", 0.5},
                                        {"1.5e3 units", 1500},
                                        {"6e", 6},
                                        {"1, 2, 3", 3},
                                        {"1,2", 2},
                                        {"1234,567", 567},
                                        {"100%", 100},
                                        {"18 m2", 18},
                                        {"5.", 5},
                                        {"none at all", std::nullopt},
                                        {"GPT4", std::nullopt},
                                        {"", std::nullopt}}));
  INFO(c.text);
  CHECK(LastNumber(c.text) == c.number);
}

TEST_CASE("numeric compares last numbers within a relative tolerance") {
  JudgeConfig config{.name = "n", .kind = JudgeKind::kNumeric};
  const auto score = [&](const std::string& answer, const std::string& reference) {
    return Judged(config, {.answer = answer, .reference = reference}).score;
  };
  CHECK(score("He pays $1,234.00.", "#### 1234") == 1);
  CHECK(score("1235", "1234") == 0);
  CHECK(score("nothing", "1234") == 0);
  CHECK(score("0", "0") == 1);
  config.tolerance = 0.01;
  CHECK(score("-99.5", "-100") == 1);
  CHECK(score("-98", "-100") == 0);
  CHECK(Judged(config, {.answer = "1", .reference = "one"}).error ==
        "expected a number in the reference answer, found none");
}

TEST_CASE("regex finds its pattern, in long answers too") {
  JudgeConfig config{.name = "r", .kind = JudgeKind::kRegex, .pattern = "^(yes|no)\\b"};
  CHECK(Judged(config, {.answer = "yes, it is"}).score == 1);
  CHECK(Judged(config, {.answer = "yesterday"}).score == 0);
  CHECK_FALSE(MakeJudge(config, nullptr).value()->NeedsReference());
  config.pattern = "(a|aa)+b";  // takes for ever, or all of the stack, when done carelessly
  CHECK(Judged(config, {.answer = std::string(200'000, 'a')}).score == 0);
  CHECK(Judged(config, {.answer = fmt::format("{}b\n", std::string(200'000, 'a'))}).score == 1);
  config.pattern = "(x+)-\\1";
  CHECK(Judged(config, {.answer = "xx-xx"}).score == 1);
  CHECK(Judged(config, {.answer = std::string(5000, 'x')}).error ==
        "expected an answer of at most 4000 bytes for this pattern, got 5000");
}

TEST_CASE("command: JSON in, a score out") {
  const JudgeTask task{.prompt = "What is \"two\"?\n", .answer = "2", .reference = "two"};
  CHECK(Judged(Command("grep -qxF '{\"prompt\":\"What is \\\"two\\\"?\\n\",\"answer\":\"2\",\"reference\":\"two\"}' "
                       "&& echo 0.25"),
               task)
            .score == 0.25);
  CHECK(Judged(Command("echo ' 1 '"), task).score == 1);
}

TEST_CASE("command: what is no score is told") {
  const auto error = [](const std::string& command) { return Judged(Command(command), {.answer = "x"}).error; };
  CHECK(error("exit 3") == "the command ended with exit code 3");
  CHECK(error("echo 1; echo cannot grade >&2; exit 1") == "the command ended with exit code 1: cannot grade ");
  CHECK(error("kill -SEGV $$").starts_with("the command was ended by signal 11"));
  CHECK(error("echo good") == "expected a number in [0, 1] on the command's standard output, got \"good\"");
  CHECK(error("echo 1.5") == "expected a number in [0, 1] on the command's standard output, got \"1.5\"");
  CHECK(error("echo nan") == "expected a number in [0, 1] on the command's standard output, got \"nan\"");
  CHECK(error("true") == "expected a number in [0, 1] on the command's standard output, got \"\"");
  CHECK(error("/nowhere/at/all").starts_with("the command ended with exit code 127: "));
}

TEST_CASE("command: one that does not read, or floods, does no harm") {
  const JudgeTask big{.answer = std::string(1 << 20, 'x')};
  CHECK(Judged(Command("exec 0<&-; echo 0.5"), big).score == 0.5);
  CHECK(Judged(Command("cat > /dev/null; echo 0.5"), big).score == 0.5);
  CHECK(Judged(Command("head -c 10000000 /dev/zero | tr '\\0' 7; echo"), {}).error.starts_with("expected a number"));
}

TEST_CASE("command: when the time is up its whole process group goes") {
  const TempFolder folder;
  const std::string fifo = folder.Path("alive");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  // The grandchild keeps the pipe open for as long as it lives: reading it to its end waits for its death.
  const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  JudgeConfig config = Command("(exec 3>" + fifo + "; echo up >&3; sleep 1000) & sleep 1000");
  config.timeout_s = 1;
  CHECK(Judged(config, {}).error == "the command gave no score within 1 s");
  fcntl(reader, F_SETFL, 0);
  char text[16];
  CHECK(read(reader, text, sizeof(text)) == 3);
  CHECK(read(reader, text, sizeof(text)) == 0);
  close(reader);
}

TEST_CASE("command: what it leaves behind is ended with it") {
  const auto end = RunShellCommand("sleep 1000 & echo 1", "", std::chrono::seconds(20));
  REQUIRE(end.ok());
  CHECK(end->out == "1\n");
  CHECK_FALSE(end->timed_out);
}

}  // namespace suffice
