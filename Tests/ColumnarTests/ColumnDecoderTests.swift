import Columnar
import Testing

/// How texts become values, by the CSV rules of the definitions.
struct ColumnDecoderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: ColumnKind
        var text: String
        /// Nil is NULL.
        var value: Int128?
        var fault: DecodingFault?
        var testDescription: String { "\(kind) '\(text)'" }

        init(_ kind: ColumnKind, _ text: String, _ value: Int128?) {
            (self.kind, self.text, self.value) = (kind, text, value)
        }

        init(_ kind: ColumnKind, _ text: String, _ fault: DecodingFault) {
            (self.kind, self.text, self.fault) = (kind, text, fault)
        }
    }

    static let money = ColumnKind.decimal(precision: 18, scale: 2)
    static let wide = ColumnKind.decimal(precision: 38, scale: 0)
    static let nines38 = String(repeating: "9", count: 38)

    static let cases: [Case] = [
        Case(.int, "0", 0), Case(.int, "-0", 0), Case(.int, "007", 7), Case(.int, "-12", -12), Case(.int, "5.00", 5),
        Case(.int, "9223372036854775807", 9_223_372_036_854_775_807),
        Case(.int, "-9223372036854775808", -9_223_372_036_854_775_808),
        Case(.int, "9223372036854775808", .tooManyDigits), Case(.int, "99999999999999999999", .tooManyDigits),
        Case(.int, "5.01", .tooManyDigits), Case(.int, "", nil), Case(.int, " 5", .unparsable),
        Case(.int, "+5", .unparsable),
        Case(.int, ".5", .unparsable), Case(.int, "5.", .unparsable), Case(.int, "1e3", .unparsable),
        Case(.int, "-", .unparsable), Case(.int, "２０", .unparsable), Case(.int, "1,000", .unparsable),
        Case(money, "12.3", 1230), Case(money, "-0.05", -5), Case(money, "12.340", 1234),
        Case(money, "12.345", .tooManyDigits),
        Case(money, "9999999999999999.99", 999_999_999_999_999_999), Case(money, "10000000000000000", .tooManyDigits),
        Case(money, "00000000000000000000001", 100), Case(money, "1.2.3", .unparsable),
        Case(wide, nines38, Int128(nines38)), Case(wide, nines38 + "0", .tooManyDigits),
        Case(.date, "1970-01-02", 1), Case(.date, "20240229", 19782), Case(.date, "2023-02-29", .unparsable),
        Case(.date, "0000-01-01", .unparsable), Case(.date, "2024/02/03", .unparsable),
        Case(.date, "2024-02/03", .unparsable), Case(.date, "2024/02-03", .unparsable),
        Case(.date, "2024-2-3", .unparsable), Case(.date, "202402030", .unparsable),
        Case(.date, "2023-11-30", 19691), Case(.date, "2023-11-31", .unparsable),
        Case(.date, "20240230", .unparsable), Case(.date, "2024-01-01 00:00:00", .unparsable), Case(.date, "", nil),
        Case(.timestamp, "1970-01-01 00:00:01", 1_000_000), Case(.timestamp, "1970-01-01T00:00:00.5", 500_000),
        Case(.timestamp, "1969-12-31 23:59:59.999999", -1),
        Case(.timestamp, "1970-01-01 00:00:00.1234567", .tooManyDigits),
        Case(.timestamp, "1970-01-01 24:00:00", .unparsable), Case(.timestamp, "1970-01-01 00:00:00Z", .unparsable),
        Case(.timestamp, "1970-01-01", .unparsable), Case(.timestamp, "1970-01-01 00:00:00.", .unparsable),
        Case(.bool, "t", 1), Case(.bool, "false", 0), Case(.bool, "1", 1), Case(.bool, "TRUE", .unparsable),
    ]

    @Test("a text becomes the value, NULL or fault that the definitions say", arguments: cases)
    func decodes(_ example: Case) throws {
        var column = TextColumn()
        column.append("")
        column.appendNull()
        column.append(example.text)
        var faults = DecodingFaults()
        let decoded = ColumnDecoder(kind: example.kind).decode(column, faults: &faults)
        #expect(!decoded.valid[0] && !decoded.valid[1])
        #expect(faults.rows == (example.fault.map { [DecodingFaults.RowFault(row: 2, fault: $0)] } ?? []))
        #expect(decoded.errors?[2] ?? false == (example.fault != nil))
        #expect(decoded.valid[2] == (example.value != nil))
        guard let value = example.value else { return }
        switch decoded.storage {
        case .int64(let words): #expect(Int128(words[2]) == value)
        case .int128(let words): #expect(words[2] == value)
        case .text: Issue.record("expected numbers")
        }
    }

    @Test("text(n) counts code points, and texts that mean NULL are NULL")
    func texts() {
        var column = TextColumn()
        for text in ["案由甲", "案由甲乙", "e\u{301}", "无", ""] { column.append(text) }
        var faults = DecodingFaults()
        let decoded = ColumnDecoder(kind: .text(maxLength: 3), nullTexts: ["无"]).decode(column, faults: &faults)
        #expect((0..<5).map { decoded.valid[$0] } == [true, false, true, false, true])
        #expect(faults.rows == [.init(row: 1, fault: .tooLong)])
    }

    @Test("a NULL text of the source is not a fault of a date column, and empty texts are counted")
    func nullTexts() {
        var column = TextColumn()
        for text in ["1900-01-01", "", "x"] { column.append(text) }
        var faults = DecodingFaults()
        let decoded = ColumnDecoder(kind: .date, nullTexts: ["1900-01-01"]).decode(column, faults: &faults)
        #expect(decoded.valid.isAllZero)
        #expect(faults.emptyTexts == 1)
        #expect(faults.rows.map(\.row) == [2])
    }
}
