import Diagnostics
public import RuleLanguage
public import Schema

/// Predicates and scalars over one table, compiled together for a single pass: what the cells of a form count and add.
///
/// The statistical period is bound when they are evaluated.
public struct PredicateSet: Sendable {
    public let table: TableDefinition
    public private(set) var plan = ExpressionPlan()
    /// Steps of the predicates, in the order in which they were added.
    public private(set) var predicates: [Int] = []
    public private(set) var scalars: [Int] = []
    private let checker: TypeChecker

    public init(table: TableDefinition, schema: StandardSchema, lets: [LetDefinition] = []) {
        self.table = table
        checker = TypeChecker(schema: schema, table: table, lets: lets)
    }

    /// Adds a predicate; its index in the masks that an evaluation gives.
    public mutating func addPredicate(_ text: ExpressionText) throws(LanguageError) -> Int {
        addChecked(predicate: try ownColumnsOnly(try checker.checkPredicate(text), text))
    }

    /// Adds a condition that was parsed as part of another text, such as `where` inside a form rule.
    public mutating func addPredicate(_ syntax: Syntax, in text: ExpressionText) throws(LanguageError) -> Int {
        addChecked(predicate: try ownColumnsOnly(try checker.checkPredicate(syntax, in: text), text))
    }

    /// Adds an already typed predicate.
    public mutating func addChecked(predicate: TypedExpression) -> Int {
        predicates.append(plan.add(predicate))
        return predicates.count - 1
    }

    /// Adds a scalar, such as the column whose total a cell shows; its index in the columns that an evaluation gives.
    public mutating func addScalar(_ text: ExpressionText) throws(LanguageError) -> Int {
        scalars.append(plan.add(try ownColumnsOnly(try checker.check(text), text)))
        return scalars.count - 1
    }

    public func type(ofScalar index: Int) -> ExpressionType { plan.steps[scalars[index]].type }

    /// Indexes of the table's columns that are read, ascending.
    public var neededColumns: [Int] { plan.columns }

    private func ownColumnsOnly(
        _ expression: TypedExpression, _ text: ExpressionText
    ) throws(LanguageError) -> TypedExpression {
        let reachesOut = expression.contains { node in
            switch node {
            case .related, .aggregate: true
            default: false
            }
        }
        guard reachesOut else { return expression }
        throw LanguageError(
            Diagnostic(
                code: "relation-in-form",
                LocalizedText(en: "a form counts by columns of its own table only", zh: "报表只能按本表的列统计"),
                at: text.location))
    }
}
