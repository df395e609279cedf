import Testing

@testable import Workbook

@Suite("Numbers of spreadsheets")
struct SheetNumberTests {
    @Test(arguments: [
        ("12", "12"), ("-12", "-12"), ("0", "0"), ("007", "7"), ("37.52", "37.52"), ("37.520000000000003", "37.52"),
        ("0.1000000000000000055511", "0.1"), ("1.2E5", "120000"), ("1.25e-3", "0.00125"), ("-5E-2", "-0.05"),
        ("999999999999999.9", "1000000000000000"), ("123456789012345", "123456789012345"),
        ("1234567890123456", "1234567890123460"), ("1.0", "1"), ("100", "100"), ("0.30000000000000004", "0.3"),
        ("1E2", "100"), ("0.000", "0"),
    ])
    func `are read as their users see them`(_ text: String, _ expected: String) {
        #expect(SheetNumber.plain(text) == expected)
    }

    @Test(arguments: ["", "-", "x", "1,5", "1e", "1e999", "NaN", "1.2.3", "+1"])
    func `that are none are refused`(_ text: String) {
        #expect(SheetNumber.plain(text) == nil)
    }
}
