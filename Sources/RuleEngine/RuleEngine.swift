// RuleEngine: see docs/architecture.md.
