import Columnar
import CourtModel
import Diagnostics
import RuleEngine
import RuleLanguage
import RulePlan
import Schema
import Testing

/// Whole checks over small tables: statistics, relations, groups, findings.
struct QualityCheckTests {
    typealias Row = EngineFixture.Row

    static let cases: [Row] = [
        [
            "ajbs": "A1", "ah": "（2026）豫1702民初1号", "fydm": "豫1702", "larq": "2026-01-05", "jarq": "2026-02-01",
            "dsrs": "2",
        ],
        [
            "ajbs": "A2", "ah": "（2026）豫1702民初2号", "fydm": "豫1702", "larq": "2026-03-05", "jarq": "2026-02-01",
            "dsrs": "1",
        ],
        ["ajbs": "A3", "ah": "（2026）豫1702民初2号", "fydm": "豫1702", "larq": "2026-03-05", "dsrs": "0"],
        ["ajbs": "A4", "ah": "（2026）豫1702民初2号", "fydm": "豫1703", "larq": "2026-99-05", "dsrs": "x"],
        ["ajbs": nil, "fydm": "豫1703", "larq": "2026-03-05", "dsrs": "0"],
    ]
    static let parties: [Row] = [
        ["ajbs": "A1", "xh": "1", "xm": "张三丰", "ssdw": "01", "csrq": "1990-01-01"],
        ["ajbs": "A1", "xh": "2", "xm": "李四", "ssdw": "02", "csrq": "2026-06-01"],
        ["ajbs": "A2", "xh": "3", "xm": "王五", "ssdw": "01"],
        ["ajbs": "A9", "xh": "1", "xm": "赵六", "ssdw": "01", "csrq": "1990-01-01"],
        ["ajbs": nil, "xh": "1", "xm": "钱七"],
    ]
    static let both = ["anjian": cases, "dangshiren": parties]

    private func counts(_ entry: RuleStatistics) -> [Int] {
        [entry.rowsInScope, entry.applicable, entry.isTrue, entry.isFalse, entry.undecided, entry.error]
    }

