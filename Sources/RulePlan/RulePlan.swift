// RulePlan: see docs/architecture.md.
