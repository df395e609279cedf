import Columnar
import CourtModel
import DataAccess
import DelimitedText
public import Foundation
import RuleLanguage
import Schema

/// Writes a question as definitions and CSV files that the program can be run on.
public enum CaseFiles {
    /// The files by name, and the command that runs them.
    public static func files(of question: ProofCase) throws -> (
        files: [(name: String, bytes: [UInt8])], command: String
    ) {
        var files: [(name: String, bytes: [UInt8])] = []
        var yaml: [String] = question.schema.tables.map(table)
        for list in question.schema.codelists.values.sorted(by: { $0.name < $1.name }) {
            yaml.append(codelist(list))
            files.append(("\(list.name).csv", try csv(list)))
        }
        for calendar in question.schema.calendars.values {
            yaml.append("calendar: \(calendar.name)\ntitle: \(quoted(calendar.title))\nfile: calendar.csv")
            let days =
                calendar.holidays.map { [$0.description, "holiday"] }
                + calendar.workdays.map { [$0.description, "workday"] }
            files.append(("calendar.csv", try csv(["date", "kind"], days.sorted { $0[0] < $1[0] })))
        }
        if let types = question.schema.caseNumberTypes {
            yaml.append("caseno: {types: \(types.codelist).\(types.attribute)}")
        }
        yaml.append(rules(question.rules))
        files.append(("definitions.yaml", Array(yaml.joined(separator: "\n---\n").utf8) + [10]))
        var command = "sitong qc --schemas ."
        for table in question.schema.tables {
            guard let rows = question.cells[table.name] else { continue }
            files.append(("\(table.name).csv", try csv(table.columns.map(\.name), rows)))
            command += " --table \(table.name)=\(table.name).csv"
        }
        if let period = question.period { command += " --period \(period.label)" }
        return (files, command + " --findings findings.out --json")
    }

    /// Writes them below a folder, with the answers beside them.
    public static func write(_ disagreement: Disagreement, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (files, command) = try files(of: disagreement.question)
        for file in files { try Data(file.bytes).write(to: folder.appending(path: file.name)) }
        let answers = disagreement.answers.map { "\($0.engine): \($0.verdict)" }
        try Data((([command] + answers).joined(separator: "\n") + "\n").utf8).write(
            to: folder.appending(path: "README"))
    }

    // MARK: - YAML

    /// A double-quoted scalar, which can hold any text.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value) || scalar.value == 0xFEFF:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func type(_ type: ValueType) -> String {
        switch type {
        case .int: "int"
        case .decimal(let precision, let scale): "dec(\(precision),\(scale))"
        case .text(let longest): longest.map { "text(\($0))" } ?? "text"
        case .date: "date"
        case .timestamp: "timestamp"
        case .bool: "bool"
        case .code(.list(let list)): "code(\(list))"
        case .code(.by(let column, let lists, let otherwise)):
            "code(by \(column): {"
                + (lists.sorted { $0.key < $1.key }.map { "'\($0.key)': \($0.value)" }
                + (otherwise.map { ["'*': \($0)"] } ?? []))
                .joined(separator: ", ") + "})"
        }
    }

    private static func table(_ table: TableDefinition) -> String {
        var lines = [
            "table: \(table.name)", "title: \(quoted(table.title))", "key: [\(table.key.joined(separator: ", "))]",
            "columns:",
        ]
        for column in table.columns {
            let nulls =
                column.nullTexts.isEmpty ? "" : ", nulls: [\(column.nullTexts.map(quoted).joined(separator: ", "))]"
            lines.append(
                "  - {name: \(column.name), title: \(quoted(column.title)), type: \(quoted(type(column.type)))\(nulls)}"
            )
        }
        if !table.relations.isEmpty { lines.append("relations:") }
        for relation in table.relations {
            let pairs = relation.on.map { "\($0.here): \($0.there)" }.joined(separator: ", ")
            lines.append(
                "  - {name: \(relation.name), title: \(quoted(relation.title)), table: \(relation.table), on: {\(pairs)}, many: \(relation.isToMany)}"
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func codelist(_ list: CodeList) -> String {
        var lines = ["codelist: \(list.name)", "title: \(quoted(list.title))", "file: \(list.name).csv", "key: dm"]
        if list.isTree { lines.append("parent: sj") }
        if list.isDated { lines.append("valid: {since: since, until: until}") }
        lines.append("attributes: {\(list.attributes.map { "\($0.name): \($0.title)" }.joined(separator: ", "))}")
        return lines.joined(separator: "\n")
    }

    private static func csv(_ list: CodeList) throws -> [UInt8] {
        try csv(
            ["dm", "sj", "since", "until"] + list.attributes.map(\.name),
            list.entries.map { [$0.code, $0.parent, $0.since?.description, $0.until?.description] + $0.values })
    }

    private static func rules(_ set: RuleSet) -> String {
        var lines: [String] = []
        if !set.lets.isEmpty { lines.append("let:") }
        for definition in set.lets {
            lines.append(
                "  - {name: \(definition.name), on: \(definition.table), expr: \(quoted(definition.expression.text))}")
        }
        lines.append("rules:")
        func names(_ names: [String]) -> String { "[\(names.map(quoted).joined(separator: ", "))]" }
        for rule in set.rules {
            lines.append("  - id: \(rule.id)\n    on: \(rule.table ?? "")")
            if let when = rule.when { lines.append("    when: \(quoted(when.text))") }
            switch rule.body {
            case .check(let text): lines.append("    check: \(quoted(text.text))")
            case .share(let text): lines.append("    share: \(quoted(text.text))")
            case .unique(let columns): lines.append("    unique: \(names(columns))")
            case .depends(let from, let to): lines.append("    depends: {from: \(names(from)), to: \(names(to))}")
            case .formCheck, .rollup: break
            }
            if rule.nullPolicy != .undecided { lines.append("    null: \(rule.nullPolicy.rawValue)") }
        }
        return lines.joined(separator: "\n")
    }

    // MARK: - CSV

    public static func csv(_ columns: [String], _ rows: [[String?]]) throws -> [UInt8] {
        var block = RawBlock(columnCount: columns.count)
        for row in rows {
            for (index, cell) in row.enumerated() { block.columns[index].append(cell) }
            block.rowCount += 1
        }
        var writer = try CSVWriter(CollectedBytes(), columns: columns)
        try writer.write(block)
        try writer.finish()
        return writer.sink.bytes
    }
}

/// Keeps what is written.
struct CollectedBytes: ByteSink {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
    func finish() {}
}
