// CourtModelTests
