public import Diagnostics
public import RulePlan
public import Schema

/// What of two sides is compared: one table, its key, the columns that both have, and which rows.
public struct RowPlan: Sendable {
    /// `--where`, checked; see `filter`.
    public typealias Filter = PredicateSet

    public let table: TableDefinition
    public let schema: StandardSchema
    /// Places in the schema's table.
    public let key: [Int]
    /// Those of the key first.
    public let columns: [Int]
    /// Its only predicate tells which rows are meant; nil for all.
    public let filter: PredicateSet?
    /// Columns that not all sides have, and which are therefore not compared, with each side that has them; empty when they were
    /// named.
    public let leftOut: [(column: String, side: RowSideName)]

    /// - Parameters:
    ///   - key: by code or title; nil for that of the schema.
    ///   - columns: by code or title; nil for all that both sides have.
    ///   - left: codes of the columns that the side has, as `right`.
    ///   - others: those of further sides.
    /// - Throws: `OperationError` 64 when the schema has no such column or the table no key, 65 when a side lacks one that is
    ///   needed.
    public init(
        table: TableDefinition, schema: StandardSchema, key: [String]? = nil, columns: [String]? = nil,
        filter: PredicateSet? = nil, left: [String], right: [String],
        others: [(name: RowSideName, columns: [String])] = []
    ) throws {
        func places(_ names: [String]) throws -> [Int] {
            var places: [Int] = []
            for name in names {
                guard let place = table.columnIndex(name) else {
                    throw OperationError.rowColumnUnknown(name, table: table)
                }
                if !places.contains(place) { places.append(place) }
            }
            return places
        }
        let key = try places(key ?? table.key)
        guard !key.isEmpty else { throw OperationError.rowKeyMissing(table: table) }
        let named = try columns.map(places)
        let needed = key + (named ?? []) + (filter?.neededColumns ?? [])
        let sides = [(name: RowSideName.left, columns: left), (name: .right, columns: right)] + others
        for (side, offered) in sides {
            let lacking = needed.map { table.columns[$0].name }.filter { !offered.contains($0) }
            guard lacking.isEmpty else {
                throw OperationError.rowColumnsLacking(Set(lacking).sorted(), table: table, side: side)
            }
        }
        var leftOut: [(String, RowSideName)] = []
        let compared =
            named
            ?? table.columns.indices.filter { index in
                let name = table.columns[index].name
                let having = sides.filter { $0.columns.contains(name) }
                if having.count < sides.count { leftOut += having.map { (name, $0.name) } }
                return having.count == sides.count
            }
        self.table = table
        self.schema = schema
        self.key = key
        self.columns = key + compared.filter { !key.contains($0) }
        self.filter = filter
        self.leftOut = leftOut
    }

    func definition(_ place: Int) -> ColumnDefinition { table.columns[columns[place]] }

    var names: [String] { columns.map { table.columns[$0].name } }

    /// Those compared and those that the filter reads.
    var neededNames: [String] {
        let more = (filter?.neededColumns ?? []).filter { !columns.contains($0) }
        return (columns + more).map { table.columns[$0].name }
    }
}

/// What a side is called: `left`, `right`, or by the name that `--side` gives it.
public struct RowSideName: RawRepresentable, Sendable, Hashable {
    public var rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let left = RowSideName(rawValue: "left")
    public static let right = RowSideName(rawValue: "right")
}

extension OperationError {
    static func rowColumnUnknown(_ name: String, table: TableDefinition) -> OperationError {
        OperationError(
            .usage, code: "rows-column-unknown",
            LocalizedText(
                en: "table '\(table.name)' has no column '\(name)'", zh: "表“\(table.title)”没有列“\(name)”"),
            hint: LocalizedText(
                en: "it has: \(table.columns.map(\.name).joined(separator: ", "))",
                zh: "现有的列：\(table.columns.map(\.title).joined(separator: "、"))"))
    }

    static func rowKeyMissing(table: TableDefinition) -> OperationError {
        OperationError(
            .usage, code: "rows-key-missing",
            LocalizedText(
                en: "table '\(table.name)' has no key to compare rows by", zh: "表“\(table.title)”没有主键，无法逐行比对"),
            hint: LocalizedText(en: "name its columns with --key", zh: "请用 --key 指定"))
    }

    static func rowColumnsLacking(_ names: [String], table: TableDefinition, side: RowSideName) -> OperationError {
        OperationError(
            .badData, code: "rows-columns-lacking",
            LocalizedText(
                en: "the table '\(table.name)' of the \(side.title.en) lacks: \(names.joined(separator: ", "))",
                zh: "\(side.title.zh)的表“\(table.title)”缺少列：\(names.joined(separator: "、"))"),
            hint: LocalizedText(
                en: "compare others with --columns, or map the source's with --source",
                zh: "请用 --columns 另选要比对的列，或用 --source 给出来源的列对应"))
    }
}

extension RowSideName {
    public var title: LocalizedText {
        switch self {
        case .left: LocalizedText(en: "left side", zh: "左侧")
        case .right: LocalizedText(en: "right side", zh: "右侧")
        default: LocalizedText(en: "side '\(rawValue)'", zh: "“\(rawValue)”")
        }
    }
}