    private func judge(
        _ rule: RuleDefinition, _ tables: [String: [Row]] = both, options: QualityCheck.Options = .init()
    ) throws -> (RuleStatistics, [Finding]) {
        let result = try EngineFixture.run([rule], options: options, tables)
        return (try #require(result.statistics.first), result.findings.filter { $0.rule == rule.id })
    }

    @Test("when A check B is (not A) or B, and rows in scope are the sum of the outcomes")
    func whenAndCheck() throws {
        let (entry, findings) = try judge(EngineFixture.rule("结案日期 >= 立案日期", when: "有值(结案日期)"))
        #expect(counts(entry) == [5, 2, 4, 1, 0, 0])
        #expect(findings.map(\.key) == ["A2"] && findings.map(\.row) == [2] && findings.map(\.court) == ["豫1702"])
        let (bare, _) = try judge(EngineFixture.rule("结案日期 >= 立案日期"))
        #expect(counts(bare) == [5, 5, 1, 1, 2, 1])
    }

    @Test("null: fail and null: pass map what is undecided, never an error")
    func nullPolicy() throws {
        let (failing, findings) = try judge(EngineFixture.rule("结案日期 >= 立案日期") { $0.nullPolicy = .fail })
        #expect(counts(failing) == [5, 5, 1, 3, 0, 1])
        #expect(findings.count == 3)
        let (passing, _) = try judge(EngineFixture.rule("结案日期 >= 立案日期") { $0.nullPolicy = .pass })
        #expect(counts(passing) == [5, 5, 3, 1, 0, 1])
    }

    @Test("unique reports all rows of a group, and a NULL part is undecided")
    func unique() throws {
        let (entry, findings) = try judge(
            EngineFixture.rule("true") { $0.body = .unique(["法院", "案号"]) })
        #expect(counts(entry) == [5, 4, 2, 2, 1, 0])
        #expect(findings.map(\.key) == ["A2", "A3"])
        let (limited, _) = try judge(
            EngineFixture.rule("true", when: "有值(结案日期)") { $0.body = .unique(["法院", "案号"]) })
        #expect(counts(limited) == [5, 2, 5, 0, 0, 0])
        let (related, _) = try judge(
            EngineFixture.rule("true", when: "计数(当事人) = 0") { $0.body = .unique(["案号"]) })
        #expect(counts(related) == [5, 2, 2, 2, 1, 0])
    }

    @Test("depends reports all rows of a group with more than one target; NULL is a target")
    func depends() throws {
        let (entry, findings) = try judge(
            EngineFixture.rule("true") { $0.body = .depends(from: ["案号"], to: ["法院", "结案日期"]) })
        #expect(counts(entry) == [5, 5, 1, 3, 1, 0])
        #expect(findings.map(\.row) == [2, 3, 4])
        let rows: [Row] = [
            ["ah": "1", "jarq": "2026-01-01"], ["ah": "1"], ["ah": "2"], ["ah": "2"], ["ah": "3", "jarq": "x"],
            ["ah": "3"],
        ]
        let (nulls, _) = try judge(
            EngineFixture.rule("true") { $0.body = .depends(from: ["案号"], to: ["结案日期"]) }, ["anjian": rows])
        #expect(counts(nulls) == [6, 6, 3, 2, 0, 1])
    }

    @Test("counts, totals and extremes over related rows")
    func aggregates() throws {
        func outcomes(_ text: String) throws -> [Int] { Array(counts(try judge(EngineFixture.rule(text)).0)[2...]) }
        #expect(try outcomes("当事人数 = 计数(当事人)") == [3, 0, 1, 1])
        #expect(try outcomes("计数(当事人 当 诉讼地位 = '01') >= 1") == [2, 2, 1, 0])
        #expect(try outcomes("存在(当事人)") == [2, 2, 1, 0])
        #expect(try outcomes("最大(当事人.序号) = 计数(当事人)") == [1, 1, 3, 0])
        #expect(try outcomes("合计(当事人.序号) = 3") == [2, 0, 3, 0])
        #expect(try outcomes("最小(当事人.姓名) = '张三丰'") == [1, 1, 3, 0])
        #expect(try outcomes("最小(当事人.出生日期) < 立案日期") == [1, 0, 3, 1])
        #expect(try outcomes("计数(当事人 当 出生日期 > 本行.立案日期) = 0") == [3, 1, 1, 0])
    }

    @Test("a member that is NULL makes a sum NULL, and one that did not parse makes it an error")
    func memberStates() throws {
        let tables: [String: [Row]] = [
            "anjian": [["ajbs": "1"], ["ajbs": "2"], ["ajbs": "3"]],
            "dangshiren": [
                ["ajbs": "1", "xh": "1"], ["ajbs": "1", "xh": nil], ["ajbs": "2", "xh": "x"], ["ajbs": "3", "xh": "7"],
            ],
        ]
        let (entry, _) = try judge(EngineFixture.rule("合计(当事人.序号) = 7"), tables)
        #expect(counts(entry) == [3, 3, 1, 0, 1, 1])
        let (least, _) = try judge(EngineFixture.rule("最小(当事人.序号) = 1"), tables)
        #expect(counts(least) == [3, 3, 1, 1, 0, 1])
    }

    @Test("columns of the one related row, its court, and a reference to nothing")
    func toOne() throws {
        let (entry, findings) = try judge(EngineFixture.rule("出生日期 < 案件.立案日期", on: "当事人"))
        #expect(counts(entry) == [5, 5, 1, 1, 3, 0])
        #expect(findings.first?.key == #"["A1","2"]"# && findings.first?.court == "豫1702")
        let (exists, missing) = try judge(EngineFixture.rule("存在(案件)", on: "当事人"))
        #expect(counts(exists) == [5, 5, 3, 1, 1, 0])
        #expect(missing.map(\.key) == [#"["A9","1"]"#] && missing.first?.court == nil)
    }

    @Test("when a to-one relation finds several rows the worst outcome counts")
    func severalRows() throws {
        let tables: [String: [Row]] = [
            "anjian": [
                ["ajbs": "1", "larq": "2026-01-01"], ["ajbs": "1", "larq": "2020-01-01"],
                ["ajbs": "2", "larq": "2026-01-01"],
                ["ajbs": "2"], ["ajbs": "3", "larq": "2026-01-01"], ["ajbs": "3", "larq": "x"],
                ["ajbs": "4", "larq": "2026-01-01"],
                ["ajbs": "5"], ["ajbs": "5", "larq": "x"],
            ],
            "dangshiren": ["1", "2", "3", "4", "5"].map { ["ajbs": $0, "xh": "1", "csrq": "2021-01-01"] },
        ]
        let (entry, findings) = try judge(EngineFixture.rule("出生日期 < 案件.立案日期", on: "当事人"), tables)
        #expect(counts(entry) == [5, 5, 1, 1, 1, 2])
        #expect(findings.map(\.row) == [1])
    }

    @Test("a text that is no value of its type is an error of the rules and a built-in finding, without its value")
    func typeFindings() throws {
        let result = try EngineFixture.run([], QualityCheckTests.both)
        #expect(result.findings.map(\.rule) == ["type.anjian.larq", "type.anjian.dsrs"])
        #expect(result.findings.map(\.row) == [4, 4])
        #expect(result.findings.allSatisfy { !$0.message.contains("99") && !$0.message.contains("x") })
        #expect(result.tables.map(\.rows) == [5, 5])
        let entry = try #require(result.statistics.first { $0.rule == "type.anjian.larq" })
        #expect(entry.isBuiltin && counts(entry) == [5, 5, 4, 1, 0, 0])
    }

    @Test("a message shows values by its template, and personal ones only when told to")
    func messages() throws {
        let rule = EngineFixture.rule("出生日期 < 案件.立案日期", on: "当事人") {
            $0.message = ExpressionText("{姓名}:{出生日期},立案{案件.立案日期}")
        }
        #expect(try judge(rule).1.map(\.message) == ["李**:2026-06-01,立案2026-01-05"])
        #expect(
            try judge(rule, options: .init(revealsPersonal: true)).1.map(\.message) == ["李四:2026-06-01,立案2026-01-05"])
    }

