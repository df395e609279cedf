public import Columnar
public import Diagnostics

/// 代码表: codes with their validity, attributes and, where it is a tree, their parents.
public struct CodeList: Sendable {
    public struct Entry: Sendable, Hashable {
        public var code: String
        public var parent: String?
        /// Both inclusive; nil is without limit.
        public var since: CivilDate?
        public var until: CivilDate?
        /// In the order of `attributes`; nil where the CSV is empty.
        public var values: [String?]

        public init(
            code: String, parent: String? = nil, since: CivilDate? = nil, until: CivilDate? = nil,
            values: [String?] = []
        ) {
            self.code = code
            self.parent = parent
            self.since = since
            self.until = until
            self.values = values
        }

        public func isValid(on date: CivilDate) -> Bool {
            (since.map { $0 <= date } ?? true) && (until.map { date <= $0 } ?? true)
        }
    }

    public struct Attribute: Sendable, Hashable {
        public var name: String
        public var title: String

        public init(name: String, title: String) {
            self.name = name
            self.title = title
        }
    }

    public var name: String
    public var title: String
    /// In the order of the CSV; several versions of a code have disjoint validity.
    public var entries: [Entry]
    public var attributes: [Attribute]
    public var isTree: Bool
    public var isDated: Bool
    public var isProvisional: Bool
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, entries: [Entry], attributes: [Attribute] = [], isTree: Bool = false,
        isDated: Bool = false, isProvisional: Bool = false, location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.entries = entries
        self.attributes = attributes
        self.isTree = isTree
        self.isDated = isDated
        self.isProvisional = isProvisional
        self.location = location
    }

    /// By name, else by title.
    public func attributeIndex(_ nameOrTitle: String) -> Int? {
        attributes.firstIndex { $0.name == nameOrTitle } ?? attributes.firstIndex { $0.title == nameOrTitle }
    }

    /// The attribute that holds what a code is called (名称).
    public var nameIndex: Int? { attributeIndex("mc") ?? attributeIndex("名称") }
}

/// 上下级: a code list read as a tree. Roots are whoever has no parent.
public struct Hierarchy: Sendable {
    public var name: String
    public var title: String
    /// The code list's name.
    public var codelist: String
    /// The parent of each code; roots are absent.
    public var parents: [String: String]
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, codelist: String, parents: [String: String], location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.codelist = codelist
        self.parents = parents
        self.location = location
    }
}

/// Days off and days worked in their stead, for `workdays`.
public struct WorkCalendar: Sendable {
    public var name: String
    public var title: String
    public var holidays: Set<CivilDate>
    /// Weekend days that are worked.
    public var workdays: Set<CivilDate>
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, holidays: Set<CivilDate>, workdays: Set<CivilDate>,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.holidays = holidays
        self.workdays = workdays
        self.location = location
    }
}
