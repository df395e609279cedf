import Definitions
import Diagnostics
import RuleLanguage
import Schema

/// YAML definitions of every kind: every complaint points into the file.
struct DefinitionsTarget: FuzzTarget {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        try folder.write("codes.csv", Array("code,name,parent,since,until\na,甲,,,\nb,乙,a,2020-01-01,\n".utf8))
    }

    func run(_ input: [UInt8]) -> String {
        do {
            try folder.write("input.yaml", input)
            let loaded = try DefinitionLoader.load(directories: [folder.path])
            let lines = input.split(omittingEmptySubsequences: false) { $0 == 10 || $0 == 13 }.count
            for diagnostic in loaded.diagnostics {
                guard let place = diagnostic.location, place.file.hasSuffix("input.yaml") else { continue }
                precondition(
                    place.line >= 1 && place.line <= lines + 1 && place.column >= 1,
                    "\(diagnostic.code) is said to be at \(place.line):\(place.column) of \(lines) lines")
            }
            let codes = Set(loaded.diagnostics.map(\.code)).sorted()
            return "\(codes) \(loaded.schema.tables.count) \(loaded.schema.forms.count) \(loaded.rules.rules.count)"
        } catch let error as OperationError {
            return error.code
        } catch {
            preconditionFailure("an error of no known kind: \(error)")
        }
    }

    let dictionary = [
        "table: ", "codelist: ", "hierarchy: ", "form: ", "rules:\n", "let:\n", "calendar: ", "caseno: ", "source: ",
        "pipeline: ", "---\n", "- ", "{", "}", "[", "]", ": ", ", ", "\n  ", "\n", "'", "\"", "#", "|\n", ">\n", "&a ",
        "*a", "<<: ", "!!int ", "? ", "%YAML 1.2\n", "key: ", "columns:\n", "name: ", "title: ", "type: ", "int",
        "dec(18,2)", "dec(99,99)", "text(0)", "text(9999999999999999999)", "code(l)", "code(by id: {'*': l})", "date",
        "relations:\n", "on: ", "many: true", "file: codes.csv", "file: ../codes.csv",
        "valid: {since: since, until: until}",
        "parent: parent", "attributes: {name: 名称}", "check: ", "unique: [id]", "depends: {from: [id], to: [s]}",
        "share: '缺值(s) <= 0.5%'", "severity: error", "effective: 2016-01-01..", "examples: {pass: [{id: 1}], fail: []}",
        "except: [{key: 1, until: 2026-12-31}]", "rows: 1..30", "rows: 1..99999999999", "each: l", "level: 1", "\t",
        "\u{FEFF}",
        "\u{0}", "1..", "..", "null", "案件",
    ]
}
