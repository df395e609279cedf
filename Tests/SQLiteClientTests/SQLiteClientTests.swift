// SQLiteClientTests
