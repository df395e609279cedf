import DataAccess
import Diagnostics
import Foundation
import PostgresClient
import TestSupport
import Testing

/// Each way in which a server fails us: status, code, and texts without values, in both languages.
struct PostgresErrorTests {
    private func failure(_ sql: String, setUp: String = "") throws -> OperationError? {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.execute(setUp)
        return #expect(throws: OperationError.self) { try connection.execute(sql) }
    }

    @Test func `a socket that is not there is status 69 and names the place`() {
        let error = #expect(throws: OperationError.self) {
            try PostgresConnection("host=/nowhere dbname=x", applicationName: "tests")
        }
        #expect(error?.status == .unavailable)
        #expect(error?.code == "pg-connect")
        #expect(error?.isTransient == true)
        #expect(error?.message.en == "unable to connect to database 'x' at /nowhere:5432: there is no such socket")
        #expect(error?.message.zh == "无法连接数据库 'x' at /nowhere:5432：套接字不存在")
    }

    @Test func `a port on which nobody listens is status 69`() {
        let error = #expect(throws: OperationError.self) {
            try PostgresConnection("postgresql://u:geheim@127.0.0.1:1/x", applicationName: "tests")
        }
        #expect(error?.code == "pg-connect")
        #expect(error?.message.en == "unable to connect to database 'x' at 127.0.0.1:1: connection refused")
        #expect(error?.text(in: .en).contains("geheim") == false)
    }

    @Test func `a connection string that cannot be read is status 64 and shows nothing of it`() {
        let error = #expect(throws: OperationError.self) {
            try PostgresConnection("host=x passwort=geheim", applicationName: "tests")
        }
        #expect(error?.status == .usage)
        #expect(error?.message.en == "unable to read the connection string: unknown option 'passwort'")
        let other = #expect(throws: OperationError.self) {
            try PostgresConnection("host=x password=my geheim", applicationName: "tests")
        }
        #expect(other?.text(in: .en).contains("geheim") == false)
    }

    @Test func `a service without definition is status 66`() {
        let error = #expect(throws: OperationError.self) {
            try PostgresConnection("service=nirgends17", applicationName: "tests")
        }
        #expect(error?.status == .noInput)
        #expect(error?.message.en == "no definition found for service 'nirgends17'")
    }

    @Test func `a database that does not exist is status 66`() throws {
        let place = try TestPostgres.freshDatabase().replacing(#/dbname=\S+/#, with: "dbname=nirgends")
        let error = #expect(throws: OperationError.self) { try PostgresConnection(place, applicationName: "tests") }
        #expect(error?.status == .noInput)
        #expect(error?.code == "pg-database")
    }

    @Test func `a user whom the server does not admit is status 77`() throws {
        let place = try TestPostgres.freshDatabase().replacing("user=sitong", with: "user=stranger")
        let error = #expect(throws: OperationError.self) { try PostgresConnection(place, applicationName: "tests") }
        #expect(error?.status == .noPermission)
        #expect(error?.code == "pg-auth")
        #expect(error?.message.zh.contains("“stranger”") == true)
    }

    @Test func `a missing column is status 65, with the server's hint`() throws {
        let error = try failure("SELECT lraq FROM t", setUp: "CREATE TABLE t (larq date)")
        #expect(error?.status == .badData)
        #expect(error?.code == "pg-undefined-column")
        #expect(error?.message.en.contains("\"lraq\"") == true)
        #expect(error?.hint?.en.contains("larq") == true)
    }

    @Test func `a missing table is status 65`() throws {
        let error = try failure("SELECT 1 FROM nirgends")
        #expect(error?.status == .badData)
        #expect(error?.code == "pg-undefined-table")
    }

    @Test func `a refused value is named by its condition and never shown`() throws {
        let setUp = "CREATE TABLE t (xm text PRIMARY KEY, n int CHECK (n > 0))"
        let unique = try failure("INSERT INTO t VALUES ('张三测试', 1), ('张三测试', 2)", setUp: setUp)
        #expect(unique?.status == .badData)
        #expect(unique?.message.en.contains("unique_violation (SQLSTATE 23505) [t.t_pkey]") == true)
        let cast = try failure("INSERT INTO t VALUES ('李四测试', '王五测试'::text::int)", setUp: setUp)
        #expect(cast?.message.en.contains("invalid_text_representation") == true)
        let raised = try failure("DO $$ BEGIN RAISE EXCEPTION '王五测试'; END $$")
        for error in [unique, cast, raised] {
            #expect(error?.text(in: .zh).contains("测试") == false)
            #expect(error?.text(in: .en).contains("测试") == false)
        }
    }

    @Test func `a copy that the server refuses tells why without the value`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.execute("CREATE TABLE t (n int)")
        let sink = try connection.copyIn("COPY t FROM STDIN")
        try Array("张三测试\n".utf8).withUnsafeBytes { try sink.write($0) }
        let error = #expect(throws: OperationError.self) { try sink.finish() }
        #expect(error?.message.en.contains("invalid_text_representation") == true)
        #expect(error?.text(in: .zh).contains("测试") == false)
        #expect(try connection.execute("SELECT 1") == [["1"]])
    }

    @Test func `no privilege is status 77`() throws {
        let error = try failure(
            "SET ROLE reader_\(ProcessInfo.processInfo.processIdentifier); SELECT * FROM t",
            setUp: "CREATE TABLE t (n int); CREATE ROLE reader_\(ProcessInfo.processInfo.processIdentifier)")
        #expect(error?.status == .noPermission)
        #expect(error?.code == "pg-permission")
    }

    @Test func `a lock that another session holds is status 75`() throws {
        let place = try TestPostgres.freshDatabase()
        let holder = try PostgresConnection(place, applicationName: "tests")
        try holder.execute("CREATE TABLE t (n int)")
        try holder.begin()
        try holder.execute("LOCK TABLE t")
        let waiter = try PostgresConnection(place, applicationName: "tests")
        try waiter.begin()
        let error = waiter.lockFailure()
        #expect(error?.status == .temporaryFailure)
        #expect(error?.isTransient == true)
    }

    @Test func `a statement that is not SQL is a wrong definition, status 78`() throws {
        #expect(try failure("SELEKT 1")?.status == .badDefinition)
    }

    @Test func `a session that is terminated is status 69, and the connection stays so`() throws {
        let place = try TestPostgres.freshDatabase()
        let victim = try PostgresConnection(place, applicationName: "tests")
        let killer = try PostgresConnection(place, applicationName: "tests")
        try victim.execute("CREATE TABLE t (n int)")
        let sink = try victim.copyIn("COPY t FROM STDIN")
        try killer.execute("SELECT pg_terminate_backend($1::int)", ["\(victim.backendProcess)"])
        let rows = Array(String(repeating: "1\n", count: 500_000).utf8)
        let error = #expect(throws: OperationError.self) {
            for _ in 1...100 { try rows.withUnsafeBytes { try sink.write($0) } }
            try sink.finish()
        }
        #expect(error?.status == .unavailable)
        #expect(error?.code == "pg-lost")
        let again = #expect(throws: OperationError.self) { try victim.execute("SELECT 1") }
        #expect(again?.code == "pg-lost")
    }
}

extension PostgresConnection {
    fileprivate func lockFailure() -> OperationError? {
        #expect(throws: OperationError.self) { try execute("LOCK TABLE t NOWAIT") }
    }
}
