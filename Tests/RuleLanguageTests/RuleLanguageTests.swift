// RuleLanguageTests
