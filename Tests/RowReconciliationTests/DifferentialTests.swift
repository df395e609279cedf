import Schema
import TestSupport
import Testing

@testable import RowReconciliation

/// Random tables with random edits: exactly the edits are reported, whatever holds the two sides.
struct DifferentialTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        var left: SideKind
        var right: SideKind
        var testDescription: String { "\(left) against \(right)" }

        static let all = SideKind.allCases.flatMap { left in SideKind.allCases.map { Pair(left: left, right: $0) } }
    }

    /// Deterministic, so that a failure can be had again.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
    }

    static let texts = [
        "", " ", "a", "A", "a ", "司法统计", "司法统计　", "é", "e\u{301}", "a,b", "\"quoted\"", "two\nlines", "\\", "\\N",
        "\\.",
        "(", "NULL", "\u{1F}", "\u{1E}", "𠮷", "ＡＢ", "AB", "\r\n", "'", "\t", "null", "a\u{1F}b",
    ]

    static func row(_ number: Int, _ random: inout Random) -> [String?] {
        func text() -> String? {
            Int.random(in: 0..<6, using: &random) == 0 ? nil : texts[Int.random(in: 0..<texts.count, using: &random)]
        }
        func maybe(_ text: String) -> String? { Int.random(in: 0..<5, using: &random) == 0 ? nil : text }
        let m = Int.random(in: -100_000...100_000, using: &random)
        let day = Int.random(in: 1...28, using: &random)
        let fraction = ["", ".5", ".000001", ".25"][Int.random(in: 0..<4, using: &random)]
        return [
            String(number / 3), texts[number % texts.count] + "\(number)", text(), text(),
            maybe(String(Int.random(in: -99...2_000_000_000, using: &random))),
            maybe("\(m < 0 ? "-" : "")\(abs(m) / 100).\(abs(m) % 100 < 10 ? "0" : "")\(abs(m) % 100)"),
            maybe("\(Int.random(in: 1...9_999, using: &random))99999999999999999.1234"),
            maybe("2026-01-\(day < 10 ? "0" : "")\(day)"),
            maybe("2026-01-02 03:04:\(day < 10 ? "0" : "")\(day)\(fraction)"),
            maybe(Bool.random(using: &random) ? "t" : "f"),
        ]
    }

    /// A difference as the tests write it: what, the key, and the columns.
    static func described(_ difference: RowDifference) -> String {
        let key = difference.key.map { $0.debugDescription }.joined(separator: ",")
        let rows = "\(difference.leftRows):\(difference.rightRows)"
        return "\(difference.kind.rawValue) \(key) \(difference.cells.map(\.column)) \(rows)"
    }

    static func described(_ kind: RowDifference.Kind, _ row: [String?], _ columns: [String], _ left: Int, _ right: Int)
        -> String
    {
        let key = row[..<2].map { $0.debugDescription }.joined(separator: ",")
        return "\(kind.rawValue) \(key) \(columns) \(left):\(right)"
    }

    /// Another value for a cell, NULL among them.
    static func changed(_ row: [String?], _ column: Int, _ random: inout Random) -> [String?] {
        var result = row
        for attempt in 0... {
            let other = self.row(attempt, &random)[column]
            if other.map({ Array($0.utf8) }) != row[column].map({ Array($0.utf8) }) {
                result[column] = other
                break
            }
        }
        return result
    }

    @Test("exactly the edits are reported", arguments: Pair.all)
    func edits(_ pair: Pair) throws {
        RealPart.note(.postgres)
        RealPart.note(.sqlite)
        let folder = try TemporaryDirectory()
        for seed: UInt64 in 1...2 {
            let number = Pair.all.firstIndex { $0.testDescription == pair.testDescription } ?? 0
            var random = Random(state: seed &* 1000 &+ UInt64(number))
            let base = (0..<120).map { Self.row($0, &random) }
            var left = base
            var right = base
            var expected: [String] = []
            // Each column is changed in the first, a middle and the last key, and in some others.
            var places = Array(0..<120).shuffled(using: &random)
            for ends in [0, 60, 119] { places.removeAll { $0 == ends } }
            places = [0, 60, 119] + places
            for column in 2..<10 {
                for _ in 0..<3 {
                    let place = places.removeFirst()
                    let edited = Self.changed(base[place], column, &random)
                    if Bool.random(using: &random) { left[place] = edited } else { right[place] = edited }
                    expected.append(Self.described(.changed, base[place], [RowTable.columns[column].name], 1, 1))
                }
            }
            var leftGone: Set<Int> = []
            var rightGone: Set<Int> = []
            for _ in 0..<5 {
                let (a, b) = (places.removeFirst(), places.removeFirst())
                leftGone.insert(a)
                rightGone.insert(b)
                expected.append(Self.described(.missingLeft, base[a], [], 0, 1))
                expected.append(Self.described(.missingRight, base[b], [], 1, 0))
            }
            for _ in 0..<4 {
                let (a, b, c) = (places.removeFirst(), places.removeFirst(), places.removeFirst())
                left.append(base[a])
                right.append(Self.changed(base[b], 2, &random))
                expected.append(Self.described(.duplicate, base[a], [], 2, 1))
                expected.append(Self.described(.duplicate, base[b], [], 1, 2))
                // The same row twice on both sides is no difference between them.
                left.append(base[c])
                right.append(base[c])
            }
            let leftRows = left.enumerated().filter { !leftGone.contains($0.offset) }.map(\.element).shuffled(
                using: &random)
            let rightRows = right.enumerated().filter { !rightGone.contains($0.offset) }.map(\.element)
            let (one, other) = (try pair.left.side(leftRows, in: folder), try pair.right.side(rightRows, in: folder))
            let plan = try RowPlan(
                table: RowTable.definition, schema: RowTable.schema, left: one.columns, right: other.columns)
            var found: [String] = []
            let result = try RowComparison(plan).run(one, other) { found.append(Self.described($0)) }
            #expect(found.sorted() == expected.sorted(), "seed \(seed)")
            #expect(result.differences == expected.count)
            #expect((result.leftRows, result.rightRows) == (leftRows.count, rightRows.count))
            for (side, kind) in [(one, pair.left), (other, pair.right)] where kind != .sqlite && kind != .csv {
                #expect(side.hashing == (kind == .serverTexts ? "client" : "server"), "\(kind)")
            }
            // The same rows in another order, wherever they are, are the same.
            let again = try pair.left.side(rightRows.reversed(), in: folder)
            let none = try RowComparison(plan).run(again, other) { Issue.record("\(Self.described($0))") }
            #expect(none.differingBuckets == 0)
        }
    }
}
