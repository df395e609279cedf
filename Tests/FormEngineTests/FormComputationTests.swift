import Columnar
import CourtModel
import Diagnostics
import FormEngine
import RuleLanguage
import Schema
import TestSupport
import Testing

@Suite("Computing forms")
struct FormComputationTests {
    private let cases: [SmallProvince.Case] = [
        ("豫1702", "0301", "2026-09-30", nil, "100.00"),  // 旧存, 未结
        ("豫1702", "0301", "2026-09-01", "2026-10-01", "50.50"),  // 旧存, 已结, on the first day
        ("豫1702", "0201", "2026-10-01", "2026-10-31", nil),  // 新收, 已结, on the last day
        ("豫1721", "0202", "2026-10-31", "2026-11-01", "7.25"),  // 新收, 未结
        ("豫1721", "0301", "2026-01-05", "2026-09-30", "9.00"),  // closed before
        ("豫1721", "0301", "2026-11-01", nil, "9.00"),  // filed after
        ("豫17", "0301", "2026-10-10", "2026-10-10", "0.01"),  // 新收, 已结 on the day of filing
    ]

    @Test func `counts by court, and an upper court holds its own and those of its lower courts`() throws {
        let (figures, result) = try SmallProvince.compute(cases)
        #expect(["jc", "xs", "yj", "wj"].map { figures.value("豫1702", "1", $0) } == ["2", "1", "2", "1"])
        #expect(["jc", "xs", "yj", "wj"].map { figures.value("豫1721", "1", $0) } == ["0", "1", "0", "1"])
        #expect(["jc", "xs", "yj", "wj"].map { figures.value("豫17", "1", $0) } == ["2", "3", "3", "2"])
        #expect(["jc", "xs", "yj", "wj"].map { figures.own("豫17", "1", $0) } == ["0", "1", "1", "0"])
        #expect(result.cases == 7)
    }

    @Test func `a row by subtree holds all codes below`() throws {
        let (figures, _) = try SmallProvince.compute(cases)
        #expect(figures.value("豫17", "2", "xs") == "2")
        #expect(figures.value("豫17", "3", "xs") == "1")
    }

    @Test func `amounts are exact and keep their scale`() throws {
        let (figures, _) = try SmallProvince.compute(cases)
        #expect(figures.value("豫17", "1", "bd") == "50.51")
        #expect(figures.value("豫1721", "1", "bd") == "0.00")
    }

    @Test func `a rate is derived after roll-up, half away from zero, blank without a divisor`() throws {
        let (figures, _) = try SmallProvince.compute(cases)
        #expect(figures.value("豫17", "1", "jal") == "60.00")
        #expect(figures.value("豫1702", "1", "jal") == "66.67")
        #expect(figures.value("豫1721", "3", "jal") == "blank")
    }

