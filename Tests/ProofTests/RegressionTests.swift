import Proof
import ReferenceInterpreter
import RuleLanguage
import Schema
import Testing

/// The smallest questions about which the native engine and the reference once disagreed.
struct RegressionTests {
    private func rule(_ check: String) -> RuleDefinition {
        RuleDefinition(id: "r", table: "a", body: .check(ExpressionText(check)))
    }

    /// Two tables, `a` with columns k x and `b` with columns k y, related by k.
    private func question(
        _ rule: RuleDefinition, x: ValueType, y: ValueType, list: CodeList? = nil, a: [[String?]], b: [[String?]]
    ) -> ProofCase {
        let many = Relation(name: "many", table: "b", on: [.init(here: "k", there: "k")], isToMany: true)
        let one = Relation(name: "one", table: "b", on: [.init(here: "k", there: "k")], isToMany: false)
        let tables = [
            TableDefinition(
                name: "a", columns: [ColumnDefinition(name: "k", type: .int), ColumnDefinition(name: "x", type: x)],
                relations: [many, one]),
            TableDefinition(
                name: "b", columns: [ColumnDefinition(name: "k", type: .int), ColumnDefinition(name: "y", type: y)]),
        ]
        let lists = list.map { [$0.name: $0] } ?? [:]
        return ProofCase(
            schema: StandardSchema(tables: tables, codelists: lists), rules: RuleSet(rules: [rule]), period: nil,
            cells: ["a": a, "b": b])
    }

    private func expectAgreement(_ question: ProofCase) throws {
        let (native, reference) = (try NativeEngine().judge(question), try ReferenceEngine().judge(question))
        #expect(native == reference)
    }

    @Test("equivalentCodes: canonically equivalent codes of a tree are two")
    func equivalentCodes() throws {
        let tree = CodeList(
            name: "tree",
            entries: [.init(code: "r"), .init(code: "é", parent: "r"), .init(code: "e\u{301}")], isTree: true)
        try expectAgreement(
            question(
                rule("x in codelist tree under 'r'"), x: .code(.list("tree")), y: .int, list: tree,
                a: [["1", "e\u{301}"]], b: []))
    }

    @Test("partialSums: a sum is lost only when it itself needs more than 38 digits")
    func partialSums() throws {
        let nines = String(repeating: "9", count: 38)
        try expectAgreement(
            question(
                rule("sum(many.y) = 1"), x: .int, y: .decimal(precision: 38, scale: 0), a: [["1", nil]],
                b: [["1", nines], ["1", "1"], ["1", "-" + nines]]))
    }

    @Test("groupsOverSeveralRows: a rule on groups is judged with each related row")
    func groupsOverSeveralRows() throws {
        var unique = rule("true")
        unique.body = .unique(["x"])
        unique.when = ExpressionText("one.y")
        try expectAgreement(
            question(unique, x: .int, y: .bool, a: [["1", nil]], b: [["1", "f"], ["1", nil]]))
    }

    @Test("a key that did not parse is an error also where the related table is empty")
    func emptyRelatedTable() throws {
        try expectAgreement(question(rule("one.y"), x: .int, y: .bool, a: [["x", nil]], b: []))
    }

    @Test("rounding beyond the digits that there are gives zero")
    func roundingFar() throws {
        try expectAgreement(
            question(
                rule("round(x, -1) = 0"), x: .decimal(precision: 38, scale: 38), y: .int,
                a: [["1", "0.95"], ["1", "-0.5"]], b: []))
    }

    @Test("Chinese names of functions are printed as the others")
    func functionNames() throws {
        let printed = Printer.text(of: try Parser.parse(ExpressionText("有值(a)")))
        #expect(printed == "present(a)")
    }
}
