// BatchesTests
