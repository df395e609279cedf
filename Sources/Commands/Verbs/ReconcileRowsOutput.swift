import DataAccess
import Diagnostics
import Foundation
import RowReconciliation
import RuleEngine
import Schema

/// Writes differences to the files that were asked for, personal values masked unless they shall be shown.
struct RowOutput {
    static let columns = [
        "table", "kind", "key", "column", "left", "right", "cause", "other_key", "left_rows", "right_rows",
    ]

    private let plan: RowPlan
    private let reveal: Bool
    private let hasLinks: Bool
    private var lines: FileSink?
    private var records: FindingsFile?
    private var keys: FindingsFile?

    /// - Parameter hasLinks: whether there are more than two sides, so that it must be told between which a row differs.
    /// - Throws: 64 when keys shall be written that tell of persons and may not be shown; 73 when a file cannot be made.
    init(_ path: String?, keys keysPath: String?, plan: RowPlan, reveal: Bool, hasLinks: Bool) throws {
        self.plan = plan
        self.reveal = reveal
        self.hasLinks = hasLinks
        if let path, path.hasSuffix(".jsonl") {
            lines = try FileSink(path, exclusive: false)
        } else if let path {
            records = try FindingsFile(path, columns: Self.columns + (hasLinks ? ["link"] : []))
        }
        if let keysPath {
            let columns = plan.key.map { plan.table.columns[$0] }
            guard reveal || columns.allSatisfy({ $0.personal == nil }) else {
                throw OperationError(
                    .usage, code: "rows-keys-personal",
                    LocalizedText(
                        en: "the key of table '\(plan.table.name)' tells of persons",
                        zh: "表“\(plan.table.title)”的主键含个人信息"),
                    hint: LocalizedText(en: "give --reveal to write it", zh: "确需写出时请加 --reveal"))
            }
            keys = try FindingsFile(keysPath, columns: columns.map(\.name))
        }
    }

    /// - Parameter link: the sides between which it arose; keys are those of the first link, whose left side they are pulled from.
    mutating func append(_ difference: RowDifference, link: RowLink) throws {
        if link.isFirst {
            try keys?.append(difference.key)
            if let otherKey = difference.otherKey, difference.kind == .missingRight { try keys?.append(otherKey) }
        }
        var shown = RowDifferenceRecord(difference, plan, reveal: reveal)
        if hasLinks { shown.link = link.name }
        if records != nil {
            let key = FindingText.key(shown.key)
            let otherKey = shown.otherKey.map { FindingText.key($0) }
            let cells = shown.cells.isEmpty ? [nil] : shown.cells.map(Optional.some)
            for cell in cells {
                try records?.append(
                    [
                        plan.table.name, shown.kind, key, cell?.column, cell?.left, cell?.right,
                        cell?.cause ?? shown.cause, otherKey, String(shown.leftRows), String(shown.rightRows),
                    ] + (hasLinks ? [link.name] : []))
            }
        }
        if lines != nil {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let line = try encoder.encode(shown) + Data("\n".utf8)
            try line.withUnsafeBytes { try lines?.write($0) }
        }
    }

    mutating func finish() throws {
        try lines?.finish()
        try records?.finish()
        try keys?.finish()
    }

    /// A value as it may be shown.
    static func shown(_ text: String?, _ column: ColumnDefinition?, reveal: Bool) -> String? {
        guard let text, let kind = column?.personal, !reveal else { return text }
        return FindingText.masked(text, kind)
    }
}

/// One line of `--out F.jsonl`.
struct RowDifferenceRecord: Encodable {
    struct Cell: Encodable {
        var column: String
        @Nullable var left: String?
        @Nullable var right: String?
        var cause: String
    }

    var table: String
    var kind: String
    var key: [String?]
    var otherKey: [String?]?
    var leftRows: Int
    var rightRows: Int
    var cause: String
    var cells: [Cell]
    /// Of more than two sides, those between which it arose: `court→library`.
    var link: String?

    enum CodingKeys: String, CodingKey {
        case table, kind, key, cause, cells, link
        case otherKey = "other_key"
        case leftRows = "left_rows"
        case rightRows = "right_rows"
    }

    init(_ difference: RowDifference, _ plan: RowPlan, reveal: Bool) {
        func masked(_ key: [String?]) -> [String?] {
            zip(key, plan.key).map { RowOutput.shown($0, plan.table.columns[$1], reveal: reveal) }
        }
        table = plan.table.name
        kind = difference.kind.rawValue
        key = masked(difference.key)
        otherKey = difference.otherKey.map(masked)
        leftRows = difference.leftRows
        rightRows = difference.rightRows
        cause = difference.cause.rawValue
        cells = difference.cells.map { cell in
            let column = plan.table.column(cell.column)
            return Cell(
                column: cell.column, left: RowOutput.shown(cell.left, column, reveal: reveal),
                right: RowOutput.shown(cell.right, column, reveal: reveal), cause: cell.cause.rawValue)
        }
    }
}
