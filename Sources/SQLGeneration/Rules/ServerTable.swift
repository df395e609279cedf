import Columnar
import RulePlan
public import Schema

/// A table of the server that holds rows of a table of the schema.
public struct ServerTable: Sendable {
    public var definition: TableDefinition
    public var relation: SQLIdentifier
    /// By the code of the schema's column.
    public var columns: [String: ServerColumn]
    /// Column codes that the server or a look at the rows knows to be unique together.
    public var uniqueKeys: [Set<String>]
    public var order: RowOrder

    /// The order in which rows are numbered, and in which the first of several is found.
    public enum RowOrder: Sendable {
        case byKey
        case asStored
    }

    public init(
        definition: TableDefinition, relation: SQLIdentifier, columns: [String: ServerColumn],
        uniqueKeys: [Set<String>] = [], order: RowOrder = .asStored
    ) {
        self.definition = definition
        self.relation = relation
        self.columns = columns
        self.uniqueKeys = uniqueKeys
        self.order = order
    }

    /// Where a row is; stays what it is while the transaction's snapshot lasts.
    static let rowColumn = "sitong_row"

    func serverColumn(_ column: Int) -> ServerColumn {
        columns[definition.columns[column].name] ?? ServerColumn(type: "text")
    }

    private func cell(_ column: Int) -> CellSQL {
        CellSQL(
            definition.columns[column], serverColumn(column),
            .column(definition.columns[column].name, of: RowTerms.alias))
    }

    /// Some rows of the table, named by a column of another, whose own columns come beside them.
    struct Rows {
        var table: SQLIdentifier
        var row: String
        var columns: [String]
        static let alias = "v"
    }

    /// The rows with some of their cells as values, under their names behind a prefix, and beside each that can be an error
    /// whether it is.
    func cells(
        _ wanted: some Sequence<Int>, prefix: String = "", row: String? = ServerTable.rowColumn, texts: Set<Int> = [],
        only: Rows? = nil
    ) -> SQLSelect {
        var columns: [SQLSelect.Column] = row.map { [.init(.column("ctid", of: RowTerms.alias), as: $0)] } ?? []
        var isFenced = false
        for column in Set(wanted).sorted() {
            let cell = cell(column)
            let name = definition.columns[column].name
            columns.append(.init(cell.value, as: prefix + name))
            isFenced = isFenced || !cell.value.isLeaf
            if let error = cell.error { columns.append(.init(error, as: Self.errorName(prefix + name))) }
        }
        for column in texts.sorted() {
            columns.append(.init(text(column), as: Self.textName(definition.columns[column].name)))
        }
        var source = SQLSelect.Source.table(relation, alias: RowTerms.alias)
        if let only {
            columns += only.columns.map { .init(.column($0, of: Rows.alias), as: $0) }
            source = .join(
                .table(only.table, alias: Rows.alias), source,
                on: .infix("=", [.column("ctid", of: RowTerms.alias), .column(only.row, of: Rows.alias)]))
        }
        return SQLSelect(columns, from: source, isFenced: isFenced)
    }

    /// A cell of `cells`, of that alias.
    func term(_ column: Int, of alias: String = RowTerms.alias, prefix: String = "") -> SQLTerm {
        let name = prefix + definition.columns[column].name
        let cell = cell(column)
        return SQLTerm(
            value: .column(name, of: alias), error: cell.error.map { _ in .column(Self.errorName(name), of: alias) },
            type: CellSQL.type(definition.columns[column].type.kind), digits: serverColumn(column).digits)
    }

    static func errorName(_ name: String) -> String { "sitong_error_\(name)" }
    static func textName(_ name: String) -> String { "sitong_text_\(name)" }

    /// A cell as COPY would print it.
    private func text(_ column: Int) -> SQLExpression {
        let name = SQLExpression.column(definition.columns[column].name, of: RowTerms.alias)
        switch serverColumn(column).type {
        case "text": return name
        case "boolean":
            return .choice(name, [.init(.bool(true), .text("t")), .init(.bool(false), .text("f"))], otherwise: nil)
        default: return .cast(name, .text)
        }
    }

    func rowOrder(of alias: String) -> [SQLExpression] {
        let key = order == .byKey ? definition.key.compactMap { definition.columnIndex($0) } : []
        return key.map { .column(definition.columns[$0].name, of: alias) } + [.column("ctid", of: alias)]
    }

    public func isUnique(_ columns: [String]) -> Bool { uniqueKeys.contains { $0.isSubset(of: columns) } }
}

// MARK: - Looking over a table before it is judged

extension ServerTable {
    /// What most whole numbers of records stay below.
    public static let usualDigits = 9

    /// One row: the number of rows, then for each column of the schema how many cells are not NULL, how many are no
    /// value of its type, and, of columns in `numbers`, how many have more than `usualDigits`.
    public func profile(numbers: Set<Int>) -> SQLSelect {
        var columns: [SQLSelect.Column] = [.init(.countRows(where: nil), as: "rows")]
        for (index, definition) in definition.columns.enumerated() {
            let name = SQLExpression.column(definition.name, of: RowTerms.alias)
            let server = serverColumn(index)
            let kind = definition.type.kind
            let cell = CellSQL(definition, ServerColumn(type: server.type, hasStrays: true), name)
            let isPlain = CellSQL.isDirect(kind, server.type) && definition.nullTexts.isEmpty
            let given: SQLExpression =
                isPlain
                ? .aggregate("count", name, where: nil)
                : .countRows(where: cell.error.map { .or([$0, .isNotNull(cell.value)]) } ?? .isNotNull(cell.value))
            let stray = isPlain ? CellSQL.stray(kind, server.type, name) : cell.error
            columns.append(.init(given, as: "given_\(index)"))
            columns.append(.init(stray.map { .countRows(where: $0) } ?? .number("0"), as: "wrong_\(index)"))
            let limit = String(repeating: "9", count: Self.usualDigits)
            let isLong = SQLExpression.not(.between(name, .number("-\(limit)"), .number(limit)))
            let isCounted = numbers.contains(index) && isPlain && kind == .int
            // A column that nobody looks at is as long as its type allows.
            columns.append(.init(isCounted ? .countRows(where: isLong) : .null(.bigint), as: "long_\(index)"))
        }
        return SQLSelect(columns, from: .table(relation, alias: RowTerms.alias))
    }

    /// One row, `t` or `f`: whether some rows have the same values in these columns.
    public func repeats(_ columns: [String]) -> SQLSelect {
        let indexes = columns.compactMap { definition.columnIndex($0) }
        let names = indexes.map { term($0).value }
        let groups = SQLSelect(
            [], from: .query(cells(indexes, row: nil), alias: RowTerms.alias),
            where: .and(names.map { .isNotNull($0) }),
            groupBy: names, having: .infix(">", [.countRows(where: nil), .number("1")]))
        return SQLSelect([.init(.exists(groups), as: "repeats")], from: .nothing)
    }
}
