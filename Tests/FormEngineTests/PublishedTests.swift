import Definitions
import Diagnostics
import FormEngine
import Foundation
import Reconciliation
import RuleLanguage
import Schema
import Testing

/// Statistics that courts published, judged by their own identities (see Fixtures/published).
@Suite("Published statistics")
struct PublishedTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/published").standardizedFileURL

    static var tables: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.hasSuffix(".md") }.sorted()
    }

    /// What the publishers' own figures break, as the pages have it.
    private static let failures = [
        "us-caseload-2015": [
            "US15.balance [criminal-defendants, pending] 98878 should be 100558",
            "US15.balance [bankruptcy, pending] 1271865 should be 1271903",
        ]
    ]

    private struct Table {
        let check: FormRuleCheck
        let schema: StandardSchema
        var lines: [[String]]

        init(_ name: String) throws {
            let path = PublishedTests.folder.appending(path: name).path
            let loaded = try DefinitionLoader.load(directories: [path]).validated()
            schema = loaded.schema
            check = try FormRuleCheck(rules: loaded.rules.rules, schema: loaded.schema)
            // These files have no quotes: names and numbers only.
            let text = try String(contentsOfFile: path + "/figures.csv", encoding: .utf8)
            lines = text.split(separator: "\n").dropFirst().map { line in
                line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            }
        }

        func findings(_ lines: [[String]]) throws -> (findings: [String], undecided: Int, judged: Int) {
            var table = FigureTable(forms: schema.forms)
            for line in lines {
                let number = try #require(ExactDecimal(line[5]), "\(line)")
                let misplaced = table.insert(
                    Figure(
                        form: line[0], court: line[1], period: line[2], row: line[3], column: line[4],
                        value: .number(number)))
                #expect(misplaced == nil, "\(line)")
            }
            let result = check.judge(
                table, period: lines[0][2], jurisdictions: Jurisdictions(courts: [lines[0][1]], parents: [:]))
            let texts = result.findings.map { finding in
                "\(finding.rule) [\(finding.row), \(finding.column)] "
                    + "\(finding.actual.map { "\($0)" } ?? "-") should be \(finding.expected.map { "\($0)" } ?? "-")"
            }
            return (
                texts, result.statistics.reduce(0) { $0 + $1.undecidedCount },
                result.statistics.reduce(0) { $0 + $1.trueCount + $1.falseCount }
            )
        }
    }

    @Test func `there are at least five of them`() {
        #expect(Self.tables.count >= 5)
    }

    @Test("the identities hold, or fail as the page has it", arguments: tables)
    func identities(_ name: String) throws {
        let table = try Table(name)
        let (findings, _, judged) = try table.findings(table.lines)
        #expect(findings.sorted() == (Self.failures[name] ?? []).sorted())
        #expect(judged > 0)
    }

    @Test("one digit changed anywhere is caught", arguments: tables)
    func oneDigit(_ name: String) throws {
        let table = try Table(name)
        let asPublished = try table.findings(table.lines).findings
        for (index, line) in table.lines.enumerated() {
            for (place, digit) in Array(line[5].utf8).enumerated() where digit >= 48 && digit <= 57 {
                var bytes = Array(line[5].utf8)
                bytes[place] = digit == 57 ? 48 : digit + 1
                var lines = table.lines
                lines[index][5] = String(decoding: bytes, as: UTF8.self)
                let findings = try table.findings(lines).findings
                #expect(findings != asPublished, "\(line.joined(separator: ",")) → \(lines[index][5])")
            }
        }
    }
}