    @Test("a message may count related rows, and hides the least of personal values")
    func aggregateMessages() throws {
        let rule = EngineFixture.rule("计数(当事人) = 0", on: "案件", when: "案件标识 = 'A1'") {
            $0.message = ExpressionText("{计数(当事人 当 出生日期 > 2000-01-01)} of {计数(当事人)}, {最小(当事人.姓名)}")
        }
        #expect(try judge(rule).1.map(\.message) == ["1 of 2, 张**"])
    }

    @Test("rules out of force, disabled or without their tables are not run, with the reason")
    func notRun() throws {
        let late = EngineFixture.rule("true", id: "late") { $0.effectiveFrom = CivilDate("2027-01-01") }
        let disabled = EngineFixture.rule("true", id: "disabled") { $0.disabledReason = "见说明" }
        let related = EngineFixture.rule("存在(当事人)", id: "related")
        let result = try EngineFixture.run(
            [late, disabled, related], options: .init(period: StatisticalPeriod("2026-12")),
            ["anjian": QualityCheckTests.cases])
        #expect(result.statistics.prefix(3).map(\.notRun) == [.notInForce, .disabled("见说明"), .tableMissing("当事人")])
        let edge = EngineFixture.rule("true") { $0.effectiveFrom = CivilDate("2026-12-31") }
        #expect(try judge(edge, options: .init(period: StatisticalPeriod("2026-12"))).0.notRun == nil)
    }

    @Test("exceptions are counted, not silent, and lapse")
    func exceptions() throws {
        let rule = EngineFixture.rule("结案日期 >= 立案日期") {
            $0.exceptions = [.init(key: ["A2"], until: CivilDate("2026-12-31"), reason: "已核实")]
        }
        let (entry, findings) = try judge(rule, options: .init(period: StatisticalPeriod("2026-12")))
        #expect(entry.isFalse == 1 && entry.excepted == 1 && findings.isEmpty)
        #expect(try judge(rule, options: .init(period: StatisticalPeriod("2027-01"))).1.count == 1)
    }

    @Test("a share is judged over the rows where its predicate is decided")
    func share() throws {
        func violations(_ text: String) throws -> Int {
            try judge(EngineFixture.rule("true") { $0.body = .share(ExpressionText(text)) }).0.violations
        }
        #expect(try violations("缺值(结案日期) <= 60%") == 0)
        #expect(try violations("缺值(结案日期) < 60%") == 1)
        #expect(try violations("(立案日期 > 2026-02-01) <= 0.75") == 0)
        #expect(try violations("(立案日期 > 2026-02-01) <= 0.749") == 1)
    }

    @Test("only stored findings are limited, counts are complete")
    func limits() throws {
        let (entry, findings) = try judge(EngineFixture.rule("false"), options: .init(maxStored: 2))
        #expect(entry.violations == 5 && entry.stored == 2 && entry.truncated && findings.count == 2)
    }

