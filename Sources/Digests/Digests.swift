// Digests: see docs/architecture.md.
