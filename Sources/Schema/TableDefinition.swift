public import Columnar
public import Diagnostics

/// The type of a column, as a definition says it: `text(50)`, `dec(18,2)`, `code(court)`.
public enum ValueType: Sendable, Hashable {
    case int
    case decimal(precision: Int, scale: Int)
    case text(maxLength: Int?)
    case date
    case timestamp
    case bool
    /// Text that ought to be a code of the list; a code not in the list still parses.
    case code(CodeReference)

    /// How its values are kept in memory; a code is kept as its text.
    public var kind: ColumnKind {
        switch self {
        case .int: .int
        case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
        case .text(let maxLength): .text(maxLength: maxLength)
        case .date: .date
        case .timestamp: .timestamp
        case .bool: .bool
        case .code: .text(maxLength: nil)
        }
    }
}

/// Which code list a column of type `code(…)` uses.
public enum CodeReference: Sendable, Hashable {
    case list(String)
    /// The list depends on another column of the row; `otherwise` is the entry `'*'`.
    case by(column: String, lists: [String: String], otherwise: String?)
}

/// What about a person a column tells; masked in reports.
public enum PersonalKind: String, Sendable, Hashable, CaseIterable {
    case name, id, phone, address, text
}

public struct ColumnDefinition: Sendable, Hashable {
    public var name: String
    /// The Chinese name, or the code when none is given.
    public var title: String
    public var type: ValueType
    public var isRequired: Bool
    /// Texts that mean NULL at the source.
    public var nullTexts: [String]
    public var personal: PersonalKind?
    /// Origin in the standard, for the reader: `MSYS_SAHLAXX.FYDM`.
    public var standard: String?
    /// Ours until an official definition replaces it.
    public var isProvisional: Bool
    public var since: CivilDate?
    public var until: CivilDate?
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, type: ValueType, isRequired: Bool = false, nullTexts: [String] = [],
        personal: PersonalKind? = nil, standard: String? = nil, isProvisional: Bool = false, since: CivilDate? = nil,
        until: CivilDate? = nil, location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.type = type
        self.isRequired = isRequired
        self.nullTexts = nullTexts
        self.personal = personal
        self.standard = standard
        self.isProvisional = isProvisional
        self.since = since
        self.until = until
        self.location = location
    }
}

/// Rows of another table that belong to a row of this one.
public struct Relation: Sendable, Hashable {
    public var name: String
    public var title: String
    /// The related table's code.
    public var table: String
    /// Pairs of columns: here, there.
    public var on: [ColumnPair]
    public var isToMany: Bool
    public var location: SourceLocation?

    public struct ColumnPair: Sendable, Hashable {
        public var here: String
        public var there: String

        public init(here: String, there: String) {
            self.here = here
            self.there = there
        }
    }

    public init(
        name: String, title: String? = nil, table: String, on: [ColumnPair], isToMany: Bool,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.table = table
        self.on = on
        self.isToMany = isToMany
        self.location = location
    }
}

public struct TableDefinition: Sendable, Hashable {
    public var name: String
    public var title: String
    /// Column codes; may be empty.
    public var key: [String]
    /// The column that says whose row it is: `fydm`, or `anjian.fydm` through a to-one relation.
    public var courtPath: String?
    public var columns: [ColumnDefinition]
    public var relations: [Relation]
    /// Column lists on which the library keeps an index beside the key.
    public var indexes: [[String]]
    public var isProvisional: Bool
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, key: [String] = [], courtPath: String? = nil, columns: [ColumnDefinition],
        relations: [Relation] = [], indexes: [[String]] = [], isProvisional: Bool = false,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.key = key
        self.courtPath = courtPath
        self.columns = columns
        self.relations = relations
        self.indexes = indexes
        self.isProvisional = isProvisional
        self.location = location
    }

    /// By code, else by title.
    public func columnIndex(_ nameOrTitle: String) -> Int? {
        columns.firstIndex { $0.name == nameOrTitle } ?? columns.firstIndex { $0.title == nameOrTitle }
    }

    public func column(_ nameOrTitle: String) -> ColumnDefinition? {
        columnIndex(nameOrTitle).map { columns[$0] }
    }

    /// The column that a source calls so: by code or title; else by either without regard to case, as servers fold names
    /// that are not quoted.
    public func column(offered name: String) -> ColumnDefinition? {
        if let column = column(name) { return column }
        let lowered = name.lowercased()
        return columns.first { $0.name.lowercased() == lowered || $0.title.lowercased() == lowered }
    }

    public func relation(_ nameOrTitle: String) -> Relation? {
        relations.first { $0.name == nameOrTitle } ?? relations.first { $0.title == nameOrTitle }
    }
}