    @Test func `the size of blocks changes nothing`() throws {
        let whole = try SmallProvince.compute(cases).figures.figures
        for size in 1...3 { #expect(try SmallProvince.compute(cases, blockSize: size).figures.figures == whole) }
    }

    @Test func `a court without cases has zeros`() throws {
        let (figures, _) = try SmallProvince.compute([])
        #expect(figures.value("豫1721", "1", "xs") == "0")
        #expect(figures.value("豫1721", "1", "jal") == "blank")
    }

    @Test func `undecided cases stand beside the form, each counted once`() throws {
        let (figures, result) = try SmallProvince.compute([
            ("豫1702", "0301", nil, "2026-10-05", nil),  // 旧存, 新收, 未结 undecided
            ("豫1702", nil, "2026-10-05", nil, nil),  // the scope is undecided
            ("豫1702", "9999", nil, nil, nil),  // out of scope: not undecided
            ("豫1702", "0301", "坏的", "2026-10-05", nil),  // an error is no decision either
        ])
        #expect(figures.value("豫1702", "1", "yj") == "2")
        #expect(figures.value("豫1702", "1", "xs") == "0")
        #expect(result.undecided == [.init(form: "F01", period: "2026-10", court: "豫1702", cases: 3)])
    }

    @Test func `courts unknown to the hierarchy and cases without a court are reported, not dropped`() throws {
        let (figures, result) = try SmallProvince.compute([
            ("豫1899", "0301", "2026-10-05", nil, nil), ("豫1899", "0301", "2026-10-06", nil, nil),
            (nil, "0301", "2026-10-05", nil, nil), ("豫1702", "0301", "2026-10-05", nil, nil),
        ])
        #expect(result.unknownCourts.map(\.court) == ["豫1899"])
        #expect(result.unknownCourts.map(\.cases) == [2])
        #expect(result.casesWithoutCourt == 1)
        #expect(figures.value("豫1899", "1", "xs") == "2")
        #expect(figures.value("豫17", "1", "xs") == "1")
    }

    @Test func `a form that is not made for the period is skipped and named`() throws {
        var form = SmallProvince.form
        form.periodKinds = ["year"]
        let (figures, result) = try SmallProvince.compute(cases, form: form)
        #expect(figures.isEmpty)
        #expect(result.skippedForms == ["F01"])
    }

    @Test func `several periods in one pass give what each gives alone`() throws {
        let periods = ["2026-10", "2025-10", "2026-09"]
        let together = try SmallProvince.compute(cases, periods: periods, forms: [SmallProvince.form])
        for period in periods {
            let alone = try SmallProvince.compute(cases, period: period)
            #expect(together.figures.figures.filter { $0.period == period } == alone.figures.figures)
        }
        #expect(together.figures.value("豫17", "1", "jc") == "2")
        #expect(together.figures.value("豫17", "1", "jc", period: "2026-09") == "1")
    }

    @Test func `a row made from a code list leaves a case without a code undecided, and knows no stranger`() throws {
        var form = SmallProvince.form
        form.scope = nil
        form.rows.removeLast()
        form.columns = [form.columns[1]]
        let (figures, result) = try SmallProvince.compute(
            [
                ("豫1702", nil, "2026-10-05", nil, nil), ("豫1702", "7777", "2026-10-05", nil, nil),
                ("豫1702", "02", "2026-10-05", nil, nil), ("豫1702", "0202", "2026-10-05", nil, nil),
            ], form: form)
        #expect(figures.value("豫1702", "2", "xs") == "2")
        #expect(figures.value("豫1702", "1", "xs") == "4")
        #expect(result.undecided.map(\.cases) == [1])
    }

    @Test func `a filter by name is the condition written out, and one of a later directory goes before`() throws {
        var schema = SmallProvince.schema
        schema.filters = [
            NamedFilter(name: "在办", table: "anjian", expression: ExpressionText("新来 且 案件类型 <> '9999'")),
            NamedFilter(name: "新来", table: "anjian", expression: ExpressionText("立案日期 属于 本期")),
            NamedFilter(name: "新来", table: "anjian", expression: ExpressionText("假")),
        ]
        var form = SmallProvince.form
        form.scope = ExpressionText("在办")
        schema.forms = [form]
        var computation = try FormComputation(
            table: schema.tables[0], forms: [form], schema: schema,
            periods: [try #require(StatisticalPeriod("2026-10"))])
        try computation.read(CaseReader(cases, blockSize: 3))
        var figures = FigureTable(forms: [form])
        _ = try computation.finish(into: &figures, jurisdictions: SmallProvince.jurisdictions)
        #expect(["jc", "xs", "wj"].map { figures.value("豫17", "1", $0) } == ["0", "3", "1"])
    }

    @Test func `random cases come out as a count case by case, whatever the blocks and the threads`() throws {
        let seed = TestSeed.draw()
        var random = SeededGenerator(seed: seed)
        let days = [
            nil, "2025-09-30", "2025-10-01", "2026-09-30", "2026-10-01", "2026-10-15", "2026-10-31", "2026-11-01", "坏",
        ]
        let cases: [SmallProvince.Case] = (0..<700).map { _ in
            (
                [nil, "豫17", "豫1702", "豫1721", "豫1899"].randomElement(using: &random) ?? nil,
                [nil, "0201", "0202", "0301", "02", "9999", "x"].randomElement(using: &random) ?? nil,
                days.randomElement(using: &random) ?? nil, days.randomElement(using: &random) ?? nil,
                [nil, "1.25", "-3", "坏"].randomElement(using: &random) ?? nil
            )
        }
        let expected = try CountedByHand(cases, first: "2026-10-01", last: "2026-10-31")
        for (size, jobs) in [(700, 1), (64, 1), (13, 1), (50, 3)] {
            let (figures, result) = try SmallProvince.compute(cases, blockSize: size, jobs: jobs)
            for court in ["豫17", "豫1702", "豫1721", "豫1899"] {
                for row in ["1", "2", "3"] {
                    for column in ["jc", "xs", "yj", "wj", "bd"] {
                        #expect(
                            figures.own(court, row, column) == expected.text(court, row, column),
                            "seed \(seed): \(court) \(row) \(column)")
                    }
                }
                #expect(
                    result.undecided.first { $0.court == court }?.cases ?? 0 == expected.undecided[court] ?? 0,
                    "seed \(seed): \(court)")
            }
            #expect(result.casesWithoutCourt == cases.count { $0.court == nil })
        }
    }

    @Test func `a wrong form is refused with all that is wrong with it`() throws {
        var other = SmallProvince.form
        other.name = "F02"
        other.columns[0].measure = .count(ExpressionText("立案日起 属于 本期"))
        var form = SmallProvince.form
        form.columns[5].measure = .ratio(of: ExpressionText("已经"), to: ExpressionText("旧存"), scale: 2)
        let period = try #require(StatisticalPeriod("2026-10"))
        let error = #expect(throws: InvalidDefinitions.self) {
            _ = try FormComputation(
                table: SmallProvince.schema.tables[0], forms: [form, other], schema: SmallProvince.schema,
                periods: [period])
        }
        #expect(error?.diagnostics.count == 2)
        #expect(error?.diagnostics.first?.code == "unknown-name")
    }
}

