import Columnar
import Schema

/// Pairs the rows of one bucket by their keys and tells what differs.
struct BucketMatcher {
    private let keyCount: Int
    private let names: [String]
    private let causes: CauseFinder
    private let grouping: [(place: Int, isMonth: Bool)]
    private let watermark: Int?

    /// - Parameters:
    ///   - grouping: places among the compared columns.
    ///   - watermark: its place among the compared columns.
    init(_ plan: RowPlan, codes: [String: [String: String]], grouping: [Int], watermark: Int?) {
        keyCount = plan.key.count
        names = plan.names
        self.watermark = watermark
        causes = CauseFinder(plan, codes: codes)
        self.grouping = grouping.map { place in
            switch plan.definition(place).type {
            case .date, .timestamp: (place, true)
            default: (place, false)
            }
        }
    }

    /// Differences in the order of the keys' bytes.
    func differences(_ left: [PackedRow], _ right: [PackedRow]) -> [FoundDifference] {
        var pairs: [ArraySlice<UInt8>: (left: [PackedRow], right: [PackedRow])] = [:]
        for row in left { pairs[row.prefix(keyCount), default: ([], [])].left.append(row) }
        for row in right { pairs[row.prefix(keyCount), default: ([], [])].right.append(row) }
        return pairs.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }).compactMap { key, rows in
            difference(rows.left, rows.right).map {
                FoundDifference(difference: $0.difference, row: $0.row, key: Array(key))
            }
        }
    }

    private func difference(
        _ left: [PackedRow], _ right: [PackedRow]
    ) -> (difference: RowDifference, row: [String?])? {
        guard let shown = left.first ?? right.first else { return nil }
        if left.count <= 1, right.count <= 1 {
            guard left != right else { return nil }
        } else {
            func sorted(_ rows: [PackedRow]) -> [PackedRow] {
                rows.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
            }
            guard sorted(left) != sorted(right) else { return nil }
        }
        let texts = shown.texts
        var difference = RowDifference(
            kind: .changed, key: Array(texts[..<keyCount]), leftRows: left.count, rightRows: right.count,
            groups: groups(texts), cause: .unexplained)
        if left.count > 1 || right.count > 1 {
            difference.kind = .duplicate
        } else if left.isEmpty {
            difference.kind = .missingLeft
        } else if right.isEmpty {
            difference.kind = .missingRight
        } else {
            difference.cells = cells(texts, right[0].texts)
            if isStale(difference.cells) {
                for index in difference.cells.indices where difference.cells[index].cause == .unexplained {
                    difference.cells[index].cause = .stale
                }
            }
            let unexplained = difference.cells.contains { $0.cause == .unexplained }
            difference.cause = unexplained ? .unexplained : difference.cells.first?.cause ?? .unexplained
        }
        return (difference, texts)
    }

    /// Compared byte by byte: Swift's strings are equal when canonically equivalent.
    private func cells(_ left: [String?], _ right: [String?]) -> [RowDifference.Cell] {
        names.indices.compactMap { column in
            let (a, b) = (left[column], right[column])
            if let a, let b, a.utf8.elementsEqual(b.utf8) { return nil }
            if a == nil, b == nil { return nil }
            return RowDifference.Cell(column: names[column], left: a, right: b, cause: causes.cause(column, a, b))
        }
    }

    /// Whether the right side's row is older by the watermark: a number, or a time whose text sorts as it does.
    private func isStale(_ cells: [RowDifference.Cell]) -> Bool {
        guard let watermark, let cell = cells.first(where: { $0.column == names[watermark] }), let left = cell.left,
            let right = cell.right
        else { return false }
        if let a = Int128(left), let b = Int128(right) { return b < a }
        return right.utf8.lexicographicallyPrecedes(left.utf8)
    }

    private func groups(_ row: [String?]) -> [String?] {
        grouping.map { place, isMonth in
            guard let text = row[place], isMonth else { return row[place] }
            return CivilDate(text.prefix(10)).map { String($0.description.prefix(7)) } ?? text
        }
    }
}
