// WorkbookTests
