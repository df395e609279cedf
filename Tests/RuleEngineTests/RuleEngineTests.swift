// RuleEngineTests
