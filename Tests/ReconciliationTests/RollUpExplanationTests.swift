import FormEngine
import Reconciliation
import RuleLanguage
import Schema
import TestSupport
import Testing

/// One form of a court over six others; sound figures, and one mistake planted in them.
@Suite("Explaining a roll-up that does not add up")
struct RollUpExplanationTests {
    private static let upper = "甲"
    private static let lower = (1...6).map { "乙\($0)" }
    private static let rows = 4
    private static let columns = 5
    private static let schema = StandardSchema(
        codelists: ["court": CodeList(name: "court", entries: ([upper] + lower).map { .init(code: $0) }, isTree: true)],
        hierarchies: [
            "court": Hierarchy(
                name: "court", codelist: "court",
                parents: Dictionary(uniqueKeysWithValues: lower.map { ($0, upper) }))
        ],
        forms: [
            FormDefinition(
                name: "F", columns: (1...columns).map { .init(code: "\($0)", measure: .given) },
                rows: (1...rows).map { .init(code: "\($0)", selection: .given) })
        ])

    /// By court and period: value and own figure of each cell.
    private typealias Sheets = [String: [String: [(value: Int, own: Int)]]]

    private struct Province {
        var random: RandomForms
        var sheets: Sheets = [:]

        init(seed: UInt64) {
            random = RandomForms(seed: seed)
            for period in ["2026-09", "2026-10"] {
                var total = (0..<rows * columns).map { _ in (value: 0, own: number()) }
                for cell in total.indices { total[cell].value = total[cell].own }
                for court in lower {
                    let sheet = total.indices.map { _ in number() }
                    sheets[court, default: [:]][period] = sheet.map { ($0, $0) }
                    for cell in total.indices { total[cell].value += sheet[cell] }
                }
                sheets[upper, default: [:]][period] = total
            }
        }

        mutating func number() -> Int { Int.random(in: 100...9_999, using: &random.numbers) }

        subscript(court: String, cell: Int) -> Int {
            get { sheets[court]?["2026-10"]?[cell].value ?? 0 }
            set { sheets[court]?["2026-10"]?[cell].value = newValue }
        }

        /// Changes every cell of the upper court.
        mutating func change(_ new: (Int, Int) -> Int) {
            for cell in 0..<rows * columns { self[upper, cell] = new(cell, self[upper, cell]) }
        }

        /// Pattern and courts of each explanation.
        func explained() throws -> [String] {
            let store = FigureStore(forms: schema.forms)
            for (court, periods) in sheets {
                for (period, cells) in periods {
                    for (place, cell) in cells.enumerated() {
                        _ = store.insert(
                            Figure(
                                form: "F", court: court, period: period, row: "\(place / columns + 1)",
                                column: "\(place % columns + 1)", value: .number(ExactDecimal(cell.value)),
                                own: .number(ExactDecimal(cell.own))))
                    }
                }
            }
            let rule = RuleDefinition(
                id: "D", forms: ["F"], body: .rollup(cells: ExpressionText("[*, *]"), along: "court", own: true))
            let tree = Jurisdictions(
                courts: [upper] + lower, parents: Dictionary(uniqueKeysWithValues: lower.map { ($0, upper) }))
            let check = try FormRuleCheck(rules: [rule], schema: schema)
            let result = check.judge(store, periods: ["2026-10"]) { _, _ in tree }
            // A lower court whose value is not its own figure is a finding of its own.
            let findings = result.findings.filter { $0.court == upper }
            return check.explain(findings, store) { _, _ in tree }
                .map { ([$0.pattern.rawValue] + $0.courts).joined(separator: " ") }
        }
    }

    private func planted(_ plant: (inout Province) -> Void) throws -> [String] {
        let seed = TestSeed.draw()
        print("random province: seed \(seed)")
        var province = Province(seed: seed)
        plant(&province)
        return try province.explained()
    }

    @Test func `sound figures need no explanation`() throws {
        #expect(try planted { _ in } == [])
    }

    @Test func `a court that was left out, and one that was added twice`() throws {
        #expect(
            try planted { province in
                let sheet = province
                province.change { $1 - sheet["乙3", $0] }
            } == ["omitted-court 乙3"])
        #expect(
            try planted { province in
                let sheet = province
                province.change { $1 + sheet["乙5", $0] }
            } == ["doubled-court 乙5"])
    }

    @Test func `two figures in each other's place`() throws {
        #expect(
            try planted { province in
                (province["甲", 3], province["甲", 11]) = (province["甲", 11], province["甲", 3])
            } == ["swapped-figures"])
    }

    @Test func `two digits in each other's place`() throws {
        #expect(
            try planted { province in
                // The sum is made to be 24351 by the own figure.
                let below = RollUpExplanationTests.lower.reduce(0) { $0 + province[$1, 7] }
                province.sheets["甲"]?["2026-10"]?[7] = (24531, 24351 - below)
            } == ["swapped-digits"])
    }

    @Test func `a unit of ten thousand, of the upper court and of a lower one`() throws {
        #expect(try planted { $0.change { $1 * 10_000 } } == ["ten-thousand"])
        #expect(
            try planted { province in
                // The lower court gives its figures in ten thousands; the upper court's sum is right.
                for cell in 0..<20 {
                    let figure = province["乙2", cell]
                    province["甲", cell] += figure * 9_999
                }
            } == ["ten-thousand 乙2"])
    }

    @Test func `columns shifted, of the upper court and of a lower one`() throws {
        #expect(
            try planted { province in
                let sheet = province
                province.change { cell, value in cell % 5 == 0 ? 0 : sheet["甲", cell - 1] }
            } == ["shifted-columns"])
        #expect(
            try planted { province in
                let sheet = province
                for cell in 5..<10 { province["乙4", cell] = cell % 5 == 0 ? 0 : sheet["乙4", cell - 1] }
            } == ["shifted-columns 乙4"])
    }

    @Test func `the figures of the period before`() throws {
        #expect(
            try planted { province in
                let sheets = province.sheets
                province.change { cell, _ in sheets["甲"]?["2026-09"]?[cell].value ?? 0 }
            } == ["stale"])
        #expect(
            try planted { province in
                let sheets = province.sheets
                province.change { cell, value in
                    value - (sheets["乙6"]?["2026-10"]?[cell].value ?? 0) + (sheets["乙6"]?["2026-09"]?[cell].value ?? 0)
                }
            } == ["stale 乙6"])
    }

    @Test(arguments: 1...20)
    func `an edit by chance follows no pattern`(_ number: Int) throws {
        #expect(
            try planted { province in
                // In one to three cells, by amounts of which none is an exchange of two digits.
                for place in 0..<(1 + number % 3) {
                    let amount = Int.random(in: 1...40, using: &province.random.numbers) * 9 + 1 + place
                    province["甲", (number * 7 + place * 6) % 20] += amount
                }
            } == ["none"])
    }
}