    @Test("a needed column that is missing is named, with what is there instead")
    func missingColumn() throws {
        let error = #expect(throws: OperationError.self) {
            _ = try TableDecoder(
                table: EngineFixture.schema.tables[0], required: [4, 5], readerColumns: ["ajbs", "立案日其", "jarq"])
        }
        #expect(error?.status == .badData && error?.code == "missing-column")
        #expect(error?.message.zh.contains("立案日期") == true && error?.message.zh.contains("jarq") == false)
        #expect(error?.hint?.en.contains("立案日其") == true)
    }

    @Test("every wrong rule yields its own diagnostic")
    func diagnostics() {
        let error = #expect(throws: InvalidDefinitions.self) {
            _ = try QualityCheck(
                schema: EngineFixture.schema,
                rules: RuleSet(rules: [
                    EngineFixture.rule("立案日其 = 1", id: "a"), EngineFixture.rule("1 +", id: "b"),
                    EngineFixture.rule("true", on: "案见", id: "c"),
                    EngineFixture.rule("true", id: "d") { $0.body = .unique(["x"]) },
                ]))
        }
        #expect(error?.diagnostics.map(\.code).sorted() == ["syntax", "unknown-name", "unknown-name", "unknown-table"])
    }

    @Test("the result is the same whatever the block size")
    func blockSizes() throws {
        let rules = [
            EngineFixture.rule("结案日期 >= 立案日期", id: "a"), EngineFixture.rule("当事人数 = 计数(当事人)", id: "b"),
            EngineFixture.rule("true", id: "c") { $0.body = .unique(["案号"]) },
            EngineFixture.rule("出生日期 < 案件.立案日期", on: "当事人", id: "d"),
        ]
        let results = try [1, 2, 3, 100].map { try EngineFixture.run(rules, blockSize: $0, QualityCheckTests.both) }
        for result in results {
            #expect(Array(result.findings) == Array(results[0].findings))
            #expect(result.statistics == results[0].statistics)
        }
        #expect(Set(results[0].findings.map(\.identifier)).count == Array(results[0].findings).count)
    }

    @Test("a rule's own examples hold or are named")
    func examples() throws {
        func diagnostics(_ failing: [Int]) throws -> [Diagnostic] {
            let rule = EngineFixture.rule("当事人数 = 计数(当事人)") {
                $0.examples = [
                    .init(
                        tables: [
                            "案件": [["案件标识": "1", "当事人数": "1"], ["ajbs": "2", "dsrs": "1"]], "当事人": [["ajbs": "1"]],
                        ],
                        failingRows: failing)
                ]
            }
            return try RuleExamples(schema: EngineFixture.schema).check(RuleSet(rules: [rule]))
        }
        #expect(try diagnostics([1]).isEmpty)
        #expect(try diagnostics([]).map(\.code) == ["example-fails"])
        #expect(try diagnostics([0]).map(\.code) == ["example-fails"])
    }

    @Test("predicates of a form give one mask each, and scalars one column")
    func predicates() throws {
        let table = EngineFixture.schema.tables[0]
        var set = PredicateSet(table: table, schema: EngineFixture.schema)
        let filed = try set.addPredicate(ExpressionText("立案日期 属于 本期"))
        let open = try set.addPredicate(ExpressionText("立案日期 <= 期末 且 (结案日期 为空 或 结案日期 > 期末)"))
        let amount = try set.addScalar(ExpressionText("标的额"))
        #expect(throws: LanguageError.self) { try set.addPredicate(ExpressionText("存在(当事人)")) }
        #expect(set.neededColumns == [4, 5, 6])
        var reader = Rows(table, QualityCheckTests.cases, blockSize: 10)
        var decoder = try TableDecoder(table: table, required: set.neededColumns, readerColumns: reader.columns)
        let raw = try #require(try reader.next())
        let evaluator = PredicateEvaluator(set, schema: EngineFixture.schema, period: StatisticalPeriod("2026-03"))
        let (masks, scalars) = evaluator.evaluate(decoder.decode(raw), columns: decoder.columns)
        #expect((0..<5).map { masks[filed][$0] } == [.isFalse, .isTrue, .isTrue, .error, .isTrue])
        #expect((0..<5).map { masks[open][$0] } == [.isFalse, .isFalse, .isTrue, .error, .isTrue])
        #expect(scalars[amount].kind == .decimal(precision: 18, scale: 2) && scalars[amount].valid.isAllZero)
    }
}
