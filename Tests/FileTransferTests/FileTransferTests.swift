// FileTransferTests
