// DelimitedText: see docs/architecture.md.
