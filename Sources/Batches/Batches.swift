// Batches: see docs/architecture.md.
