import Foundation
import Testing

/// The conformance cases against the program that was just built; the runner and the cases are the same for any binary.
@Suite struct ConformanceTests {
    @Test("every conformance case passes but those that are listed as pending", .timeLimit(.minutes(10)))
    func everyCasePasses() throws {
        let run = try Script.run(
            "scripts/conformance.py", [Script.built("sitong"), "--pending", "Tests/Conformance/pending.txt"])
        #expect(run.status == 0, Comment(rawValue: run.output))
        #expect(run.output.contains(" passed, 0 failed"))
    }

    @Test("the runner tells a wrong expectation", .timeLimit(.minutes(10)))
    func wrongExpectationIsTold() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let expected = folder.appending(path: "case/expected")
        let definitions = folder.appending(path: "case/definitions")
        for made in [expected, definitions] {
            try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
        }
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: folder.appending(path: "case/\(name)"))
        }
        try write(
            "shows: a row that is right\narguments: --schemas definitions --table t=t.csv\nstatus: 0\n", "case.yaml")
        try write("table: t\nkey: [id]\ncolumns: [{name: id, type: int}]\n", "definitions/t.yaml")
        try write("- {id: R, on: t, check: id > 0}\n", "definitions/rules.yaml")
        try write("id\n1\n2\n", "t.csv")
        try write("rule,row\n", "expected/findings.csv")
        try write(#"{"R": {"true": 2, "false": 0}}"#, "expected/rules.json")
        let runner = "scripts/conformance.py"
        let arguments = try [Script.built("sitong"), "--cases", folder.path(percentEncoded: false)]
        #expect(try Script.run(runner, arguments).status == 0)

        try write(#"{"R": {"true": 1, "false": 1}}"#, "expected/rules.json")
        let counts = try Script.run(runner, arguments)
        #expect(counts.status == 1 && counts.output.contains("R: true is 2, expected 1"))
        try write("rule,row\nR,2\n", "expected/findings.csv")
        #expect(try Script.run(runner, arguments).output.contains("-R,2"))
        #expect(try Script.run(runner, [Script.built("sitong"), "--only", "no such case"]).status == 1)
    }
}
