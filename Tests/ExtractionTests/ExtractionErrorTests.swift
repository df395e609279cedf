import Batches
import Columnar
import DataAccess
import Definitions
import Diagnostics
import Extraction
import Foundation
import PostgresClient
import SQLiteClient
import TestSupport
import Testing

/// What is wrong with a source, and what must be said about it.
struct BadSource: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var status: Diagnostics.ExitStatus
    var code: String
    /// Must stand in both messages or hints.
    var words: [String]
    var change: @Sendable (inout SourceDefinition) -> Void

    static func select(_ sql: String) -> @Sendable (inout SourceDefinition) -> Void {
        { $0.tables[0].query = .select(sql) }
    }

    /// Columns and a table that both vendors' databases have.
    static let both: [BadSource] = [
        BadSource(
            testDescription: "a needed column is missing", status: .badData, code: "source-columns",
            words: ["vendor", "anjian", "larq", "立案日期", "ajbs, ah, fydm|ajbs、ah、fydm"],
            change: select("SELECT 'x' AS ajbs, 'y' AS ah, 'z' AS fydm")),
        BadSource(
            testDescription: "a key column is missing", status: .badData, code: "source-columns",
            words: ["dangshiren", "xh"],
            change: { $0.tables[1].query = .select("SELECT 'x' AS ajbs, 'y' AS xm") }),
        BadSource(
            testDescription: "a needed column is misspelt", status: .badData, code: "source-columns",
            words: ["larq", "laqr"],
            change: select("SELECT 'x' AS ajbs, 'y' AS ah, 'z' AS fydm, '2026-01-01' AS laqr")),
        BadSource(
            testDescription: "a column that need not be there is misspelt", status: .badData, code: "source-columns",
            words: ["jafs", "jaffs"],
            change: select("SELECT 'x' AS ajbs, 'y' AS ah, 'z' AS fydm, '2026-01-01' AS larq, '1' AS jaffs")),
        BadSource(
            testDescription: "two columns mean the same", status: .badData, code: "source-column-twice", words: ["ah"],
            change: select(#"SELECT 'x' AS ajbs, 'y' AS ah, 'u' AS "案号", 'z' AS fydm, '2026-01-01' AS larq"#)),
        BadSource(
            testDescription: "the standard does not have the table", status: .badDefinition, code: "source-table",
            words: ["anjiann", "anjian"], change: { $0.tables[0].table = "anjiann" }),
    ]
}

@Suite("A source that cannot be extracted") struct ExtractionErrorTests {
    let directory: TemporaryDirectory
    let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    /// The extraction fails so, says so in both languages, and leaves nothing behind.
    private func expectFailure(
        _ source: SourceDefinition, _ status: Diagnostics.ExitStatus, _ code: String, words: [String] = [],
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: OperationError.self, sourceLocation: sourceLocation) {
            try Extractor.extract(SourceFixture.request(source), to: outbox)
        }
        #expect(error?.status == status, sourceLocation: sourceLocation)
        #expect(error?.code == code, sourceLocation: sourceLocation)
        for language in Language.allCases {
            let text = error?.text(in: language) ?? ""
            for word in words {
                #expect(
                    word.split(separator: "|").contains { text.contains($0) }, "\(word) in \(text)",
                    sourceLocation: sourceLocation)
            }
            // No value of a case.
            #expect(!text.contains("豫1702民初"), sourceLocation: sourceLocation)
        }
        #expect(error?.message.en != error?.message.zh, sourceLocation: sourceLocation)
        let left = SourceFixture.tree(outbox.folder)
        #expect(left == [".chain", ".chain/\(source.name).lock"], sourceLocation: sourceLocation)
    }

    @Test("is refused in PostgreSQL", arguments: BadSource.both)
    func postgres(_ bad: BadSource) throws {
        var source = try SourceFixture.postgres().source
        bad.change(&source)
        expectFailure(source, bad.status, bad.code, words: bad.words)
    }

    @Test("is refused in SQLite", arguments: BadSource.both)
    func sqlite(_ bad: BadSource) throws {
        var source = try SourceFixture.sqlite(directory).source
        bad.change(&source)
        expectFailure(source, bad.status, bad.code, words: bad.words)
    }

    @Test("because its own database lacks a column or a table says which table of the source it was")
    func undefined() throws {
        var postgres = try SourceFixture.postgres().source
        postgres.tables[0].query = .select("SELECT c_ajbss AS ajbs FROM t_aj")
        expectFailure(postgres, .badData, "pg-undefined-column", words: ["vendor-a", "anjian", "c_ajbss"])
        postgres.tables[0].query = .select("SELECT 1 AS ajbs FROM t_ajj")
        expectFailure(postgres, .badData, "pg-undefined-table", words: ["vendor-a", "anjian", "t_ajj"])
        postgres.tables[0].query = .select("SELEC 1")
        expectFailure(postgres, .badDefinition, "pg-statement", words: ["vendor-a", "anjian"])
    }

    @Test("because its SQLite file lacks a column or a table says which table of the source it was")
    func undefinedSQLite() throws {
        var source = try SourceFixture.sqlite(directory).source
        source.tables[0].query = .select("SELECT AJXHH AS ajbs FROM AJXX")
        expectFailure(source, .badData, "sqlite-undefined-column", words: ["vendor-b", "anjian", "AJXHH", "AJXH"])
        source.tables[1].query = .from("DSRXXX", columns: [.init(column: "ajbs", source: "AJXH")])
        source.tables.remove(at: 0)
        expectFailure(source, .badData, "sqlite-undefined-table", words: ["vendor-b", "dangshiren", "DSRXX"])
    }

    @Test("because nothing is there")
    func notThere() throws {
        var source = try SourceFixture.postgres().source
        source.connection = .postgres("host=\(directory.path) dbname=x connect_timeout=2")
        expectFailure(source, .unavailable, "pg-connect")
        source.connection = .sqlite(path: directory.appending("nothing.sqlite"))
        expectFailure(source, .noInput, "sqlite-file", words: ["nothing.sqlite"])
        try directory.write(String(repeating: "this is no database. ", count: 100), to: "text.sqlite")
        source.connection = .sqlite(path: directory.appending("text.sqlite"))
        expectFailure(source, .badData, "sqlite-format")
    }

    @Test("because its server is lost in the middle leaves nothing, and can be extracted again")
    func lost() throws {
        let (source, connection) = try SourceFixture.postgres()
        try connection.execute(
            """
            INSERT INTO t_aj SELECT 'b' || n, repeat(md5(n::text), 3), '豫1704', '2026-10-01', 1, n, NULL, NULL
            FROM generate_series(1, 200000) n
            """)
        let error = #expect(throws: OperationError.self) {
            try Extractor.extract(SourceFixture.request(source), to: outbox) { _ in
                _ = try? connection.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name LIKE 'sitong extract%' AND datname = current_database()
                    """)
            }
        }
        #expect((error?.status, error?.code) == (.unavailable, "pg-lost"))
        #expect(SourceFixture.tree(outbox.folder) == [".chain", ".chain/vendor-a.lock"])
        try connection.execute("DELETE FROM t_aj WHERE c_ajbs LIKE 'b%'")
        #expect(try Extractor.extract(SourceFixture.request(source), to: outbox).id == "vendor-a-all-0001")
    }

}
