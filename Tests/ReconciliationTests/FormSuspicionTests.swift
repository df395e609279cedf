import Diagnostics
import FormEngine
import RuleLanguage
import Schema
import TestSupport
import Testing

@testable import Reconciliation

/// A form with balances, sums over rows on two levels and an inequality; wrong figures planted in it.
@Suite("The smallest change that satisfies a form's rules")
struct FormSuspicionTests {
    /// 1 total of 2 and 6; 2 of 3…5; 6 of 7…9. Columns: a + b = c + d, e <= d.
    private static let columns = ["a", "b", "c", "d", "e"]
    private static let sums = ["1": ["2", "6"], "2": ["3", "4", "5"], "6": ["7", "8", "9"]]
    private static let schema = StandardSchema(
        forms: [
            FormDefinition(
                name: "F", columns: columns.map { .init(code: $0, measure: .given) },
                rows: (1...9).map { .init(code: "\($0)", selection: .given) })
        ])
    private static let rules =
        [("balance", "[*, a] + [*, b] = [*, c] + [*, d]"), ("part", "[*, e] <= [*, d]")].map {
            RuleDefinition(id: $0.0, forms: ["F"], body: .formCheck(ExpressionText($0.1)))
        }
        + sums.sorted { $0.key < $1.key }.map { total, parts in
            RuleDefinition(
                id: "sum \(total)", forms: ["F"],
                body: .formCheck(
                    ExpressionText("[\(total), *] = sum row (\(parts.joined(separator: ", "))) [row, *]")))
        }

    /// By row and column, 45 cells.
    private typealias Cells = [Int]

    private static func consistent(_ random: inout RandomForms) -> Cells {
        var cells = Array(repeating: 0, count: 45)
        for row in [2, 3, 4, 6, 7, 8] {
            let (a, b) = (
                Int.random(in: 0...60, using: &random.numbers), Int.random(in: 0...60, using: &random.numbers)
            )
            let c = Int.random(in: 0...(a + b), using: &random.numbers)
            let leaf = [a, b, c, a + b - c, Int.random(in: 0...(a + b - c), using: &random.numbers)]
            for column in 0..<5 { cells[row * 5 + column] = leaf[column] }
        }
        for total in ["2", "6", "1"] {
            for column in 0..<5 {
                cells[((Int(total) ?? 1) - 1) * 5 + column] = (sums[total] ?? []).reduce(0) {
                    $0 + cells[((Int($1) ?? 1) - 1) * 5 + column]
                }
            }
        }
        return cells
    }

    private func store(_ cells: Cells) -> FigureStore {
        let store = FigureStore(forms: Self.schema.forms)
        for (place, number) in cells.enumerated() {
            _ = store.insert(
                Figure(
                    form: "F", court: "甲", period: "2026-10", row: "\(place / 5 + 1)",
                    column: Self.columns[place % 5], value: .number(ExactDecimal(number))))
        }
        return store
    }

    private func findings(_ cells: Cells, _ check: FormRuleCheck) -> [FormFinding] {
        check.judge(store(cells), periods: ["2026-10"]) { _, _ in Jurisdictions(courts: ["甲"], parents: [:]) }.findings
    }

    private func changed(_ cells: Cells, by choice: [FormSuspicion.Cell]) throws -> Cells {
        var cells = cells
        for cell in choice {
            let column = try #require(Self.columns.firstIndex(of: cell.column))
            let place = ((Int(cell.row) ?? 0) - 1) * 5 + column
            #expect(cell.figure == ExactDecimal(cells[place]))
            cells[place] = try #require(Int("\(cell.suggested)"))
        }
        return cells
    }

