import Columnar
public import CourtModel
public import ReferenceInterpreter
public import RuleLanguage
public import Schema

/// Definitions and data that every engine is asked about.
public struct ProofCase: Sendable {
    public var schema: StandardSchema
    public var rules: RuleSet
    public var period: StatisticalPeriod?
    /// By table code: rows of texts in the order of the table's columns, nil for NULL.
    public var cells: [String: [[String?]]]

    public init(
        schema: StandardSchema, rules: RuleSet, period: StatisticalPeriod?, cells: [String: [[String?]]]
    ) {
        self.schema = schema
        self.rules = rules
        self.period = period
        self.cells = cells
    }
}

/// Something that judges rules over tables: the native engine, the reference interpreter, PostgreSQL.
public protocol Engine {
    var name: String { get }
    /// One verdict per rule, in the order of the rules; nil for a rule that was not run.
    func judge(_ question: ProofCase) throws -> [Verdict?]
}

/// The reference interpreter as an engine.
public struct ReferenceEngine: Engine {
    public let name = "reference"
    /// Of the calendar of all random questions, counted once.
    private static let workdays = Workdays(
        holidays: days(UniverseGenerator.calendar.holidays), workdays: days(UniverseGenerator.calendar.workdays))
    private let observe: Interpreter.Observer?

    public init(observe: Interpreter.Observer? = nil) { self.observe = observe }

    private static func days(_ dates: Set<CivilDate>) -> Set<Day> {
        Set(dates.compactMap { Day(Array($0.description.unicodeScalars)) })
    }

    public func judge(_ question: ProofCase) throws -> [Verdict?] {
        let judge = judge(for: question)
        return try question.rules.rules.map { try judge.judge($0) }
    }

    /// What an expression gives for each row of a table.
    public func values(of text: String, on table: String, _ question: ProofCase) throws -> [Value] {
        guard let table = question.schema.table(table) else { return [] }
        return try judge(for: question).values(of: ExpressionText(text), on: table)
    }

    private func judge(for question: ProofCase) -> RuleJudge {
        let period = question.period.flatMap { period -> (first: Day, last: Day)? in
            guard let first = Day(Array(period.firstDay.description.unicodeScalars)),
                let last = Day(Array(period.lastDay.description.unicodeScalars))
            else { return nil }
            return (first, last)
        }
        let tables = Tables(
            schema: question.schema, cells: question.cells, period: period, workdays: Self.workdays)
        return RuleJudge(Interpreter(tables, observe: observe), lets: question.rules.lets)
    }
}
