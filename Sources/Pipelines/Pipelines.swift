// Pipelines: see docs/architecture.md.
