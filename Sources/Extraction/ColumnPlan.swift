import Columnar
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
    let origins: [Origin]

    /// - Parameter wanted: columns without which nothing can be done with a row.
    /// - Throws: `OperationError` 65 when one of those is missing, when a name is misspelt, or two columns mean the same.
    init(
        _ table: TableDefinition, wanted: [String], offered: [String], source: SourceDefinition,
        drift: SourceDefinition.DriftPolicy = .init(), isDeletion: Bool = false
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
        let refused = (drift.extra == .refuse ? extra : [], drift.missing == .refuse ? self.missing : [])
        guard refused.0.isEmpty, refused.1.isEmpty else {
            throw OperationError.sourceDrift(
                extra: refused.0, missing: refused.1, table: table.name, source: source.name)
        }
        if !unknown.isEmpty {
            notices.append(.unknownColumns(unknown, table: table.name, source: source.name))
        }
        if !absent.isEmpty {
            notices.append(.absentColumns(absent.map(\.name), table: table.name, source: source.name))
        }
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
