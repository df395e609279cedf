// PostgresClient: see docs/architecture.md.
