import RulePlan
import Schema
import Testing

@testable import SQLGeneration

struct RowTermsTests {
    @Test("an expression that is named again, further out, takes no other's name")
    func names() {
        let leaves = RowTerms.Leaves(column: { _ in SQLTerm(value: .null(.text), type: .text) })
        let terms = RowTerms(ExpressionPlan(), roots: [], leaves: leaves, schema: StandardSchema(), period: nil)
        let first = SQLExpression.infix("+", [.number("1"), .number("2")])
        let second = SQLExpression.infix("+", [.number("1"), .number("3")])
        let third = SQLExpression.infix("+", [.number("1"), .number("4")])
        let named = [
            terms.bind(first, level: 0), terms.bind(first, level: 2), terms.bind(second, level: 2),
            terms.bind(third, level: 0),
        ]
        #expect(Set(named.map(\.0)).count == 4)
        #expect(terms.bind(first, level: 0).0 == named[1].0)
    }
}