@Suite("Exact decimals")
struct ExactDecimalTests {
    @Test(arguments: [
        "0", "41", "-0.05", "37.50", "99999999999999999999999999999999999999",
        "-0.00000000000000000000000000000000000001",
    ])
    func `text and back`(_ text: String) {
        #expect(ExactDecimal(text)?.description == text)
    }

    @Test(arguments: ["", "-", ".5", "5.", "+1", "1e3", " 1", "1,000", "１", "100000000000000000000000000000000000000"])
    func `no number`(_ text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    @Test func `half goes away from zero`() throws {
        #expect(try ExactDecimal(1).divided(by: ExactDecimal(8), scale: 2)?.description == "0.13")
        #expect(try ExactDecimal(-1).divided(by: ExactDecimal(8), scale: 2)?.description == "-0.13")
        #expect(try ExactDecimal(1).divided(by: ExactDecimal(3), scale: 2)?.description == "0.33")
        #expect(try ExactDecimal(1).divided(by: ExactDecimal(0), scale: 2) == nil)
        #expect(ExactDecimal("2.5")?.rounded(scale: 0).description == "3")
        #expect(ExactDecimal("-2.449")?.rounded(scale: 1).description == "-2.4")
    }

    @Test func `value decides, not scale`() throws {
        let (a, b) = (try #require(ExactDecimal("1.50")), try #require(ExactDecimal("1.5")))
        #expect(a == b && a.hashValue == b.hashValue && !(a < b))
        #expect(try #require(ExactDecimal("-1.51")) < a)
    }

    @Test func `what does not fit is an error, not a trap`() throws {
        let large = try #require(ExactDecimal("99999999999999999999999999999999999999"))
        #expect(throws: OperationError.self) { try large.adding(large) }
        #expect(throws: OperationError.self) { try large.multiplied(by: large) }
        #expect(try #require(ExactDecimal("0.5")) < large)
    }
}

/// The form of the small province counted one case after the other, by a hand-written three-valued logic.
private struct CountedByHand {
    private(set) var undecided: [String: Int] = [:]
    private var values: [[String]: Int] = [:]

    init(_ cases: [SmallProvince.Case], first: String, last: String) throws {
        for one in cases {
            guard let court = one.court else { continue }
            // Days compare as texts; one that did not parse is as undecided as one that is not there.
            let filed = one.filed == "坏" ? nil : one.filed
            let (closed, closedError) = (one.closed == "坏" ? nil : one.closed, one.closed == "坏")
            let notBefore = closedError ? nil : closed.map { $0 >= first } ?? true
            let notWithin = closedError ? nil : closed.map { $0 > last } ?? true
            let closedIn: Bool? = closed.map { $0 >= first && $0 <= last }
            let columns: [String: Bool?] = [
                "jc": Self.and(filed.map { $0 < first }, notBefore), "xs": filed.map { $0 >= first && $0 <= last },
                "yj": closedIn, "wj": Self.and(filed.map { $0 <= last }, notWithin), "bd": closedIn,
            ]
            let rows: [String: Bool?] = [
                "1": true, "2": one.type.map { ["02", "0201", "0202"].contains($0) },
                "3": one.type.map { $0 == "0301" },
            ]
            let scope: Bool? = one.type.map { $0 != "9999" }
            var isUndecided = false
            for (row, inRow) in rows {
                for (column, inColumn) in columns {
                    var cell = Self.and(scope, Self.and(inRow, inColumn))
                    if column == "bd", cell == true, one.amount == "坏" { cell = nil }
                    if cell == nil { isUndecided = true }
                    guard cell == true else { continue }
                    let amount = one.amount == "1.25" ? 125 : one.amount == "-3" ? -300 : 0
                    values[[court, row, column], default: 0] += column == "bd" ? amount : 1
                }
            }
            if isUndecided { undecided[court, default: 0] += 1 }
        }
    }

    private static func and(_ left: Bool?, _ right: Bool?) -> Bool? {
        if left == false || right == false { return false }
        return left == nil || right == nil ? nil : true
    }

    func text(_ court: String, _ row: String, _ column: String) -> String {
        let value = values[[court, row, column]] ?? 0
        return ExactDecimal(unscaled: Int128(value), scale: column == "bd" ? 2 : 0).description
    }
}

/// Numbers that come again with the same seed.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
