// Definitions: see docs/architecture.md.
