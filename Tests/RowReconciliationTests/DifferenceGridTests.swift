import Schema
import TestSupport
import Testing

@testable import RowReconciliation

/// Every class of difference in every column type, at the beginning, in the middle and at the end of the keys, with every kind
/// of key, between every pair of sides; counted, so that none is left out unnoticed.
struct DifferenceGridTests {
    /// What is done to one row, and which row it is.
    struct Cell: Hashable, CustomStringConvertible {
        /// `changed`, `missing-left`, `missing-right` or `duplicate`.
        var kind: RowDifference.Kind
        /// Of a changed row.
        var column: String?
        var place: Place
        var key: KeyText
        var description: String { "\(kind.rawValue) \(column ?? "") \(place) \(key)" }

        static let all: [Cell] = Place.allCases.flatMap { place in
            KeyText.allCases.flatMap { key in
                RowTable.columns.dropFirst(2).map { Cell(kind: .changed, column: $0.name, place: place, key: key) }
                    + [.missingLeft, .missingRight, .duplicate].map {
                        Cell(kind: $0, column: nil, place: place, key: key)
                    }
            }
        }
    }

    /// A third of the keys' order; the very first and the very last key are among those that differ.
    enum Place: CaseIterable { case first, middle, last }

    enum KeyText: String, CaseIterable {
        case plain = "a"
        case comma = "a,b"
        case quote = "\"a\"b'"
        case newline = "a\nb"
    }

    static let before: [String?] = ["t", "0201", "12", "1.50", "2.5", "2026-01-02", "2026-01-02 03:04:05.5", "t"]
    static let after: [String?] = ["u", "0301", "13", "1.51", "2.6", "2026-01-03", "2026-01-02 03:04:06", "f"]

    @Test("each class of difference is found in every place, and nothing else", arguments: DifferentialTests.Pair.all)
    func grid(_ pair: DifferentialTests.Pair) throws {
        let folder = try TemporaryDirectory()
        var left: [[String?]] = []
        var right: [[String?]] = []
        var planted: [String: Cell] = [:]
        // Every second row differs, beginning with the first and ending with the last.
        for (index, cell) in Cell.all.enumerated() {
            let row = [String(2 * index), cell.key.rawValue] + Self.before
            planted[String(2 * index)] = cell
            if cell.kind != .missingLeft { left.append(row) }
            if cell.kind == .duplicate { left.append(row) }
            if cell.kind != .missingRight {
                var other = row
                if let column = RowTable.columns.firstIndex(where: { $0.name == cell.column }) {
                    other[column] = Self.after[column - 2]
                }
                right.append(other)
            }
            guard index < Cell.all.count - 1 else { break }
            let same = [String(2 * index + 1), cell.key.rawValue] + Self.before
            left.append(same)
            right.append(same)
        }
        let (one, other) = (try pair.left.side(left, in: folder), try pair.right.side(right, in: folder))
        let plan = try RowComparisonTests.plan(one, other)
        var exercised: [Cell: Int] = [:]
        let result = try RowComparison(plan).run(one, other) { difference in
            guard let number = difference.key[0], let cell = planted[number] else {
                Issue.record("\(DifferentialTests.described(difference)) was not planted")
                return
            }
            #expect(difference.kind == cell.kind && difference.cells.map(\.column) == [cell.column].compactMap(\.self))
            #expect(difference.key[1] == cell.key.rawValue)
            exercised[cell, default: 0] += 1
        }
        #expect(Cell.all.count == 11 * 3 * 4)
        for cell in Cell.all { #expect(exercised[cell] == 1, "\(cell)") }
        #expect(result.differences == Cell.all.count)
    }
}
