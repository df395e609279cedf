import TestSupport
import Testing

@Suite struct HelpTests {
    /// What docs and pipelines rely on, as far as it exists.
    static let verbs: [(verb: String, flags: [String])] = [
        ("demo", ["--dir", "--courts", "--cases", "--seed"]),
        ("library init", ["--embedded"]), ("library start", ["--library"]), ("library stop", ["--library"]),
        ("library status", ["--library"]),
        ("library period close", ["--library", "--schemas", "--reason"]), ("library period list", ["--library"]),
        ("library period show", ["--library", "--limit"]),
        ("library period reopen", ["--library", "--reason"]), ("library url", ["--library"]),
        ("schema check", ["--schemas"]), ("schema sql", ["--schemas"]), ("schema apply", ["--schemas", "--library"]),
        ("schema diff", ["--schemas", "--library"]),
        ("extract", ["--source", "--period", "--since", "--full", "--keys", "--compare-keys", "--to"]),
        ("transfer", ["--to", "--from"]),
        ("receive", ["--from"]), ("load", ["--inbox", "--library", "--max-bad", "--max-shrink"]),
        (
            "qc",
            [
                "--schemas", "--rules", "--library", "--table", "--period", "--findings", "--fail-on", "--max-stored",
                "--strict",
            ]
        ),
        ("forms compute", ["--period", "--form", "--library"]),
        ("reconcile forms", ["--schemas", "--figures", "--map", "--library", "--period", "--findings"]),
        (
            "reconcile rows",
            [
                "--left", "--right", "--table", "--key", "--columns", "--where", "--source", "--out", "--keys-out",
                "--reveal", "--library", "--schemas",
            ]
        ),
        ("report", ["--run", "--formats", "--to"]), ("run", ["--period", "--resume", "--from"]), ("runs", []),
        ("rules list", []), ("rules check", []), ("quarantine list", []),
        ("quarantine retry", ["--batch", "--id", "--schemas"]),
    ]

    @Test("Every verb explains its flags in both languages and ends with 0", arguments: verbs.map(\.verb))
    func help(verb: String) throws {
        let folder = try TemporaryDirectory()
        let flags = Self.verbs.first { $0.verb == verb }?.flags ?? []
        let words = verb.split(separator: " ").map(String.init)
        let english = try SitongProcess.run(words + ["--help", "--lang", "en"], in: folder.path)
        let chinese = try SitongProcess.run(words + ["--help", "--lang", "zh"], in: folder.path)
        #expect(english.status == 0 && chinese.status == 0)
        for flag in flags + ["--json", "--quiet", "--verbose", "--log-file", "--color", "--lang"] {
            #expect(english.output.contains(flag), "\(verb) \(flag)")
            #expect(chinese.output.contains(flag), "\(verb) \(flag)")
        }
        func isChinese(_ text: String) -> Bool { text.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) } }
        #expect(isChinese(chinese.output))
        #expect(!isChinese(english.output.split(separator: "\n").first.map(String.init) ?? ""))
    }
}
