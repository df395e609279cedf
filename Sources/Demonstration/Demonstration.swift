// Demonstration: see docs/architecture.md.
