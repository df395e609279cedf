import Batches
import Columnar
import DataAccess
import Definitions
import Diagnostics
import Schema

/// How the columns that a query offers become those of a standard table.
struct ColumnPlan {
    enum Origin {
        case offered(Int)
        /// The source's own court, with readable bytes behind its end.
        case constant([UInt8], count: Int)
    }

    /// By code, in the order of the standard.
    let columns: [String]
    /// Among `columns`, the one that names a row's court; nil when rows do not name it.
    let courtColumn: Int?
    private(set) var notices: [LocalizedText] = []
    /// Columns of the query that the standard does not have, and the other way round.
    private(set) var extra: [String] = []
    private(set) var missing: [String] = []
    /// Columns that may hold more at the source than the standard takes, with both widths.
    private(set) var widened: [BatchManifest.WidenedColumn] = []
    let origins: [Origin]

    /// - Parameters:
    ///   - wanted: columns without which nothing can be done with a row.
    ///   - widths: of the columns offered, where the source says them.
    ///   - translated: columns whose values become others, so that the source's widths say nothing of them.
    /// - Throws: `OperationError` 65 when one of those is missing, when a name is misspelt, two columns mean the same, or
    ///   `drift` refuses what differs.
    init(
        _ table: TableDefinition, wanted: [String], offered: [String], widths: [ColumnWidth?] = [],
        translated: Set<String> = [], source: SourceDefinition, drift: SourceDefinition.DriftPolicy = .init(),
        isDeletion: Bool = false
    ) throws {
        var places: [String: Int] = [:]
        var unknown: [String] = []
        for (place, name) in offered.enumerated() {
            guard let column = table.column(offered: name) else {
                unknown.append(name)
                continue
            }
            guard places.updateValue(place, forKey: column.name) == nil else {
                throw OperationError.sourceColumnTwice(column.name, table: table.name, source: source.name)
            }
        }
        let constant = isDeletion ? nil : Self.courtConstant(table, source, offered: places)
        let absent = table.columns.filter { places[$0.name] == nil && $0.name != constant?.column }
        let missing = absent.map(\.name).filter(wanted.contains)
        let misspelt = unknown.filter {
            !NearMiss.names(like: $0, among: absent.map(\.name) + absent.map(\.title)).isEmpty
        }
        guard missing.isEmpty, misspelt.isEmpty || isDeletion else {
            throw OperationError.sourceColumns(
                missing: missing, misspelt: misspelt, absent: absent, offered: offered, table: table.name,
                source: source.name)
        }
        let used = isDeletion ? table.columns.filter { table.key.contains($0.name) } : table.columns
        var names: [String] = []
        var origins: [Origin] = []
        for column in used {
            if let place = places[column.name] {
                origins.append(.offered(place))
            } else if let constant, constant.column == column.name {
                let (bytes, count) = CodeTranslation.padded(constant.court)
                origins.append(.constant(bytes, count: count))
            } else {
                continue
            }
            names.append(column.name)
        }
        columns = names
        self.origins = origins
        courtColumn = Self.ownCourtColumn(table).flatMap { names.firstIndex(of: $0) }
        guard !isDeletion else { return }
        extra = unknown
        self.missing = absent.map(\.name)
        widened = places.sorted { $0.value < $1.value }.compactMap { name, place in
            guard widths.indices.contains(place), let width = widths[place], let column = table.column(name),
                translated.allSatisfy({ table.column($0)?.name != name })
            else { return nil }
            return .init(column, source: width)
        }
        let refused = (
            extra: drift.extra == .refuse ? extra : [], missing: drift.missing == .refuse ? self.missing : [],
            widened: drift.widened == .refuse ? widened : []
        )
        guard refused.extra.isEmpty, refused.missing.isEmpty, refused.widened.isEmpty else {
            throw OperationError.sourceDrift(
                extra: refused.extra, missing: refused.missing, widened: refused.widened, table: table.name,
                source: source.name)
        }
        if !unknown.isEmpty {
            notices.append(.unknownColumns(unknown, table: table.name, source: source.name))
        }
        if !absent.isEmpty {
            notices.append(.absentColumns(absent.map(\.name), table: table.name, source: source.name))
        }
        if !widened.isEmpty { notices.append(.widenedColumns(widened, table: table.name, source: source.name)) }
    }

    /// Where a column that the query offers is among `columns`; nil for one that is made here, in the standard's own terms.
    func offeredPlace(of column: String) -> Int? {
        guard let place = columns.firstIndex(of: column), case .offered = origins[place] else { return nil }
        return place
    }

    private static func ownCourtColumn(_ table: TableDefinition) -> String? {
        guard let path = table.courtPath, !path.contains(".") else { return nil }
        return table.column(path)?.name
    }

    private static func courtConstant(
        _ table: TableDefinition, _ source: SourceDefinition, offered: [String: Int]
    ) -> (column: String, court: [UInt8])? {
        guard let column = ownCourtColumn(table), let court = source.court, offered[column] == nil else { return nil }
        return (column, Array(court.utf8))
    }
}

extension BatchManifest.WidenedColumn {
    /// Nil when all that the source's column may hold fits into the standard's, or nothing can be said of it.
    fileprivate init?(_ column: ColumnDefinition, source: ColumnWidth) {
        switch (column.type, source) {
        case (.text(let most?), .text(let count)) where count > most:
            self.init(column: column.name, source: "text(\(count))", standard: "text(\(most))")
        case (.decimal(let precision, let scale), .decimal(let digits, let decimals))
        where digits - decimals > precision - scale || decimals > scale:
            self.init(
                column: column.name, source: "dec(\(digits),\(decimals))", standard: "dec(\(precision),\(scale))")
        case (.int, .decimal(let digits, let decimals)) where decimals > 0:
            self.init(column: column.name, source: "dec(\(digits),\(decimals))", standard: "int")
        default: return nil
        }
    }
}
