// Extraction: see docs/architecture.md.
