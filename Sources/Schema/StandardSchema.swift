/// Everything that definitions say about the data, resolved: names are known, types are checked. Rules and sources are
/// kept beside it, since they are written against it.
public struct StandardSchema: Sendable {
    /// In the order in which they were read.
    public var tables: [TableDefinition]
    public var codelists: [String: CodeList]
    public var hierarchies: [String: Hierarchy]
    public var calendars: [String: WorkCalendar]
    public var forms: [FormDefinition]
    /// Conditions that forms use by name, the one that counts first where names are the same.
    public var filters: [NamedFilter] = []
    /// `caseno: {types: ajlx.dz}`: the code list and attribute whose values are the 类型代字 marks.
    public var caseNumberTypes: (codelist: String, attribute: String)?
    /// Names of what was defined but could not be read, so that they are not told as unknown too; `table.column` of a
    /// column whose type could not be.
    public var unreadable: Set<String> = []

    public init(
        tables: [TableDefinition] = [], codelists: [String: CodeList] = [:], hierarchies: [String: Hierarchy] = [:],
        calendars: [String: WorkCalendar] = [:], forms: [FormDefinition] = [],
        caseNumberTypes: (codelist: String, attribute: String)? = nil
    ) {
        self.tables = tables
        self.codelists = codelists
        self.hierarchies = hierarchies
        self.calendars = calendars
        self.forms = forms
        self.caseNumberTypes = caseNumberTypes
    }

    /// By code, else by title.
    public func table(_ nameOrTitle: String) -> TableDefinition? {
        tables.first { $0.name == nameOrTitle } ?? tables.first { $0.title == nameOrTitle }
    }

    /// By name, else by title.
    public func codelist(_ nameOrTitle: String) -> CodeList? {
        codelists[nameOrTitle] ?? codelists.values.first { $0.title == nameOrTitle }
    }

    /// By name, else by title.
    public func hierarchy(_ nameOrTitle: String) -> Hierarchy? {
        hierarchies[nameOrTitle] ?? hierarchies.values.first { $0.title == nameOrTitle }
    }

    /// By name, else by title.
    public func form(_ nameOrTitle: String) -> FormDefinition? {
        forms.first { $0.name == nameOrTitle } ?? forms.first { $0.title == nameOrTitle }
    }
}
