import CourtModel
import Demonstration
import Diagnostics
import Foundation
import PostgresClient
import SQLiteClient
import TestSupport
import Testing

@Suite struct DemonstrationTests {
    @Test("the same seed makes the same province, row by row")
    func sameSeed() throws {
        let one = try Province(seed: 7, courts: 4, cases: 1200, prefix: "demo_same_a")
        let other = try Province(seed: 7, courts: 4, cases: 1200, prefix: "demo_same_b")
        #expect(try one.text(one.made.truthFile) == other.text(other.made.truthFile))
        #expect(try one.text(one.made.submittedFigures) == other.text(other.made.submittedFigures))
        for (left, right) in zip(one.made.databases, other.made.databases) {
            #expect(left.rows == right.rows)
            #expect(try dump(left, one) == dump(right, other), "\(left.court.mark)")
        }
    }

    @Test("another seed makes another province")
    func otherSeed() throws {
        let one = try Province(seed: 7, courts: 2, cases: 600, prefix: "demo_other_a")
        let other = try Province(seed: 8, courts: 2, cases: 600, prefix: "demo_other_b")
        #expect(try one.text(one.made.truthFile) != other.text(other.made.truthFile))
        #expect(try dump(one.made.databases[0], one) != dump(other.made.databases[0], other))
        #expect(try dump(one.made.databases[1], one) != dump(other.made.databases[1], other))
    }

    @Test("making it again replaces it, and drops only databases of its own")
    func again() throws {
        let province = try Province(seed: 3, courts: 4, cases: 1200, prefix: "demo_again")
        let server = try PostgresConnection(province.postgres, applicationName: "test")
        try server.execute("CREATE DATABASE demo_again_theirs")
        let before = try province.text(province.made.truthFile)
        var fewer = province.options
        fewer.courts = 2
        _ = try Demonstration.generate(fewer, courts: courts17, postgres: province.postgres)
        let made = try Demonstration.generate(province.options, courts: courts17, postgres: province.postgres)
        #expect(try province.text(made.truthFile) == before)
        let names = try server.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'demo\\_again\\_%' ORDER BY 1")
        #expect(names.map { $0[0] } == ["demo_again_theirs", "demo_again_yu17", "demo_again_yu1721"])
    }

    @Test("a folder or a database of somebody else is left alone")
    func notOurs() throws {
        let folder = try TemporaryDirectory()
        try folder.write("kind\n", to: "truth.csv")
        let postgres = try TestPostgres.freshDatabase()
        let period = try #require(StatisticalPeriod("2026-10"))
        var options = DemonstrationOptions(
            courts: 1, cases: 300, seed: 1, directory: folder.path, period: period, databasePrefix: "demo_foreign")
        let folderError = #expect(throws: OperationError.self) {
            try Demonstration.generate(options, courts: courts17, postgres: postgres)
        }
        #expect(folderError?.code == "demo-folder")
        #expect(folderError?.status == .cannotCreate)
        #expect(try String(contentsOfFile: folder.appending("truth.csv"), encoding: .utf8) == "kind\n")

        let other = try TemporaryDirectory()
        options.directory = other.path
        try PostgresConnection(postgres, applicationName: "test").execute("CREATE DATABASE demo_foreign_yu17")
        let databaseError = #expect(throws: OperationError.self) {
            try Demonstration.generate(options, courts: courts17, postgres: postgres)
        }
        #expect(databaseError?.code == "demo-database")
    }

    @Test(
        "too few cases or too many courts are refused in both languages", arguments: [(11, 100), (12, 9000), (0, 9000)])
    func impossibleNumbers(courts: Int, cases: Int) throws {
        let folder = try TemporaryDirectory()
        let period = try #require(StatisticalPeriod("2026-10"))
        let options = DemonstrationOptions(
            courts: courts, cases: cases, seed: 1, directory: folder.path, period: period)
        let error = #expect(throws: OperationError.self) {
            try Demonstration.generate(options, courts: courts17, postgres: "host=/nowhere")
        }
        #expect(error?.status == .usage)
        #expect(error?.message.zh.isEmpty == false)
        #expect(error?.message.en != error?.message.zh)
    }

    @Test("half of the courts keep their cases in PostgreSQL and half in SQLite, as many as were asked for")
    func databases() throws {
        let province = try Province(seed: 11, prefix: "demo_databases")
        #expect(province.made.databases.count == 6)
        var cases = 0
        for database in province.made.databases {
            let isPostgres = database.kind == "postgres"
            let count = try rows(
                database, province, sql: isPostgres ? "SELECT count(*) FROM t_aj" : "SELECT count(*) FROM AJXX")
            #expect(count == [[String(database.rows["anjian"] ?? 0)]])
            let different = try rows(
                database, province,
                sql: "SELECT count(DISTINCT \(isPostgres ? "c_ajbs) FROM t_aj" : "AJXH) FROM AJXX")")
            cases += Int(different.first?.first.flatMap { $0 } ?? "") ?? 0
            #expect(FileManager.default.fileExists(atPath: database.sourceFile))
        }
        #expect(cases == province.options.cases)
    }

    /// All rows of a database as one text.
    private func dump(_ database: DemonstrationProvince.TrialDatabase, _ province: Province) throws -> [String] {
        let tables =
            database.kind == "postgres"
            ? ["t_aj", "t_dsr", "t_sxbg", "t_ssks"] : ["AJXX", "DSRXX", "SXBGXX", "SKSXX"]
        return try tables.flatMap { table in
            try rows(database, province, sql: "SELECT * FROM \(table)").map { row in
                row.map { $0 ?? "∅" }.joined(separator: "|")
            }
        }
    }
}

/// The rows of a query in one of the invented databases.
func rows(
    _ database: DemonstrationProvince.TrialDatabase, _ province: Province, sql: String
) throws -> [[String?]] {
    if database.kind == "sqlite" { return try SQLiteDatabase(database.place, mode: .readOnly).execute(sql) }
    return try PostgresConnection("\(province.postgres) dbname=\(database.place)", applicationName: "test").execute(sql)
}
