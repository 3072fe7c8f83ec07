// Every key of a policy file with its type and range: Config to and from a YAML tree.
// Thread contract: pure functions.
#pragma once

#include "config/choices.h"
#include "config/diagnostics.h"
#include "config/yaml_tree.h"
#include "suffice/config.h"

namespace suffice {

// Reports unknown and duplicate keys, wrong types and values out of range. What depends on several keys is
// CheckConfig's.
Config DecodeConfig(const YamlNode& root, Diagnostics& diagnostics);
YamlNode EncodeConfig(const Config& config);

ChoiceTable<PolicyKind> PolicyKinds();
ChoiceTable<ObjectiveKind> ObjectiveKinds();
ChoiceTable<BudgetPeriod> BudgetPeriods();
ChoiceTable<BudgetKind> BudgetKinds();
ChoiceTable<BudgetScope> BudgetScopes();
ChoiceTable<LatencyMetric> LatencyMetrics();
ChoiceTable<OnInfeasible> InfeasibleAnswers();
ChoiceTable<OnLogFailure> LogFailureAnswers();
ChoiceTable<JudgeKind> JudgeKinds();
ChoiceTable<Mode> Modes();
ChoiceTable<PromptLogging> PromptLoggings();
ChoiceTable<Durability> Durabilities();

}  // namespace suffice
