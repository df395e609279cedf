import Columnar
import Definitions
import Diagnostics
import Foundation
import RuleEngine
import RuleLanguage
import RulePlan
import Schema
import Testing

@Suite("the definitions that ship")
struct ShippedDefinitionsTests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    static let loaded = Result { try DefinitionLoader.load(directories: ["\(root)/Schemas"]) }

    @Test("they load without a diagnostic")
    func clean() throws {
        let loaded = try Self.loaded.get()
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text(in: .en) }.joined(separator: "\n"))")
        #expect(
            loaded.schema.tables.map(\.name) == [
                "anjian", "anjianbuchong", "dangshiren", "shenxianbiangeng", "shangsukangsu", "kaiting",
                "kaitinggonggao",
                "dianzidangan",
                "danganmulu", "danganwenjian", "anjianshanchu", "paichuanjian", "konghao",
            ])
        #expect(
            loaded.schema.tables.map(\.title) == [
                "案件", "案件补充", "当事人", "审限变更", "上诉抗诉", "开庭", "开庭公告", "电子档案", "档案目录", "档案文件", "案件删除", "排除案件", "空号说明",
            ])
        #expect(loaded.schema.caseNumberTypes?.codelist == "ajlx")
    }

    @Test("every column has its origin in the standard or is marked as ours")
    func origins() throws {
        for table in try Self.loaded.get().schema.tables {
            for column in table.columns {
                #expect((column.standard == nil) == column.isProvisional, "\(table.name).\(column.name)")
            }
        }
    }

    @Test("the courts of 豫17 hang below it, and every court has a root above it")
    func courts() throws {
        let schema = try Self.loaded.get().schema
        let hierarchy = try #require(schema.hierarchy("法院"))
        #expect(hierarchy.parents["豫1702"] == "豫17")
        #expect(hierarchy.parents["豫17"] == "豫")
        #expect(hierarchy.parents["豫"] == "最高法")
        #expect(hierarchy.parents["豫9001"] == "豫96")
        #expect(try #require(schema.codelist("court")).entries.count == 3586)
    }

    @Test("the marks of case types (类型代字) are those of the case types, each once")
    func typeMarks() throws {
        let schema = try Self.loaded.get().schema
        let types = try #require(schema.codelist("ajlx"))
        let mark = try #require(types.attributeIndex("dz"))
        let marks = Set(types.entries.compactMap { $0.values[mark] })
        #expect(Set(try #require(schema.codelist("lxdz")).entries.map(\.code)) == marks)
        #expect(marks.count > 100)
    }

    @Test("a time limit has months, days and the article it comes from; a procedure has the same codes in every list")
    func timeLimits() throws {
        let schema = try Self.loaded.get().schema
        var limits: [String: [String?]] = [:]
        for name in ["ajlx", "sycx", "sycx-ms1", "sycx-xs1", "sycx-xz1"] {
            let list = try #require(schema.codelist(name))
            let places = try ["sxy", "sxr", "yj"].map { try #require(list.attributeIndex($0), "\(name)") }
            if name != "ajlx" { #expect(list.entries.map(\.code) == ["1", "2", "3", "4", "9"], "\(name)") }
            for entry in list.entries {
                let values = places.map { entry.values[$0] }
                #expect((values[0] == nil) == (values[1] == nil), "\(name) \(entry.code)")
                guard values[0] != nil else { continue }
                #expect(values.allSatisfy { $0?.isEmpty == false }, "\(name) \(entry.code)")
                limits["\(name)-\(entry.code)"] = values
            }
        }
        // The law, by hand.
        #expect(limits["sycx-ms1-1"] == ["6", "0", "民事诉讼法第152条"])
        #expect(limits["sycx-ms1-2"] == ["3", "0", "民事诉讼法第164条"])
        #expect(limits["sycx-xz1-2"] == ["0", "45", "行政诉讼法第83条"])
        #expect(limits["ajlx-0202"] == ["2", "0", "刑事诉讼法第243条"])
        #expect(limits["ajlx-0312"] == ["0", "30", "民事诉讼法第187条"])
    }

    @Test("every rule has a title, a message and examples that pass and that fail")
    func examples() throws {
        for rule in try Self.loaded.get().rules.rules {
            #expect(rule.title != nil && rule.message != nil, "\(rule.id)")
            #expect(rule.examples.contains { $0.failingRows.isEmpty && $0.failingCells.isEmpty }, "\(rule.id)")
            #expect(rule.examples.contains { !$0.failingRows.isEmpty || !$0.failingCells.isEmpty }, "\(rule.id)")
        }
    }

    @Test("every expression of a row rule, and every message, names what exists")
    func expressions() throws {
        let loaded = try Self.loaded.get()
        for rule in loaded.rules.rules {
            guard let table = rule.table.flatMap(loaded.schema.table) else { continue }
            let lets = loaded.rules.lets.filter { $0.file == rule.location?.file && $0.table == table.title }
            let checker = TypeChecker(schema: loaded.schema, table: table, lets: lets)
            var texts = [rule.when].compactMap(\.self)
            if case .check(let check) = rule.body { texts.append(check) }
            for text in texts {
                #expect(throws: Never.self, "\(rule.id): \(text.text)") { _ = try checker.checkPredicate(text) }
            }
            for part in (rule.message?.text ?? "").split(separator: "{").dropFirst() {
                let name = String(part.prefix { $0 != "}" })
                // A column, or one of a related row.
                let path = name.split(separator: ".").map(String.init)
                let holder = path.count == 2 ? table.relation(path[0]).flatMap { loaded.schema.table($0.table) } : table
                let column = path.last.flatMap { holder?.column($0) }
                #expect(column != nil, "\(rule.id): {\(name)}")
                #expect(column?.personal == nil, "\(rule.id) tells about a person: {\(name)}")
            }
            for example in rule.examples {
                for (name, rows) in example.tables {
                    let exampleTable = try #require(loaded.schema.table(name), "\(rule.id)")
                    for column in rows.flatMap(\.keys) {
                        #expect(exampleTable.column(column) != nil, "\(rule.id): \(name).\(column)")
                    }
                }
            }
        }
    }

    /// The conditions that forms use by name, as the form engine gives them to the compiler.
    private static func filters(of schema: StandardSchema) -> [LetDefinition] {
        schema.filters.map { LetDefinition(name: $0.name, table: $0.table, expression: $0.expression, file: "") }
    }

    @Test("every expression of a form compiles")
    func forms() throws {
        let loaded = try Self.loaded.get()
        for form in loaded.schema.forms {
            let table = try #require(form.table.flatMap(loaded.schema.table))
            let checker = TypeChecker(schema: loaded.schema, table: table, lets: Self.filters(of: loaded.schema))
            var texts = [form.scope].compactMap(\.self)
            for column in form.columns { if case .count(let text) = column.measure { texts.append(text) } }
            for row in form.rows { if case .when(let text) = row.selection { texts.append(text) } }
            for text in texts {
                #expect(throws: Never.self, "\(form.name): \(text.text)") { _ = try checker.checkPredicate(text) }
            }
        }
    }

    @Test("every example of a row rule holds")
    func examplesHold() throws {
        let loaded = try Self.loaded.get()
        let problems = try RuleExamples(schema: loaded.schema).check(loaded.rules)
        #expect(problems.isEmpty, "\(problems.map { $0.text(in: .en) }.joined(separator: "\n"))")
    }

    @Test("in F01 every case type, a missing one and an unknown one are in one lowest row, and in every row above it")
    func partition() throws {
        let loaded = try Self.loaded.get()
        let form = try #require(loaded.schema.form("F01"))
        let table = try #require(loaded.schema.table("anjian"))
        var predicates = PredicateSet(table: table, schema: loaded.schema, lets: Self.filters(of: loaded.schema))
        for row in form.rows {
            guard case .when(let text) = row.selection else { throw TestFailure("row \(row.code) counts nothing") }
            _ = try predicates.addPredicate(text)
        }
        let types: [String?] = try #require(loaded.schema.codelist("ajlx")).entries.map(\.code) + ["0399", "", nil]
        var raw = RawBlock(columnCount: 1)
        for type in types { raw.columns[0].append(type) }
        raw.rowCount = types.count
        let column = try #require(table.columnIndex("ajlx"))
        var decoder = try TableDecoder(table: table, required: [column], readerColumns: ["ajlx"])
        let evaluator = PredicateEvaluator(predicates, schema: loaded.schema, period: nil)
        let masks = evaluator.evaluate(decoder.decode(raw), columns: decoder.columns).masks

        let children = Dictionary(grouping: form.rows.indices) { form.rows[$0].parent }
        let lowest = form.rows.indices.filter { children[form.rows[$0].code] == nil }
        for (place, type) in types.enumerated() {
            #expect(masks.allSatisfy { $0[place] == .isTrue || $0[place] == .isFalse }, "\(type ?? "NULL")")
            #expect(lowest.count { masks[$0][place] == .isTrue } == 1, "\(type ?? "NULL")")
            for (index, row) in form.rows.enumerated() {
                guard let below = children[row.code] else { continue }
                let inside = below.count { masks[$0][place] == .isTrue }
                #expect(inside == (masks[index][place] == .isTrue ? 1 : 0), "\(type ?? "NULL") in \(row.title)")
            }
        }
    }

    @Test("every number of a person or a firm in them is invented")
    func invented() throws {
        let files = try #require(FileManager.default.enumerator(atPath: "\(Self.root)/Schemas"))
        for case let file as String in files where file.hasSuffix(".yaml") {
            let text = try String(contentsOfFile: "\(Self.root)/Schemas/\(file)", encoding: .utf8)
            var digits = text.unicodeScalars.split {
                !($0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil))
            }
            // An identity card has 15 or 18 letters, a credit code 18.
            digits.removeAll { ($0.count != 15 && $0.count != 18) || !$0.contains { $0.properties.numericType != nil } }
            for number in digits.map({ String($0) })
            where number.unicodeScalars.filter({ $0.properties.numericType != nil }).count > 9 {
                // 99 is no province; 91990101 is no place of registration.
                #expect(number.hasPrefix("990101") || number.hasPrefix("91990101"), "\(file): \(number)")
            }
        }
    }
}

@Suite("Definitions of others' workloads")
struct WorkloadDefinitionsTests {
    @Test("workload W1 loads and compiles without a diagnostic")
    func compiles() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let loaded = try DefinitionLoader.load(directories: ["\(root)/Fixtures/w1"])
        #expect(loaded.diagnostics.isEmpty)
        let compiler = RuleCompiler(schema: loaded.schema, rules: loaded.rules)
        #expect(compiler.diagnostics.isEmpty)
        #expect(compiler.tables.reduce(0) { $0 + $1.rules.count } == 65)
    }
}
