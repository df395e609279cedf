import CourtModel
import Demonstration
import Foundation
import TestSupport
import Testing

/// Mistakes of whole forms over the demonstration's own province: each is named for what it is, and nothing else is named.
@Suite(.serialized) struct FormSlipTests {
    private static let made = Result { try MadeProvince() }

    private struct MadeProvince {
        let folder: TemporaryDirectory
        let slips: String
        let truth: [TruthItem]

        init() throws {
            folder = try TemporaryDirectory()
            RealPart.note(.sqlite)
            let courts = [("豫17", "中级", "豫")] + ["豫1702", "豫1721", "豫1722", "豫1723"].map { ($0, "基层", "豫17") }
            let made = try Demonstration.generate(
                DemonstrationOptions(
                    courts: 5, cases: 1500, seed: 20_261_101, directory: folder.path,
                    period: try #require(StatisticalPeriod("2026-10")), databasePrefix: "slips"),
                courts: courts.map { CourtRow(mark: $0.0, name: $0.0, level: $0.1, upperMark: $0.2) },
                postgres: try TestPostgres.freshDatabase())
            slips = made.slipsFolder
            truth = try TruthFile.read(made.truthFile).filter { $0.outcome == .explanation }
        }

        /// What `--explain` says of a file: `period court pattern courts`, in their order.
        func explained(_ file: String, period: String? = "2026-10") throws -> [String] {
            let arguments = ["reconcile", "forms", "--figures", file, "--explain", "--json", "--fail-on", "never"]
            let checked = try SitongProcess.run(
                arguments + (period.map { ["--period", $0] } ?? []), in: folder.path)
            #expect(checked.status == 0, "\(checked.errors)")
            guard case .array(let explanations)? = try JSONValue(parsing: checked.output)["explanations"] else {
                return []
            }
            return explanations.map { explanation in
                func text(_ name: String) -> String {
                    if case .string(let text)? = explanation[name] { text } else { "" }
                }
                var courts: [String] = []
                if case .array(let named)? = explanation["courts"] {
                    courts = named.compactMap { if case .string(let court) = $0 { court } else { nil } }
                }
                return ([text("period"), text("court"), text("pattern")] + courts).joined(separator: " ")
            }
        }
    }

    @Test func `every planted mistake is named, and the court at which it points`() throws {
        let made = try Self.made.get()
        #expect(
            made.truth.map(\.rule)
                == ["omitted-court", "doubled-court", "swapped-digits", "ten-thousand", "stale"])
        for item in made.truth {
            let pointed = item.key.split(separator: "|", omittingEmptySubsequences: false).last.map(String.init) ?? ""
            #expect(pointed.isEmpty == !item.rule.hasSuffix("-court"), "\(item.key)")
            let wanted = ["2026-10", item.court, item.rule] + (pointed.isEmpty ? [] : [pointed])
            #expect(try made.explained("\(made.slips)/\(item.rule).csv") == [wanted.joined(separator: " ")])
        }
        #expect(try made.explained("\(made.slips)/sound.csv") == [])
    }

    @Test func `twenty edits that follow no pattern are called so`() throws {
        let made = try Self.made.get()
        let sound = try CSVRows("\(made.slips)/sound.csv").rows.filter { $0["period"] == "2026-10" }
        let seed = TestSeed.draw()
        print("edits by chance: seed \(seed)")
        var random = seed
        /// Numbers below a limit, by SplitMix64.
        func next(_ limit: Int) -> Int {
            random &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (random ^ (random >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
        }
        let header = ["form", "court", "period", "row", "column", "value", "own"]
        var lines = [header.joined(separator: ",")]
        let places = sound.indices.filter { sound[$0]["court"] == "豫17" && sound[$0]["column"] != "jal" }
        for edit in 1...20 {
            var sheet = sound
            var open = places
            for number in 0..<(1 + edit % 3) {
                // Not a multiple of nine, as any exchange of two digits would be; all upwards, as no exchange of figures is.
                let place = open.remove(at: next(open.count))
                let figure = Int(sheet[place]["value"] ?? "") ?? 0
                sheet[place]["value"] = String(figure + (1 + next(40)) * 9 + 1 + number)
            }
            for var line in sheet {
                line["period"] = "\(2000 + edit)-10"
                lines.append(header.map { line[$0] ?? "" }.joined(separator: ","))
            }
        }
        let file = made.folder.appending("edits.csv")
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try made.explained(file, period: nil) == (1...20).map { "\(2000 + $0)-10 豫17 none" })
    }
}
