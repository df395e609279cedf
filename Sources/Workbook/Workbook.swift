// Workbook: see docs/architecture.md.
