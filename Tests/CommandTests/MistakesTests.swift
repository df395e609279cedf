import Foundation
import Testing

/// `Fixtures/mistakes`: many mistakes in one rule file, told in one go, each at its place and as long as it is.
struct MistakesTests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    struct Told: Decodable {
        var format: String
        var diagnostics: [Problem]
        var status: Int
    }

    struct Problem: Decodable, Hashable, CustomStringConvertible {
        var file: String
        var line: Int
        var column: Int
        var length: Int
        var code: String

        var description: String { "\(file):\(line):\(column)+\(length) \(code)" }
    }

    /// The marks of a fixture: a comment of carets and a code speaks of the last line above it that is no mark.
    static func marks(_ file: String) throws -> [Problem] {
        var found: [Problem] = []
        var line = 0
        let text = try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8)
        for (index, content) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = content.split(separator: " ")
            guard words.count == 3, words[0] == "#", words[1].allSatisfy({ $0 == "^" }) else {
                line = index + 1
                continue
            }
            let column = content.unicodeScalars.prefix { $0 != "^" }.count + 1
            found.append(
                Problem(file: file, line: line, column: column, length: words[1].count, code: String(words[2])))
        }
        return found
    }

    @Test("more than twenty mistakes in one rule file are told in one go, each with its line, column, length and code")
    func mistakes() throws {
        let expected = try Self.marks("Fixtures/mistakes/rules.yaml")
        #expect(expected.count >= 20)
        let run = try SitongProcess.run(
            ["rules", "check", "--json", "--schemas", "Fixtures/mistakes"], in: Self.root,
            environment: ["SITONG_WORK": NSTemporaryDirectory()])
        #expect(run.status == 78)
        let told = try JSONDecoder().decode(Told.self, from: Data(run.output.utf8))
        #expect(told.format == "sitong.diagnostics/1" && told.status == 78)
        let missing = expected.filter { !told.diagnostics.contains($0) }
        let surplus = told.diagnostics.filter { !expected.contains($0) }
        #expect(missing.isEmpty, "not told: \(missing)")
        #expect(surplus.isEmpty, "told, but not marked: \(surplus)")
        #expect(told.diagnostics == told.diagnostics.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
        for problem in told.diagnostics {
            #expect(run.errors.contains("\(problem.file):\(problem.line):\(problem.column): error[\(problem.code)]"))
        }
    }
}
