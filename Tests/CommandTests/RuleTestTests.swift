import Foundation
import TestSupport
import Testing

/// `rules test` without a library.
struct RuleTestTests {
    private static let definitions = """
        table: t
        title: 表
        columns: [{name: a, title: 甲, type: int}]
        ---
        rules:
          - id: R
            on: t
            check: a > 0
            examples: {pass: [{a: 1}, {a: null}], fail: [{a: 0}]}
        """

    private func run(_ definitions: String, _ arguments: [String]) throws -> (SitongProcess, left: [String]) {
        let folder = try TemporaryDirectory()
        try folder.write(definitions, to: "schemas/t.yaml")
        let temporary = NSTemporaryDirectory() + "rt-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
        // The server's user has to pass through.
        chmod(temporary, 0o711)
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        RealPart.note(.postgres)
        let process = try SitongProcess.run(
            ["rules", "test", "--schemas", "schemas"] + arguments, in: folder.path, environment: ["TMPDIR": temporary])
        return (process, try FileManager.default.contentsOfDirectory(atPath: temporary))
    }

    @Test("examples run on both engines, and the server made for them is gone afterwards")
    func both() throws {
        let (process, left) = try run(Self.definitions, ["--json"])
        #expect(process.status == 0, "\(process.errors)")
        #expect(process.output.filter { !$0.isWhitespace }.contains(#""engines":["native","postgres"]"#))
        #expect(left == [])
    }

    @Test("one engine alone", arguments: ["native", "postgres"])
    func one(_ engine: String) throws {
        let (process, left) = try run(Self.definitions, ["--json", "--engine", engine])
        #expect(process.status == 0, "\(process.errors)")
        #expect(process.output.filter { !$0.isWhitespace }.contains("\"engines\":[\"\(engine)\"]"))
        #expect(left == [])
    }

    @Test("an example that does not hold is told of in PostgreSQL too, and the server is gone")
    func broken() throws {
        let (process, left) = try run(
            Self.definitions.replacingOccurrences(of: "fail: [{a: 0}]", with: "fail: [{a: 2}]"),
            ["--engine", "postgres"])
        #expect(process.status == 78)
        #expect(process.errors.contains("an example does not hold"))
        #expect(left == [])
    }
}
