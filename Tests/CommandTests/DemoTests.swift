import Demonstration
import Foundation
import SQLiteClient
import TestSupport
import Testing

/// The demonstration: what was planted is what is found.
@Suite(.serialized) struct DemoTests {
    static let size = ["--courts", "3", "--cases", "900"]

    @Test(
        "whatever the seed, everything planted is found and nothing else",
        arguments: (1...3).map { TestSeed.draw($0) })
    func drawnSeeds(seed: UInt64) throws {
        print("demo with seed \(seed)")
        RealPart.note(.postgres)
        RealPart.note(.sqlite)
        let folder = try OpenFolder()
        let demo = try SitongProcess.run(["demo", "--dir", "D", "--seed", "\(seed)"] + Self.size, in: folder.path)
        #expect(demo.status == 0, "seed \(seed): \(demo.output.suffix(2000)) \(demo.errors)")
        #expect(demo.output.contains("all that should be found was found, and nothing else"))
        #expect(processes(in: folder.path) == [], "a process was left behind")

        let reports = folder.path + "/D/reports/2026-10"
        let workbook = FileManager.default.contents(atPath: reports + "/report.xlsx") ?? Data()
        #expect(workbook.starts(with: Data("PK".utf8)) && workbook.count > 10_000)
        let page = try String(contentsOfFile: reports + "/report.html", encoding: .utf8)
        #expect(page.contains("</html>") && page.contains("收结案"))

        // Once more by the test's own comparison of the two files, not the program's.
        let truth = try CSVRows(folder.path + "/D/truth.csv")
        let findings = try CSVRows(reports + "/findings.csv").set("rule", "table", "key")
        let rowRules = truth.rows.filter { $0["outcome"] == "finding" && $0["table"] != "F01" }
        #expect(CSVRows.set(rowRules, "rule", "table", "key") == findings)
        let boundaries = truth.rows.filter { $0["outcome"] == "boundary" }
        #expect(Set(boundaries.compactMap { $0["kind"] }).count >= 30)
        let keys = Set(findings.map { "\($0[1]) \($0[2])" })
        for case_ in boundaries {
            #expect(!keys.contains("\(case_["table"] ?? "") \(case_["key"] ?? "")"), "\(case_)")
        }
    }

