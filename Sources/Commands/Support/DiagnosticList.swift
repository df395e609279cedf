import Diagnostics

/// What is wrong with definitions, for editors and scripts: with `--json`, in place of the result, at status 78.
struct DiagnosticList: Encodable {
    struct Problem: Encodable {
        var severity: String
        var code: String
        var message: String
        @Nullable var hint: String?
        @Nullable var file: String?
        /// Line and column count from 1, columns and the length in code points.
        @Nullable var line: Int?
        @Nullable var column: Int?
        @Nullable var length: Int?
        /// Another place that may be the wrong one as well.
        @Nullable var related: Place?
    }

    struct Place: Encodable {
        var file: String
        var line: Int
        var column: Int
        var length: Int
    }

    let format = "sitong.diagnostics/1"
    var diagnostics: [Problem]
    let status = ExitStatus.badDefinition.rawValue

    init(_ invalid: InvalidDefinitions, in language: Language) {
        diagnostics = invalid.diagnostics.map { diagnostic in
            Problem(
                severity: diagnostic.severity.rawValue, code: diagnostic.code,
                message: diagnostic.message.text(in: language), hint: diagnostic.hint?.text(in: language),
                file: diagnostic.location?.file, line: diagnostic.location?.line, column: diagnostic.location?.column,
                length: diagnostic.location?.length,
                related: diagnostic.related.map {
                    Place(file: $0.file, line: $0.line, column: $0.column, length: $0.length)
                })
        }
    }
}