    @Test(arguments: 1...60)
    func `is never larger than what was planted, and satisfies all rules`(_ round: Int) throws {
        let seed = TestSeed.draw(UInt64(round))
        print("random form: seed \(seed)")
        var random = RandomForms(seed: seed)
        let check = try FormRuleCheck(rules: Self.rules, schema: Self.schema)
        var cells = Self.consistent(&random)
        #expect(findings(cells, check).isEmpty)
        let planted = 1 + round % 3
        for _ in 0..<planted {
            cells[Int.random(in: 0..<45, using: &random.numbers)] = Int.random(in: 0...200, using: &random.numbers)
        }
        let found = findings(cells, check)
        let suspicions = check.suspect(found, store(cells), limit: .seconds(60))
        guard found.count > 1 else { return #expect(suspicions.isEmpty) }
        let suspicion = try #require(suspicions.first)
        #expect(suspicions.count == 1)
        #expect(suspicion.brokenCount == found.count)
        #expect(Set(suspicion.rules) == Set(found.map(\.rule)))
        #expect(!suspicion.isCutShort && suspicion.unconsidered.isEmpty)
        let size = try #require(suspicion.choices.first).count
        #expect(size <= planted && size == suspicion.leastSize)
        for choice in suspicion.choices {
            #expect(choice.count == size)
            #expect(findings(try changed(cells, by: choice), check) == [])
        }
        #expect(Set(suspicion.choices).count == suspicion.choices.count)
        if size > 1 { #expect(!oneCellIsEnough(cells, found, check)) }
    }

    /// Another way: each cell, with each number that would mend one of the sums that are broken.
    private func oneCellIsEnough(_ cells: Cells, _ found: [FormFinding], _ check: FormRuleCheck) -> Bool {
        let steps = Set(
            found.flatMap { finding -> [Int] in
                let step = Int("\(finding.difference ?? .zero)") ?? 0
                return [step, -step]
            })
        return cells.indices.contains { place in
            steps.contains { step in
                var other = cells
                other[place] += step
                return other[place] >= 0 && findings(other, check).isEmpty
            }
        }
    }

    @Test func `one figure that three rules read is named, with the number it should be`() throws {
        var random = RandomForms(seed: 5)
        let check = try FormRuleCheck(rules: Self.rules, schema: Self.schema)
        let sound = Self.consistent(&random)
        var cells = sound
        cells[1 * 5 + 0] += 7
        let suspicion = try #require(check.suspect(findings(cells, check), store(cells)).first)
        #expect(suspicion.rules == ["balance", "sum 1", "sum 2"])
        let expected = [
            FormSuspicion.Cell(
                row: "2", column: "a", figure: ExactDecimal(cells[5]), suggested: ExactDecimal(sound[5]))
        ]
        #expect(suspicion.choices == [expected])
        #expect(suspicion.message.zh.contains("没有其他 1 格的可能"))
    }

    @Test func `a search without time says so, and what it left out`() throws {
        var random = RandomForms(seed: 6)
        let product = RuleDefinition(
            id: "product", forms: ["F"], body: .formCheck(ExpressionText("[1, a] * [1, b] >= 0")))
        let check = try FormRuleCheck(rules: Self.rules + [product], schema: Self.schema)
        var cells = Self.consistent(&random)
        cells[5] += 7
        let suspicion = try #require(
            check.suspect(findings(cells, check), store(cells), limit: .zero).first)
        #expect(suspicion.isCutShort && suspicion.choices.isEmpty)
        #expect(suspicion.unconsidered == ["product"])
        #expect(suspicion.message.en.contains("time limit"))
    }

    @Test func `rules that contradict each other are satisfied by no change`() throws {
        let contradiction = [("high", "[1, a] >= [1, b] + 1"), ("low", "[1, a] <= [1, b] - 1")].map {
            RuleDefinition(id: $0.0, forms: ["F"], body: .formCheck(ExpressionText($0.1)))
        }
        let check = try FormRuleCheck(rules: contradiction, schema: Self.schema)
        let cells = Array(repeating: 3, count: 45)
        let suspicion = try #require(check.suspect(findings(cells, check), store(cells)).first)
        #expect(suspicion.choices.isEmpty && !suspicion.isCutShort)
    }

    @Test(arguments: 1...300)
    func `a small system is solved as by trying all integers`(_ round: Int) throws {
        let seed = TestSeed.draw(UInt64(round))
        var random = RandomForms(seed: seed)
        let count = Int.random(in: 1...3, using: &random.numbers)
        // Every variable lies between 0 and 6, so that all can be tried.
        var constraints = (0..<count).map { variable in
            LinearSystem.Constraint(
                coefficients: (0..<count).map { $0 == variable ? .one : .zero }, lower: .zero, upper: Fraction(6))
        }
        for _ in 0..<Int.random(in: 1...4, using: &random.numbers) {
            let bound = Int128(Int.random(in: -8...12, using: &random.numbers))
            constraints.append(
                LinearSystem.Constraint(
                    coefficients: (0..<count).map { _ in
                        Fraction(Int128(Int.random(in: -3...3, using: &random.numbers)))
                    },
                    lower: random.chance(2, in: 3) ? Fraction(bound) : nil,
                    upper: random.chance(2, in: 3)
                        ? Fraction(bound + Int128(Int.random(in: 0...1, using: &random.numbers))) : nil))
        }
        func holds(_ values: [Int128], _ chosen: some Sequence<LinearSystem.Constraint>) -> Bool {
            chosen.allSatisfy { constraint in
                let sum = zip(constraint.coefficients, values).reduce(Int128(0)) { $0 + $1.0.numerator * $1.1 }
                return (constraint.lower.map { $0.numerator <= sum } ?? true)
                    && (constraint.upper.map { sum <= $0.numerator } ?? true)
            }
        }
        let all = (0..<(count == 1 ? 7 : count == 2 ? 49 : 343)).map { number in
            (0..<count).map { Int128([1, 7, 49][$0]) }.map { Int128(number) / $0 % 7 }
        }
        let start = (0..<count).map { _ in Fraction(Int128(Int.random(in: -2...9, using: &random.numbers))) }
        let system = try LinearSystem(constraints, start: start, minimum: start.map { _ in nil })
        switch try system.integers() {
        case .satisfied(let values): #expect(holds(values, constraints), "seed \(seed)")
        case .contradiction(let rows):
            // The constraints named cannot hold together, beside the ranges.
            let named = constraints.indices.filter { rows.contains($0) || $0 < count }.map { constraints[$0] }
            #expect(!all.contains { holds($0, named) }, "seed \(seed)")
        }
    }
}
