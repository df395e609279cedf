import Columnar
import DataAccess
import PostgresClient
import Schema
import TestSupport
import Testing

@testable import RowReconciliation

/// The hash and the record text against a real server.
struct TextHashTests {
    static let texts =
        (0...26).map { String("abcdefghijklmnopqrstuvwxyz".prefix($0)) }
        + ["司统", "（2026）豫01民初1号", "a,b", "\"", "\\", "(", " ", "\n", "\u{85}\u{A0}\u{3000}", "\u{1F}\u{1E}"]

    @Test("a text's hash is the server's, for every length up to two blocks and more, under every seed")
    func hashes() throws {
        let connection = try PostgresConnection(try TestPostgres.freshDatabase(), applicationName: "tests")
        for text in Self.texts {
            for seed: UInt64 in [0, 1, 2, 0x1234_5678_9ABC] {
                let row = try connection.execute(
                    "SELECT hashtextextended($1 COLLATE \"C\", $2::bigint)", [text, String(seed)])
                let own = Int64(bitPattern: TextHash.hash(Array(text.utf8), seed: seed))
                #expect(row[0][0] == String(own), "\(text.debugDescription) \(seed)")
            }
        }
    }

    @Test("a record's text is what the server prints for ROW, and tells NULL from the empty text")
    func records() throws {
        let connection = try PostgresConnection(try TestPostgres.freshDatabase(), applicationName: "tests")
        let form = CanonicalText(ColumnDefinition(name: "t", type: .text(maxLength: nil)))
        var seen: Set<[UInt8]> = []
        let cells: [String?] = [nil] + Self.texts
        for first in cells {
            for second in [nil, "", "x", ","] {
                var row = PackedRow()
                for text in [first, second] {
                    guard let text else {
                        row.append(nil, as: form)
                        continue
                    }
                    Array(text.utf8).withUnsafeBufferPointer { row.append($0, as: form) }
                }
                var record = RecordText()
                record.set(row, cells: 0..<2)
                let printed = try connection.execute("SELECT ROW($1::text, $2::text)::text", [first, second])
                #expect(printed[0][0].map { Array($0.utf8) } == record.bytes)
                #expect(seen.insert(record.bytes).inserted)
            }
        }
    }

    @Test("values have one text, and what is no value of the type keeps its own")
    func canonical() {
        func text(_ written: String, _ type: ValueType, nulls: [String] = []) -> String? {
            let form = CanonicalText(ColumnDefinition(name: "c", type: type, nullTexts: nulls))
            var output: [UInt8] = []
            let isThere = Array(written.utf8).withUnsafeBufferPointer { form.append($0, to: &output) }
            return isThere ? String(decoding: output, as: UTF8.self) : nil
        }
        let decimal = ValueType.decimal(precision: 18, scale: 2)
        let expected: [(String, ValueType, String?)] = [
            ("007", .int, "7"), ("-0", .int, "0"), ("5.00", .int, "5"), ("5.5", .int, "5.5"), ("", .int, nil),
            ("-", .int, "-"), ("1.", .int, "1."), ("x", .int, "x"), ("0", .int, "0"), ("-01", .int, "-1"),
            ("1", decimal, "1.00"), ("1.5", decimal, "1.50"), ("1.500", decimal, "1.50"), ("0.001", decimal, "0.001"),
            ("-0.00", decimal, "0.00"),
            ("99999999999999999999.123456789", decimal, "99999999999999999999.123456789"),
            ("NaN", decimal, "NaN"), (".5", decimal, ".5"), ("00.10", decimal, "0.10"), ("-00.1", decimal, "-0.10"),
            ("20260102", .date, "2026-01-02"), ("2026-01-02", .date, "2026-01-02"), ("20261302", .date, "20261302"),
            ("2026-01-02T03:04:05", .timestamp, "2026-01-02 03:04:05"),
            ("2026-01-02 03:04:05.100", .timestamp, "2026-01-02 03:04:05.1"),
            ("2026-01-02 03:04:05.000000", .timestamp, "2026-01-02 03:04:05"),
            ("2026-01-02", .timestamp, "2026-01-02"), ("1", .bool, "t"), ("false", .bool, "f"), ("yes", .bool, "yes"),
            ("", .text(maxLength: nil), ""), ("A ", .text(maxLength: nil), "A "),
        ]
        for (written, type, canonical) in expected { #expect(text(written, type) == canonical, "\(written) \(type)") }
        #expect(text("19000101", .date, nulls: ["19000101"]) == nil)
    }
}
