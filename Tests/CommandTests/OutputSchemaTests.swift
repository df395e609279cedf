import Foundation
import PostgresClient
import TestSupport
import Testing

/// `Schemas/json/output`: what every verb prints with `--json` fits the schema of its format.
struct OutputSchemaTests {
    static let folder = MistakesTests.root + "/Schemas/json"

    /// Remembers which formats were seen, and holds each value against its schema.
    final class Checker {
        private(set) var seen: Set<String> = []

        func check(_ text: String, _ what: String) throws {
            let value = try JSONValue(parsing: text)
            guard case .string(let format)? = value["format"] else {
                Issue.record("\(what) says no format")
                return
            }
            let parts = format.split(separator: "/").map(String.init)
            let name = try #require(parts.first).dropFirst("sitong.".count)
            let schema = try JSONSchema(file: "\(OutputSchemaTests.folder)/output/\(name).schema.json")
            #expect(schema.problems(of: value) == [], "\(what)")
            seen.insert(String(name))
        }
    }

    static var published: Set<String> {
        get throws {
            Set(
                try FileManager.default.contentsOfDirectory(atPath: folder + "/output").map {
                    String($0.prefix { $0 != "." })
                })
        }
    }

    @Test("after a demonstration and a run, every verb's object fits its schema, and no schema is left over")
    func everyVerb() throws {
        RealPart.note(.postgres)
        RealPart.note(.sqlite)
        let outer = try OpenFolder()
        let checker = Checker()
        func run(_ arguments: [String], in folder: String, status: Int32 = 0) throws {
            let process = try SitongProcess.run(
                arguments + ["--json"], in: folder, environment: ["SITONG_LIBRARY": "library", "SITONG_INBOX": "inbox"])
            let command = arguments.joined(separator: " ")
            #expect(process.status == status, "\(command): \(process.errors)")
            try checker.check(process.output, command)
        }
        try run(["demo", "--dir", "D", "--seed", "3", "--courts", "2", "--cases", "600"], in: outer.path)
        let place = outer.path + "/D"
        defer { _ = try? SitongProcess.run(["library", "stop", "--library", "library"], in: place) }
        for name in ["library start", "library status", "library url", "schema check", "schema sql", "schema diff"] {
            try run(name.split(separator: " ").map(String.init), in: place)
        }
        try run(["run", "monthly", "--period", "2026-10", "--dry-run"], in: place)
        try run(["run", "monthly", "--period", "2026-10"], in: place, status: 1)
        let results = place + "/.sitong/runs/monthly-2026-10-0001"
        for file in try FileManager.default.contentsOfDirectory(atPath: results) where file.hasSuffix(".json") {
            try checker.check(try String(contentsOfFile: results + "/" + file, encoding: .utf8), file)
        }
        let report = place + "/reports/2026-10/report.json"
        try checker.check(try String(contentsOfFile: report, encoding: .utf8), "report.json")
        for name in [
            "rules list", "rules check", "rules test", "quarantine list", "quarantine show", "quarantine retry", "runs",
        ] {
            try run(name.split(separator: " ").map(String.init), in: place)
        }
        try run(["rules", "explain", "case.number-court"], in: place)
        try run(["rules", "sql", "case.number-court"], in: place)
        try run(["qc", "--library", "library", "--period", "2026-10", "--engine", "postgres"], in: place, status: 1)
        try run(["runs", "show", "monthly-2026-10-0001"], in: place)
        let ledger = try SitongProcess.run(["library", "url", "--library", "library"], in: place)
        let connection = try PostgresConnection(
            ledger.output.trimmingCharacters(in: .whitespacesAndNewlines), applicationName: "tests")
        #expect(
            try connection.execute(
                "SELECT run, pipeline, period, status, exit_status FROM sitong.run ORDER BY run LIMIT 1")
                == [["monthly-2026-10-0001", "monthly", "2026-10", "findings", "1"]])
        #expect(
            try connection.execute(
                "SELECT count(*) > 4, bool_and(exit_status IS NOT NULL AND finished_at >= started_at) FROM sitong.step")
                == [["t", "t"]])
        try run(
            ["reconcile", "rows", "--source", "sources/yu1702.yaml", "--right", "library", "--table", "anjian"],
            in: place, status: 1)
        let own = ["--left", "library", "--right", "library", "--table", "anjian"]
        try run(["reconcile", "rows", "--side", "copy=library"] + own, in: place)
        let quarantine = ["quarantine", "export", "--to", "quarantine.csv"]
        try run(quarantine, in: place)
        let last = try connection.execute("SELECT batch FROM sitong.batch ORDER BY number DESC LIMIT 1")
        let batch = try #require(last.first?.first ?? nil)
        try run(["library", "revert", batch, "--reason", "wrong file"], in: place)
        for name in ["close 2026-10", "list", "show 2026-10", "reopen 2026-10 --reason late"] {
            try run(["library", "period"] + name.split(separator: " ").map(String.init), in: place)
        }
        try run(["extract", "--source", "sources/*.yaml", "--to", "outbox", "--dry-run"], in: place)
        try run(
            ["extract", "--source", "sources/*.yaml", "--to", "outbox", "--dry-run", "--compare-keys"], in: place)
        // The reverted batch's rows are gone from the library; whatever is in it is still at its source.
        try run(["extract", "--source", "sources/*.yaml", "--to", "outbox", "--compare-keys"], in: place)
        let ofRun = ["--period", "2026-10", "--run", "monthly-2026-10-0001"]
        try run(["forms", "show", "--form", "F01"] + ofRun, in: place)
        try run(["forms", "export", "--to", "figures.csv"] + ofRun, in: place)
        let cases = try connection.execute("SELECT ajbs, fydm FROM anjian WHERE fydm IS NOT NULL ORDER BY ajbs LIMIT 1")
        let (key, court) = (try #require(cases.first?[0]), try #require(cases.first?[1]))
        try run(["forms", "explain", "--period", "2026-10", "--case", key], in: place)
        let cell = ["--form", "F01", "--court", court, "--cell", "合计,新收"]
        try run(["forms", "explain", "--period", "2026-10"] + cell, in: place)
        try "form,court,period,row,column,value\nF01,\(court),2026-10,1,xs,5\n".write(
            toFile: place + "/submitted.csv", atomically: true, encoding: .utf8)
        let submitted = ["forms", "import", "submitted.csv", "--period", "2026-10", "--to", "taken.csv"]
        try run(submitted, in: place)
        try run(Array(submitted.prefix(5)), in: place)
        let published = "form,court,period,row,column,value\nF01,\(court),2026-10,1,xs,100000\n"
        try published.write(toFile: place + "/published.csv", atomically: true, encoding: .utf8)
        try run(
            ["forms", "import", "published.csv", "--period", "2026-10", "--side", "published"], in: place)
        let compare = ["forms", "compare", "--form", "F01", "--court", court, "--period", "2026-10"]
        try run(compare + ["--to", "sides.xlsx"], in: place, status: 1)
        #expect(FileManager.default.fileExists(atPath: place + "/sides.xlsx"))
        // The library counts as many cases as it says.
        let compared = try SitongProcess.run(
            compare + ["--json"], in: place, environment: ["SITONG_LIBRARY": "library"])
        let object = try JSONSerialization.jsonObject(with: Data(compared.output.utf8)) as? [String: Any]
        let differences = object?["differences"] as? [[String: Any]]
        // The other rows of the column were left out by both, and count as nought.
        let found = try #require(differences?.first { $0["row"] as? String == "1" && $0["column"] as? String == "xs" })
        #expect(found["submitted"] as? String == "5" && found["published"] as? String == "100000")
        let counted = try #require((found["computed"] as? String).flatMap { Int($0) })
        #expect(found["case_count"] as? Int == counted && (found["cases"] as? [[String]])?.count == counted)
        #expect(found["outlier"] is NSNull == (counted != 5))
        try run(
            ["rules", "check", "--schemas", MistakesTests.root + "/Fixtures/mistakes"], in: place, status: 78)
        #expect(checker.seen == (try Self.published))

        // The definitions that the demonstration writes fit their schemas too.
        let schemas = try DefinitionSchemas(folder: Self.folder)
        let sources = try FileManager.default.contentsOfDirectory(atPath: place + "/sources")
        #expect(!sources.isEmpty)
        for file in sources where file.hasSuffix(".yaml") {
            let text = try String(contentsOfFile: "\(place)/sources/\(file)", encoding: .utf8)
            for document in try JSONValue.documents(ofYAML: text) {
                #expect(schemas.problems(of: document) == [], "\(file)")
            }
        }
    }

    @Test(
        "an object with a member too many, too few, or of another type is refused",
        arguments: [
            #"{"format": "sitong.rules-check/1"}"#, #"{"format": "sitong.rules-check/1", "rules": -1}"#,
            #"{"format": "sitong.rules-check/1", "rules": "3"}"#, #"{"format": "sitong.rules-check/2", "rules": 3}"#,
            #"{"format": "sitong.rules-check/1", "rules": 3.5}"#,
            #"{"format": "sitong.rules-check/1", "rules": 3, "more": 1}"#, #"["sitong.rules-check/1"]"#,
        ])
    func refuses(_ text: String) throws {
        let schema = try JSONSchema(file: Self.folder + "/output/rules-check.schema.json")
        #expect(!schema.problems(of: try JSONValue(parsing: text)).isEmpty)
        #expect(schema.problems(of: try JSONValue(parsing: #"{"format": "sitong.rules-check/1", "rules": 3}"#)) == [])
    }
}
