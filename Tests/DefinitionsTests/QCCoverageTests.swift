import Definitions
import Foundation
import RuleLanguage
import Schema
import Testing

/// `docs/qc-coverage.md` against the lists of known checks and of time limits, the rules that ship and the tables.
@Suite("the coverage of the known checks")
struct QCCoverageTests {
    /// A line of one of the page's tables.
    struct Line {
        var id: String
        /// The check in its words; or what the limit is of, and the limit.
        var texts: [String]
        /// ● judged, ◐ judged in part, ○ no rule.
        var mark: String
        var rules: [String]
        var missingInChinese: String
        var missingInEnglish: String
    }

    static let root = ShippedDefinitionsTests.root
    static let page = Result { try String(contentsOfFile: "\(root)/docs/qc-coverage.md", encoding: .utf8) }

    /// The lines of a table; the ids of checks begin with `QC`, those of limits with `T`.
    static func lines(_ prefix: String) throws -> [Line] {
        try page.get().split(separator: "\n").filter { $0.hasPrefix("| \(prefix)") }.map { line in
            let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count == (prefix == "QC" ? 6 : 7), "\(line)")
            let last = Array(cells.suffix(4))
            return Line(
                id: cells[0], texts: Array(cells[1..<cells.count - 4]), mark: last[0], rules: Self.quoted(last[1]),
                missingInChinese: last[2], missingInEnglish: last[3])
        }
    }

    /// What stands between back-quotes.
    static func quoted(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter {
            !$0.offset.isMultiple(of: 2)
        }
        .map { String($0.element) }
    }

    /// A list of facts, read as the program reads a code list: its ids, and the named columns.
    ///
    /// - Parameter numbering: given to a list without ids, whose records are then T01, T02 and so on.
    static func facts(
        _ file: String, columns: [String], numbering: String? = nil
    ) throws -> [(id: String, values: [String])] {
        let attributes = columns.map { "\($0): \($0)" }.joined(separator: ", ")
        let folder = try DefinitionFolder([
            "facts.yaml": "{codelist: facts, file: \(file), key: id, attributes: {\(attributes)}}"
        ])
        var text = try String(contentsOfFile: "\(root)/Fixtures/domain/\(file)", encoding: .utf8)
        if let numbering {
            text = text.split(separator: "\n").enumerated().map { index, line in
                index == 0 ? "id,\(line)" : "\(numbering)\(index < 10 ? "0" : "")\(index),\(line)"
            }.joined(separator: "\n")
        }
        try folder.write(file, Data(text.utf8))
        let loaded = try folder.load()
        #expect(loaded.diagnostics.isEmpty)
        return try #require(loaded.schema.codelist("facts")).entries.map { ($0.code, $0.values.map { $0 ?? "" }) }
    }

    @Test("every known check has its line, in order and in its words")
    func checks() throws {
        let checks = try Self.facts("qc_rules.csv", columns: ["rule"])
        let lines = try Self.lines("QC")
        #expect(checks.count == 61)
        #expect(lines.map(\.id) == checks.map(\.id))
        for (line, check) in zip(lines, checks) { #expect(line.texts == check.values, "\(line.id)") }
    }

    @Test("every known time limit has its line, in order, with rules that there are")
    func limits() throws {
        let limits = try Self.facts("time_limits.csv", columns: ["case", "limit", "unit"], numbering: "T")
        let lines = try Self.lines("T")
        #expect(limits.count == 37)
        #expect(lines.map(\.id) == limits.map(\.id))
        for (line, limit) in zip(lines, limits) {
            let size = limit.values[1...].filter { !$0.isEmpty }.joined(separator: " ")
            #expect(line.texts == [limit.values[0], size], "\(line.id)")
        }
        let rules = Set(try ShippedDefinitionsTests.loaded.get().rules.rules.map(\.id))
        for line in lines { #expect(rules.isSuperset(of: line.rules), "\(line.id): \(line.rules)") }
    }

    @Test("a line names exactly the rules with its tag, and built-in findings that there are")
    func rulesExist() throws {
        let loaded = try ShippedDefinitionsTests.loaded.get()
        var tagged: [String: Set<String>] = [:]
        for rule in loaded.rules.rules {
            for tag in rule.tags where tag.hasPrefix("QC") { tagged[tag, default: []].insert(rule.id) }
        }
        let lines = try Self.lines("QC")
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
        for line in try Self.lines("QC") + Self.lines("T") {
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
        let marks = Dictionary(grouping: try Self.lines("QC"), by: \.mark).mapValues(\.count)
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
