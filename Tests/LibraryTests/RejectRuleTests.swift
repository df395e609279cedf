import Columnar
import Definitions
import Diagnostics
import Library
import RuleLanguage
import Schema
import TestSupport
import Testing

/// Rules with `action: reject` judged while a batch is loaded.
struct RejectRuleTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture() }

    private static func rule(
        _ id: String, _ check: String, when: String? = nil, action: RuleDefinition.Action = .reject,
        nulls: RuleDefinition.NullPolicy = .undecided
    ) -> RuleDefinition {
        RuleDefinition(
            id: id, title: "标题\(id)", table: "案件", when: when.map { ExpressionText($0) },
            body: .check(ExpressionText(check)), action: action, nullPolicy: nulls)
    }

    private func load(
        _ batch: IncomingBatch, _ rules: [RuleDefinition], maxBad: String = "100%"
    ) throws -> LoadReceipt {
        try fixture.library.load(
            batch, schema: fixture.schema, rules: RuleSet(rules: rules),
            options: LoadOptions(run: "r1", maxBad: try #require(RowLimit(maxBad))))
    }

    private static let rows = [
        "a,f1,2026-10-01,5,1.50,", "b,f1,2026-10-02,500,,", "c,f2,,500,,", "d,f1,2026-02-30,500,,",
        "e,f1,2026-12-01,,,",
    ]

    @Test func `rows that break a rejecting rule go to quarantine with the rule's id, the others load`() throws {
        let rules = [
            Self.rule("A-1", "天数 <= 100", when: "法院 = 'f1'"), Self.rule("A-2", "立案日期 < 2026-11-01"),
            Self.rule("A-3", "天数 < 0", action: .report),
        ]
        let receipt = try load(LibraryFixture.batch(1, Self.rows), rules)
        #expect((receipt.total.rowsIn, receipt.total.inserted, receipt.total.quarantined) == (5, 2, 3))
        #expect(try fixture.rows("SELECT ajbs FROM anjian ORDER BY 1") == [["a"], ["c"]])
        let kept = try fixture.library.quarantine(batch: "y17-1")
        // A cell that is no value is told before any rule.
        #expect(kept.map(\.reason) == ["A-1", "type.anjian.larq", "A-2"])
        #expect(kept.map(\.row) == [2, 4, 5])
        #expect(kept.map(\.line) == [3, 5, 6])
        #expect(kept.map { String(decoding: $0.raw, as: UTF8.self) }.first == "b,f1,2026-10-02,500,,")
        #expect(kept[0].message == LocalizedText(en: "breaks rule: 标题A-1", zh: "违反规则：标题A-1"))
        #expect(
            try fixture.rows("SELECT rows_in, inserted, quarantined FROM sitong.load_part") == [["5", "2", "3"]])
        #expect(try fixture.library.quarantine(reason: "A-1").count == 1)
    }

    @Test func `rejected rows count against the limit, and undo the load beyond it`() throws {
        let before = try fixture.contents()
        let error = #expect(throws: OperationError.self) {
            try load(LibraryFixture.batch(1, Self.rows), [Self.rule("A-1", "天数 <= 100")], maxBad: "2")
        }
        #expect(error?.code == "too-many-bad-rows")
        #expect(try fixture.contents() == before)
        #expect(try fixture.library.quarantine(batch: "y17-1").map(\.reason).contains("A-1"))
        #expect(
            try load(LibraryFixture.batch(1, Self.rows), [Self.rule("A-1", "天数 <= 100")], maxBad: "3").total.inserted
                == 2)
    }

    @Test func `undecided rows pass unless the rule says otherwise; exceptions and disabled rules reject nothing`()
        throws
    {
        var excepted = Self.rule("A-1", "天数 <= 100")
        excepted.exceptions = [.init(key: ["b"], reason: "known")]
        var disabled = Self.rule("A-2", "天数 < 0")
        disabled.disabledReason = "not now"
        let period = Self.rule("A-4", "立案日期 属于 本期", nulls: .fail)
        let receipt = try load(LibraryFixture.batch(1, Self.rows), [excepted, disabled, period])
        let kept = try fixture.library.quarantine(batch: "y17-1")
        #expect(kept.map(\.row) == [3, 4, 5])
        #expect(kept.map(\.reason) == ["A-1", "type.anjian.larq", "A-4"])
        #expect(receipt.notices.map(\.en) == ["rule A-2 rejected no row: disabled: not now"])
        var elsewhere = LibraryFixture.batch(2, [])
        elsewhere.period = nil
        #expect(
            try load(elsewhere, [period]).notices.map(\.en)
                == ["rule A-4 rejected no row: no statistical period was given"])
    }

    @Test func `many blocks are judged, and a part without the rule's column has it NULL`() throws {
        let rows = (1...20_000).map { "k\($0),f1,,\($0 % 1000 == 0 ? 999 : 1),," }
        let receipt = try load(LibraryFixture.batch(1, rows), [Self.rule("A-1", "天数 < 900")])
        #expect((receipt.total.inserted, receipt.total.quarantined) == (19_980, 20))
        #expect(try fixture.library.quarantine(batch: "y17-1").map(\.row) == (1...20).map { $0 * 1000 })
        var batch = LibraryFixture.batch(2, [])
        batch.tables[0].parts = [LibraryFixture.part("p", "法院,ajbs\nf1,z\n", rows: 1)]
        #expect(try load(batch, [Self.rule("A-1", "天数 < 900", nulls: .fail)]).total.quarantined == 1)
    }

    @Test(
        "a rule that needs other rows or a form cannot reject",
        arguments: [
            "{id: R, on: 案件, unique: [ajbs], action: reject}", "{id: R, on: 案件, check: 存在(当事人), action: reject}",
            "{id: R, on: 案件, share: 缺值(ah) <= 1%, action: reject}",
        ])
    func needsRow(_ rule: String) throws {
        let folder = try TemporaryDirectory()
        try folder.write(
            """
            table: anjian
            title: 案件
            key: [ajbs]
            columns: [{name: ajbs, type: text}, {name: ah, type: text}]
            relations: [{name: dangshiren, title: 当事人, table: dangshiren, on: {ajbs: ajbs}, many: true}]
            ---
            table: dangshiren
            title: 当事人
            key: [ajbs]
            columns: [{name: ajbs, type: text}]
            ---
            rules: [\(rule)]
            """, to: "d.yaml")
        let loaded = try DefinitionLoader.load(directories: [folder.path])
        #expect(loaded.diagnostics.filter { $0.severity == .error } == [])
        let error = #expect(throws: InvalidDefinitions.self) {
            try fixture.library.load(
                LibraryFixture.batch(1, []), schema: loaded.schema, rules: loaded.rules)
        }
        #expect(error?.diagnostics.map(\.code) == ["reject-needs-row"])
    }
}
