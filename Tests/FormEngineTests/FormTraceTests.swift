import CourtModel
import Diagnostics
import FormEngine
import RuleLanguage
import Schema
import Testing

@Suite("From a figure to its cases")
struct FormTraceTests {
    private let cases: [SmallProvince.Case] = [
        ("豫1702", "0301", "2026-09-30", nil, "100.00"), ("豫1702", "0301", "2026-09-01", "2026-10-01", "50.50"),
        ("豫1702", "0201", "2026-10-01", "2026-10-31", nil), ("豫1721", "0202", "2026-10-31", "2026-11-01", "7.25"),
        ("豫17", "0301", "2026-10-10", "2026-10-10", "0.01"), ("豫1702", nil, "2026-10-05", nil, nil),
        (nil, "0301", "2026-10-05", nil, nil), ("豫1721", "0301", "2019-01-01", "2019-02-01", nil),
    ]

    private func trace() throws -> FormTrace {
        try FormTrace(
            table: SmallProvince.schema.tables[0], forms: [SmallProvince.form], schema: SmallProvince.schema,
            period: try #require(StatisticalPeriod("2026-10")))
    }

    @Test func `the cases of every cell are as many as its figure, and their amounts add up to it`() throws {
        let (figures, _) = try SmallProvince.compute(cases)
        let trace = try trace()
        for row in ["1", "2", "3"] {
            for column in ["jc", "xs", "yj", "wj", "bd"] {
                for (court, below) in [("豫17", ["豫17", "豫1702", "豫1721"]), ("豫1702", ["豫1702"])] {
                    let found = try trace.cases(
                        form: "F01", row: row, column: column, courts: Set(below),
                        in: CaseReader(cases, blockSize: 3)
                    ).filter { !$0.isUndecided }
                    let total =
                        column == "bd"
                        ? try found.reduce(ExactDecimal(unscaled: 0, scale: 2)) { try $0.adding($1.amount ?? .zero) }
                        : ExactDecimal(found.count)
                    #expect("\(total)" == figures.value(court, row, column), "\(court) \(row) \(column)")
                }
            }
        }
    }

    @Test func `a case that a cell cannot decide is told as such`() throws {
        let found = try trace().cases(
            form: "F01", row: "合计", column: "新收", courts: ["豫1702"], in: CaseReader(cases, blockSize: 8))
        #expect(found.map(\.key) == [["2"], ["5"]])
        #expect(found.map(\.isUndecided) == [false, true])
    }

    @Test func `a case tells every cell that counts it`() throws {
        let cells = try #require(try trace().cells(ofCase: ["1"], in: CaseReader(cases, blockSize: 2)))
        let names = cells.map { "\($0.row) \($0.column)" }
        #expect(names == ["1 jc", "1 yj", "1 bd", "3 jc", "3 yj", "3 bd"])
        #expect(try trace().cells(ofCase: ["7"], in: CaseReader(cases, blockSize: 2)) == [])
        #expect(try trace().cells(ofCase: ["没有"], in: CaseReader(cases, blockSize: 2)) == nil)
    }

    @Test func `all cases at once tell the cells that each tells alone`() throws {
        var seen: [String] = []
        try trace().forEachCase(in: CaseReader(cases, blockSize: 3)) { one, cells in
            seen.append(one.key[0])
            let alone = try trace().cells(ofCase: one.key, in: CaseReader(cases, blockSize: 3)) ?? []
            #expect(Set(cells) == Set(alone.filter { !$0.isUndecided }), "\(one.key)")
            #expect(Set(cells).count == cells.count)
        }
        // One without a court is in no figure.
        let counted = try cases.indices.filter { cases[$0].court != nil }.map { "\($0)" }.filter { key in
            try trace().cells(ofCase: [key], in: CaseReader(cases, blockSize: 3))?.contains { !$0.isUndecided } ?? false
        }
        #expect(seen == counted && seen.count >= 4)
    }
}
