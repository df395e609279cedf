// FileTransfer: see docs/architecture.md.