    @Test("a second demonstration in the same folder works as well, and the same seed gives the same truth")
    func again() throws {
        RealPart.note(.postgres)
        let folder = try OpenFolder()
        func demo(_ seed: Int, _ more: [String] = []) throws -> (SitongProcess, truth: Data) {
            let run = try SitongProcess.run(
                ["demo", "--dir", "D", "--seed", "\(seed)"] + Self.size + more, in: folder.path)
            return (run, FileManager.default.contents(atPath: folder.path + "/D/truth.csv") ?? Data())
        }
        let first = try demo(11)
        #expect(first.0.status == 0, "\(first.0.errors)")
        let other = try demo(12)
        #expect(other.0.status == 0, "\(other.0.errors)")
        #expect(other.truth != first.truth)
        let second = try demo(11, ["--json"])
        #expect(second.0.status == 0, "\(second.0.errors)")
        #expect(second.truth == first.truth && !first.truth.isEmpty)

        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(second.0.output.utf8)) as? [String: Any], "\(second.0.output)")
        #expect(json["format"] as? String == "sitong.demo/1")
        #expect((json["missing"] as? [Any])?.isEmpty == true && (json["unexpected"] as? [Any])?.isEmpty == true)
        #expect((json["planted"] as? [String: Int])?.isEmpty == false)
        let reports = try #require(json["reports"] as? [String])
        for name in ["report.xlsx", "report.html", "report.json", "findings.csv"] {
            #expect(reports.contains { $0.hasSuffix("/" + name) })
        }
        for report in reports { #expect(FileManager.default.fileExists(atPath: folder.path + "/" + report)) }
        #expect(processes(in: folder.path) == [])
    }

    @Test("as few cases as are admitted are enough")
    func fewestCases() throws {
        RealPart.note(.postgres)
        let folder = try OpenFolder()
        let least = 2 * Demonstration.fewestCasesPerCourt
        let tooFew = try SitongProcess.run(
            ["demo", "--dir", "D", "--courts", "2", "--cases", "\(least - 1)"], in: folder.path)
        #expect(tooFew.status == 64)
        let demo = try SitongProcess.run(
            ["demo", "--dir", "D", "--courts", "2", "--cases", "\(least)"], in: folder.path)
        #expect(demo.status == 0, "\(least) cases: \(demo.errors)")
    }

    @Test("a defect that is not in the truth file is found beside those that are")
    func oneMoreDefect() throws {
        RealPart.note(.postgres)
        RealPart.note(.sqlite)
        let folder = try OpenFolder()
        let made = try SitongProcess.run(
            ["demo", "--prepare-only", "--dir", "D", "--seed", "5"] + Self.size, in: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let place = folder.path + "/D"
        defer { _ = try? SitongProcess.run(["library", "stop", "--library", "library"], in: place) }
        let truth = try CSVRows(place + "/truth.csv")
        let planted = Set(truth.rows.compactMap { $0["key"] })
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: place + "/databases").first { $0.hasSuffix(".sqlite") })
        var chosen = ""
        do {
            let database = try SQLiteDatabase(place + "/databases/" + file, mode: .readWrite)
            let cases = try database.execute("SELECT AJXH FROM AJXX WHERE QSJE_FEN > 0 ORDER BY AJXH")
            chosen = try #require(
                cases.compactMap(\.first).compactMap { $0 }.first { id in !planted.contains { $0.contains(id) } })
            try database.execute("UPDATE AJXX SET QSJE_FEN = -1 WHERE AJXH = '\(chosen)'")
        }
        // The court in PostgreSQL has its database in the library's server.
        #expect(try SitongProcess.run(["library", "start", "--library", "library"], in: place).status == 0)
        let run = try SitongProcess.run(
            ["run", "monthly", "--period", "2026-10"], in: place,
            environment: ["SITONG_LIBRARY": "library", "SITONG_INBOX": "inbox"])
        #expect(run.status == 1, "\(run.errors)")
        let findings = try CSVRows(place + "/reports/2026-10/findings.csv").set("rule", "table", "key")
        let rowRules = truth.rows.filter { $0["outcome"] == "finding" && $0["table"] != "F01" }
        let expected = CSVRows.set(rowRules, "rule", "table", "key")
        #expect(findings.subtracting(expected) == [["case.amount-not-negative", "anjian", chosen]])
        #expect(expected.subtracting(findings) == [])
    }
}

/// A CSV file read by the tests themselves: quoted fields, one record a line.
struct CSVRows {
    var rows: [[String: String]]

    init(_ path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let records = Self.records(text)
        let header = records.first ?? []
        rows = records.dropFirst().map { Dictionary(zip(header, $0), uniquingKeysWith: { $1 }) }
    }

    func set(_ columns: String...) -> Set<[String]> { Self.set(rows, columns) }

    static func set(_ rows: [[String: String]], _ columns: String...) -> Set<[String]> { set(rows, columns) }

    /// Keys of several columns are JSON, with or without spaces.
    private static func set(_ rows: [[String: String]], _ columns: [String]) -> Set<[String]> {
        Set(rows.map { row in columns.map { (row[$0] ?? "").replacing(", ", with: ",").replacing("\"", with: "") } })
    }

    private static func records(_ text: String) -> [[String]] {
        var records: [[String]] = []
        var record: [String] = []
        var field = ""
        var isQuoted = false
        for character in text {
            switch character {
            case "\"":
                // Two in a row within quotes end and begin them again, and stand for one.
                if !isQuoted, field.last == "\u{0}" { field = field.dropLast() + "\"" }
                isQuoted.toggle()
                if !isQuoted { field.append("\u{0}") }
            case "," where !isQuoted:
                record.append(field.replacing("\u{0}", with: ""))
                field = ""
            case "\n" where !isQuoted, "\r\n" where !isQuoted:
                record.append(field.replacing("\u{0}", with: ""))
                records.append(record)
                record = []
                field = ""
            default: field.append(character)
            }
        }
        return records
    }
}
