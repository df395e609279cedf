import Definitions
import Diagnostics
import Foundation
import Reconciliation
import RuleLanguage
import RulePlan
import TestSupport
import Testing

/// Slips of the pen in the rules that ship: one letter inserted, deleted or replaced anywhere.
@Suite("random edits of the shipped rules")
struct RandomEditTests {
    struct Edit: CustomStringConvertible {
        var file: String
        var text: String
        /// Of the edited letter, from 1, in the edited text, and of what follows it: the same or, behind a new line's end, the
        /// next.
        var lines: ClosedRange<Int>
        var description: String
    }

    /// Small, known, and the same on every machine (SplitMix64).
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let letters = Array(
        (" abehint0179\n\t'\"`#:-,.;|>&*!%@?()[]{}=<~/\\_" + "案日期当且或于（），：。‘’“”＝１").unicodeScalars)

    static func edit(_ file: String, _ text: String, _ random: inout Generator) -> Edit {
        var scalars = Array(text.unicodeScalars)
        let position = Int.random(in: 0..<scalars.count, using: &random)
        let letter = letters.randomElement(using: &random) ?? "x"
        let line = scalars[..<position].count { $0 == "\n" } + 1
        let what: String
        var lastLine = line
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            what = "insert \(String(letter).debugDescription)"
            scalars.insert(letter, at: position)
            if letter == "\n" { lastLine += 1 }
        case 1:
            what = "delete \(String(scalars[position]).debugDescription)"
            scalars.remove(at: position)
        default:
            what = "replace \(String(scalars[position]).debugDescription) by \(String(letter).debugDescription)"
            scalars[position] = letter
            if letter == "\n" { lastLine += 1 }
        }
        var edited = String.UnicodeScalarView()
        edited.append(contentsOf: scalars)
        let result = String(edited)
        let lines = result.split(separator: "\n", omittingEmptySubsequences: false)
        let shown = line <= lines.count ? lines[line - 1] : ""
        return Edit(
            file: file, text: result, lines: line...lastLine, description: "\(what) in \(file):\(line): \(shown)")
    }

    @Test("never crash, and every diagnostic points into the edited line or the next", .timeLimit(.minutes(10)))
    func pointAtTheEdit() throws {
        let seed = TestSeed.draw()
        let count = TestSeed.isLongRun ? 10_000 : 500
        var random = Generator(state: seed)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sitong-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: "\(ShippedDefinitionsTests.root)/Schemas", toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // Courts of one province are enough, and quick to read.
        let courts = try String(contentsOfFile: "\(folder)/codes/courts.csv", encoding: .utf8).split(separator: "\n")
        let kept = courts.enumerated().filter { $0 == 0 || $1.hasPrefix("豫") || $1.hasPrefix("最高法") }.map(\.element)
        try kept.joined(separator: "\n").write(toFile: "\(folder)/codes/courts.csv", atomically: false, encoding: .utf8)
        #expect(try DefinitionLoader.load(directories: [folder]).diagnostics.isEmpty)
        let files = ["rules/case.yaml", "rules/related.yaml", "rules/forms-F01.yaml"]
        let texts = try files.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
        var refused = 0
        var strays: [String] = []
        for _ in 0..<count {
            let index = Int.random(in: 0..<files.count, using: &random)
            let edit = Self.edit(files[index], texts[index], &random)
            try edit.text.write(toFile: "\(folder)/\(edit.file)", atomically: false, encoding: .utf8)
            let loaded = try DefinitionLoader.load(directories: [folder])
            try texts[index].write(toFile: "\(folder)/\(edit.file)", atomically: false, encoding: .utf8)
            var diagnostics = loaded.diagnostics
            diagnostics += RuleCompiler(schema: loaded.schema, rules: loaded.rules).diagnostics
            do {
                _ = try FormRuleCheck(rules: loaded.rules.rules, schema: loaded.schema)
            } catch {
                diagnostics += error.diagnostics
            }
            if !diagnostics.isEmpty { refused += 1 }
            for diagnostic in diagnostics {
                // Two edits make the same text as a slip elsewhere would, so that no reader can tell which of the lines to
                // blame, and both are told: an id that becomes another rule's, and a let with one use that is not called so.
                let isNear = [diagnostic.location, diagnostic.related].contains { place in
                    place?.file == "\(folder)/\(edit.file)"
                        && (edit.lines.lowerBound...edit.lines.upperBound + 1).contains(place?.line ?? 0)
                }
                if !isNear {
                    strays.append("\(edit)\n    \(diagnostic.text(in: .en))")
                    break
                }
            }
        }
        #expect(
            strays.isEmpty,
            "seed \(seed), \(strays.count) edits:\n\(strays.prefix(20).joined(separator: "\n"))")
        // Most edits fall into titles, messages and examples, which may say anything.
        #expect(refused > count / 5, "seed \(seed): only \(refused) of \(count) edits were refused")
    }
}
