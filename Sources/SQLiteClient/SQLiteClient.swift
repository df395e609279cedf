// SQLiteClient: see docs/architecture.md.
