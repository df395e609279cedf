// Reconciliation: see docs/architecture.md.
