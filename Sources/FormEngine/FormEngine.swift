// FormEngine: see docs/architecture.md.
