// SQLGeneration: see docs/architecture.md.
