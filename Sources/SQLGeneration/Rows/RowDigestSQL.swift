import Columnar
public import RulePlan
public import Schema

/// Statements of `reconcile rows` for one table of a server: what its buckets add up to, and the rows of some buckets.
///
/// A row's record is `ROW(…)::text`, its hash `hashtextextended` of that. Its bucket is the low bits of the key's hash, the
/// same in every engine since no collation takes part in it.
public struct RowDigestSQL: Sendable {
    public static let bucketSeed: UInt64 = 0
    public static let rowSeed: UInt64 = 1
    public static let bucketName = "sitong_bucket"

    private static let hashName = "sitong_hash"
    private let base: SQLSelect
    private let bucket: SQLExpression
    private let record: SQLExpression
    private let cells: [SQLSelect.Column]

    /// Nil when the server would print some column's values in another way than the schema's type has them.
    ///
    /// - Parameters:
    ///   - columns: those compared; the first `keyCount` of them are the key.
    ///   - filter: whose only predicate tells which rows are meant; nil takes all.
    ///   - bucketCount: a power of 2.
    ///   - pages: only rows that lie in these pages of the table; nil takes all.
    public init?(
        _ table: ServerTable, columns: [Int], keyCount: Int, filter: PredicateSet?, bucketCount: Int,
        schema: StandardSchema, pages: Range<Int>? = nil
    ) {
        let alias = RowTerms.alias
        let needed = columns + (filter?.neededColumns ?? [])
        guard
            needed.allSatisfy({
                CellSQL.isDirect(table.definition.columns[$0].type.kind, table.serverColumn($0).type)
            })
        else { return nil }
        var rows = table.cells(needed, row: nil)
        if let pages {
            let place = SQLExpression.column("ctid", of: alias)
            rows.condition = .infix(
                "AND",
                [
                    .infix(">=", [place, .typed(.tid, "(\(pages.lowerBound),0)")]),
                    .infix("<", [place, .typed(.tid, "(\(pages.upperBound),0)")]),
                ])
        }
        if let filter {
            let terms = RowTerms(
                filter.plan, roots: filter.predicates, leaves: RowTerms.Leaves { table.term($0) }, schema: schema,
                period: nil)
            let isMeant = terms.term(filter.predicates[0])
            rows = SQLSelect(
                [], allOf: alias, from: .query(terms.rows(from: rows), alias: alias),
                where: .truth(isMeant.value, "IS TRUE"))
        }
        base = rows
        let cells = columns.map { Self.cell(table.definition.columns[$0], table.serverColumn($0)) }
        let key = Array(cells[..<keyCount])
        let keyText: SQLExpression =
            key.count == 1
            ? .call("coalesce", [.cast(key[0], .text), .text("")]) : .cast(.call("ROW", key), .text)
        bucket = .infix("&", [Self.hash(keyText, seed: Self.bucketSeed), .number("\(bucketCount - 1)")])
        record = .cast(.call("ROW", cells), .text)
        self.cells = zip(cells, columns).map { SQLSelect.Column($0, as: table.definition.columns[$1].name) }
    }

    /// Columns `sitong_bucket`, `n`, `high`, `low`: of each bucket that has rows their number, and the sums of both halves of
    /// their hashes, each half taken as a signed number of 32 bits.
    ///
    /// Such halves add up in a bigint, which a group keeps in place; a sum of bigints is a numeric, kept somewhere else.
    public var sums: SQLSelect {
        let alias = RowTerms.alias
        // Fenced, or the record would be made once for each half.
        let hashes = SQLSelect(
            [.init(bucket, as: Self.bucketName), .init(Self.hash(record, seed: Self.rowSeed), as: Self.hashName)],
            from: .query(base, alias: alias), isFenced: true)
        let hash = SQLExpression.column(Self.hashName, of: alias)
        func high(_ bits: SQLExpression) -> SQLExpression { .infix(">>", [bits, .number("32")]) }
        func sum(_ half: SQLExpression) -> SQLExpression { .aggregate("sum", .cast(half, .integer), where: nil) }
        let bucket = SQLExpression.column(Self.bucketName, of: alias)
        return SQLSelect(
            [
                .init(bucket, as: Self.bucketName), .init(.countRows(where: nil), as: "n"),
                .init(sum(high(hash)), as: "high"), .init(sum(high(.infix("<<", [hash, .number("32")]))), as: "low"),
            ], from: .query(hashes, alias: alias), groupBy: [bucket])
    }

    /// The bucket and the compared columns of the rows of these buckets, nil for all, ordered by bucket.
    public func rows(in buckets: [Int]?) -> SQLSelect {
        let alias = RowTerms.alias
        let rows = SQLSelect(
            [.init(bucket, as: Self.bucketName)] + cells, from: .query(base, alias: alias),
            where: buckets.map { .isIn(bucket, $0.map { .number("\($0)") }) })
        return SQLSelect(
            [], allOf: alias, from: .query(rows, alias: alias), orderBy: [.column(Self.bucketName, of: alias)])
    }

    private static func hash(_ text: SQLExpression, seed: UInt64) -> SQLExpression {
        .call("hashtextextended", [.byBytes(text), .number("\(seed)")])
    }

    /// The cell of the row source, with the decimals of its type.
    private static func cell(_ column: ColumnDefinition, _ server: ServerColumn) -> SQLExpression {
        let name = SQLExpression.column(column.name, of: RowTerms.alias)
        guard case .decimal(_, let scale) = column.type, !server.type.hasSuffix(",\(scale))") else { return name }
        return .call("round", [name, .number("\(scale)")])
    }
}
