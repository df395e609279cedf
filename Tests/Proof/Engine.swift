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
    private let workdays: Workdays?
    private let observe: Interpreter.Observer?

    /// - Parameter calendar: the only calendar that the questions will have.
    public init(calendar: WorkCalendar?, observe: Interpreter.Observer? = nil) {
        workdays = calendar.map { calendar in
            Workdays(holidays: Self.days(calendar.holidays), workdays: Self.days(calendar.workdays))
        }
        self.observe = observe
    }

    private static func days(_ dates: some Sequence<some CustomStringConvertible>) -> Set<Day> {
        Set(dates.compactMap { Day(Array($0.description.unicodeScalars)) })
    }

    public func judge(_ question: ProofCase) throws -> [Verdict?] {
        let period = question.period.flatMap { period -> (first: Day, last: Day)? in
            guard let first = Day(Array(period.firstDay.description.unicodeScalars)),
                let last = Day(Array(period.lastDay.description.unicodeScalars))
            else { return nil }
            return (first, last)
        }
        let tables = Tables(
            schema: question.schema, cells: question.cells, period: period, workdays: workdays)
        let judge = RuleJudge(Interpreter(tables, observe: observe), lets: question.rules.lets)
        return try question.rules.rules.map { try judge.judge($0) }
    }
}
