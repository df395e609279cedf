import Definitions
import Foundation
import RuleLanguage
import Schema
import Testing

/// `docs/qc-coverage.md` against the list of known checks, the rules that ship and the tables.
@Suite("the coverage of the known checks")
struct QCCoverageTests {
    /// A line of the page's table.
    struct Line {
        var id: String
        var check: String
        /// ● judged, ◐ judged in part, ○ no rule.
        var mark: String
        var rules: [String]
        var missingInChinese: String
        var missingInEnglish: String
    }

    static let root = ShippedDefinitionsTests.root
    static let page = Result { try String(contentsOfFile: "\(root)/docs/qc-coverage.md", encoding: .utf8) }

    static func lines() throws -> [Line] {
        try page.get().split(separator: "\n").filter { $0.hasPrefix("| QC") }.map { line in
            let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count == 6, "\(line)")
            return Line(
                id: cells[0], check: cells[1], mark: cells[2], rules: Self.quoted(cells[3]), missingInChinese: cells[4],
                missingInEnglish: cells[5])
        }
    }

    /// What stands between back-quotes.
    static func quoted(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { !$0.offset.isMultiple(of: 2) }
            .map { String($0.element) }
    }

    /// The list of checks, read as the program reads a code list.
    static func checks() throws -> [(id: String, text: String)] {
        let folder = try DefinitionFolder([
            "checks.yaml": "{codelist: checks, file: qc_rules.csv, key: id, attributes: {rule: rule}}"
        ])
        try folder.write("qc_rules.csv", Data(contentsOf: URL(fileURLWithPath: "\(root)/Fixtures/domain/qc_rules.csv")))
        let list = try #require(try folder.load().schema.codelist("checks"))
        return list.entries.map { ($0.code, $0.values.first.flatMap { $0 } ?? "") }
    }

    @Test("every known check has its line, in order and in its words")
    func complete() throws {
        let checks = try Self.checks()
        let lines = try Self.lines()
        #expect(checks.count == 61)
        #expect(lines.map(\.id) == checks.map(\.id))
        for (line, check) in zip(lines, checks) { #expect(line.check == check.text, "\(line.id)") }
    }

    @Test("a line names exactly the rules with its tag, and built-in findings that there are")
    func rulesExist() throws {
        let loaded = try ShippedDefinitionsTests.loaded.get()
        var tagged: [String: Set<String>] = [:]
        for rule in loaded.rules.rules {
            for tag in rule.tags where tag.hasPrefix("QC") { tagged[tag, default: []].insert(rule.id) }
        }
        let lines = try Self.lines()
        for line in lines {
            let builtIn = line.rules.filter { Self.isBuiltIn($0) }
            #expect(
                Set(line.rules).subtracting(builtIn) == tagged[line.id, default: []],
                "\(line.id): the rules with this tag are \(tagged[line.id, default: []].sorted())")
            #expect(Set(line.rules).count == line.rules.count, "\(line.id)")
            for name in builtIn { #expect(Self.exists(builtIn: name, in: loaded.schema), "\(line.id): \(name)") }
        }
        #expect(Set(tagged.keys).isSubset(of: lines.map(\.id)))
    }

    @Test("a line without a rule, or with a part of one, says in both languages what is missing, and it is missing")
    func missing() throws {
        let schema = try ShippedDefinitionsTests.loaded.get().schema
        for line in try Self.lines() {
            let isMissing = !line.missingInChinese.isEmpty
            #expect(isMissing == !line.missingInEnglish.isEmpty, "\(line.id)")
            #expect(line.mark == (line.rules.isEmpty ? "○" : isMissing ? "◐" : "●"), "\(line.id)")
            #expect(isMissing || !line.rules.isEmpty, "\(line.id)")
            #expect(Self.quoted(line.missingInChinese) == Self.quoted(line.missingInEnglish), "\(line.id)")
            for name in Self.quoted(line.missingInEnglish) {
                let parts = name.split(separator: ".").map(String.init)
                if parts.count == 2 {
                    let table = try #require(schema.table(parts[0]), "\(line.id): \(name)")
                    #expect(table.column(parts[1]) == nil, "\(line.id): there is \(name)")
                } else {
                    #expect(schema.table(name) == nil && schema.form(name) == nil, "\(line.id): there is \(name)")
                }
            }
        }
    }

    @Test("the numbers at the head of the page are those of its lines")
    func counts() throws {
        let marks = Dictionary(grouping: try Self.lines(), by: \.mark).mapValues(\.count)
        let page = try Self.page.get()
        for (mark, words) in [("●", "judged 有规则判断"), ("◐", "judged in part 部分判断"), ("○", "no rule 无规则")] {
            #expect(page.contains("\(mark) \(words): \(marks[mark, default: 0])"), "\(mark)")
        }
    }

    private static let kinds: Set = ["type", "required", "key", "nulls"]

    private static func isBuiltIn(_ name: String) -> Bool {
        kinds.contains(String(name.prefix { $0 != "." }))
    }

    /// Whether the finding `kind.table.column` can come up, or `nulls.table.column` reads 1900-01-01 as NULL.
    private static func exists(builtIn name: String, in schema: StandardSchema) -> Bool {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count == 3, let table = schema.table(parts[1]), let column = table.column(parts[2]) else {
            return false
        }
        switch parts[0] {
        case "key": return table.key.contains(parts[2])
        case "required": return column.isRequired && !table.key.contains(parts[2])
        case "nulls": return column.nullTexts.contains("1900-01-01")
        default: return true
        }
    }
}
