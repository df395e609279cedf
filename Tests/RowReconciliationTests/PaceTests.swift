import Diagnostics
import Foundation
import PostgresClient
import Schema
import TestSupport
import Testing

@testable import RowReconciliation

/// A server that is read in parts: with pauses, with a time limit, and gone on with after the connection was lost.
@Suite(.serialized)
struct PaceTests {
    /// Two databases with the same rows but for one; many pages each.
    struct Fixture {
        let left: String
        let right: String

        init() throws {
            func make() throws -> String {
                let place = try TestPostgres.freshDatabase()
                let connection = try PostgresConnection(place, applicationName: "tests")
                let list = zip(RowTable.columns, RowTable.serverTypes).map { "\"\($0.name)\" \($1)" }
                try connection.execute(
                    """
                    CREATE TABLE rows (\(list.joined(separator: ", ")));
                    INSERT INTO rows (n, k, t) SELECT g, 'k', repeat('x', 200) FROM generate_series(1, 20000) g
                    """)
                return place
            }
            left = try make()
            right = try make()
            try PostgresConnection(right, applicationName: "tests").execute(
                "UPDATE rows SET t = 'y' WHERE n = 7; DELETE FROM rows WHERE n = 20000")
        }

        static var smallParts: ScanPace {
            var pace = ScanPace(maximumLoad: 1000)
            pace.firstChunkPages = 7
            return pace
        }

        func side(
            _ place: String, pace: ScanPace = ScanPace(), checkpoint: RowCheckpoint.Side? = nil
        ) throws -> PostgresSide {
            try PostgresSide(place, table: RowTable.definition, pace: pace, checkpoint: checkpoint)
        }

        func plan() throws -> RowPlan {
            let names = RowTable.columns.map(\.name)
            return try RowPlan(table: RowTable.definition, schema: RowTable.schema, left: names, right: names)
        }

        func differences(_ left: any RowSide, _ right: any RowSide) throws -> [String] {
            var found: [String] = []
            _ = try RowComparison(try plan()).run(left, right) { found.append(DifferentialTests.described($0)) }
            return found.sorted()
        }
    }

    @Test("the parts of a table add up to the whole of it, also when the last one is short")
    func parts() throws {
        let fixture = try Fixture()
        let plan = try fixture.plan()
        let whole = try fixture.side(fixture.left).bucketSums(plan)
        #expect(whole.rowCount == 20000)
        #expect(try fixture.side(fixture.left, pace: Fixture.smallParts).bucketSums(plan) == whole)
        let other = try fixture.side(fixture.right, pace: Fixture.smallParts).bucketSums(plan)
        #expect(other != whole && other.rowCount == 19999)
    }

    @Test("parts grow until they take what they are meant to, and shrink when they take longer")
    func chunks() {
        let pace = ScanPace()
        #expect(pace.nextChunk(100, took: 0.01) == 400)
        #expect(pace.nextChunk(100, took: 10) == 50)
        #expect(pace.nextChunk(1, took: 1000) == 1)
        #expect(pace.nextChunk(1 << 20, took: 0) == 1 << 20)
    }

    @Test("a connection that is lost ends with 69; the next run goes on where it was, to the same result")
    func lostConnection() throws {
        let fixture = try Fixture()
        let expected = try fixture.differences(fixture.side(fixture.left), fixture.side(fixture.right))
        #expect(expected.count == 2)
        let folder = try TemporaryDirectory()
        let path = folder.appending("checkpoint")
        let first = try RowCheckpoint(path, comparison: "a")
        let connection = try PostgresConnection(fixture.left, applicationName: "tests")
        let left = RowComparisonTests.Doomed(
            try fixture.side(fixture.left, pace: Fixture.smallParts, checkpoint: first.side("left")),
            beforeSums: false
        ) {
            try connection.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'sitong reconcile rows' AND datname = current_database()
                """)
        }
        let error = #expect(throws: OperationError.self) {
            _ = try fixture.differences(left, fixture.side(fixture.right, checkpoint: first.side("right")))
        }
        #expect(error?.status == .unavailable)
        let second = try RowCheckpoint(path, comparison: "a")
        #expect(second.side("left").progress?.sums.rowCount == 20000)
        // What is known is not read again, as its time shows.
        var known = try #require(second.side("left").progress)
        known.since = "2026-01-01T00:00:00Z"
        try second.side("left").save(known)
        let again = try fixture.side(fixture.left, checkpoint: second.side("left"))
        #expect(
            try fixture.differences(again, fixture.side(fixture.right, checkpoint: second.side("right"))) == expected)
        #expect(again.since == "2026-01-01T00:00:00Z")
        try second.remove()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a run that was broken off between two parts goes on with the next one")
    func halfWay() throws {
        let fixture = try Fixture()
        let folder = try TemporaryDirectory()
        let checkpoint = try RowCheckpoint(folder.appending("checkpoint"), comparison: "a")
        try checkpoint.side("left").save(try #require(try PartialSums.first(300, of: fixture)))
        let left = try fixture.side(fixture.left, pace: Fixture.smallParts, checkpoint: checkpoint.side("left"))
        #expect(try left.bucketSums(fixture.plan()) == (try fixture.side(fixture.left).bucketSums(fixture.plan())))
        #expect(left.since == "2026-01-01T00:00:00Z")
    }

    @Test("what changed after its part was read is no difference that is not there, nor hides one")
    func changedMeanwhile() throws {
        let fixture = try Fixture()
        let folder = try TemporaryDirectory()
        let checkpoint = try RowCheckpoint(folder.appending("checkpoint"), comparison: "a")
        try checkpoint.side("left").save(try #require(try PartialSums.first(300, of: fixture)))
        // A row of the first part now lies in the second, on both sides alike; another differs.
        for place in [fixture.left, fixture.right] {
            try PostgresConnection(place, applicationName: "tests").execute("UPDATE rows SET t = 'moved' WHERE n = 3")
        }
        let found = try fixture.differences(
            fixture.side(fixture.left, checkpoint: checkpoint.side("left")), fixture.side(fixture.right))
        #expect(
            found == [
                DifferentialTests.described(.changed, ["7", "k"], ["t"], 1, 1),
                DifferentialTests.described(.missingRight, ["20000", "k"], [], 1, 0),
            ])
    }

    @Test("a checkpoint of another comparison, a damaged one, and one of a table written anew")
    func checkpoints() throws {
        let fixture = try Fixture()
        let folder = try TemporaryDirectory()
        let path = folder.appending("checkpoint")
        try RowCheckpoint(path, comparison: "a").side("left").save(
            try #require(try PartialSums.first(300, of: fixture)))
        let other = #expect(throws: OperationError.self) { try RowCheckpoint(path, comparison: "b") }
        #expect(other?.code == "rows-checkpoint-other")
        // Rows that were read lie elsewhere now: all are read again.
        let writer = try PostgresConnection(fixture.left, applicationName: "tests")
        try writer.execute("DELETE FROM rows WHERE n % 7 = 0")
        try writer.execute("VACUUM FULL rows")
        let anew = try fixture.side(
            fixture.left, checkpoint: try RowCheckpoint(path, comparison: "a").side("left"))
        #expect(try anew.bucketSums(fixture.plan()) == (try fixture.side(fixture.left).bucketSums(fixture.plan())))
        try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
        let damaged = #expect(throws: OperationError.self) { try RowCheckpoint(path, comparison: "a") }
        #expect(damaged?.code == "rows-checkpoint")
    }

    @Test("a scan waits while the server has more to do than is allowed")
    func load() throws {
        let fixture = try Fixture()
        let place = fixture.left
        let sleeper = Thread {
            _ = try? PostgresConnection(place, applicationName: "tests busy").execute("SELECT pg_sleep(2.5)")
        }
        sleeper.start()
        let observer = try PostgresConnection(fixture.left, applicationName: "tests")
        let sleeping =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tests busy' AND wait_event = 'PgSleep'"
        while try observer.execute(sleeping) == [["0"]] { usleep(10_000) }
        let side = try fixture.side(fixture.left, pace: ScanPace(maximumLoad: 0))
        _ = try side.bucketSums(fixture.plan())
        #expect(try observer.execute(sleeping) == [["0"]])
    }

    @Test("a statement that takes longer than it may is ended by the server, with 75")
    func timeout() throws {
        let fixture = try Fixture()
        try PostgresConnection(fixture.left, applicationName: "tests").execute(
            """
            ALTER TABLE rows RENAME TO kept;
            CREATE VIEW rows AS SELECT k.* FROM kept k, LATERAL (SELECT pg_sleep(0.01 + 0 * k.n)) s
            """)
        let side = try fixture.side(fixture.left, pace: ScanPace(statementSeconds: 1))
        let error = #expect(throws: OperationError.self) { try side.bucketSums(fixture.plan()) }
        #expect(error?.status == .temporaryFailure)
    }

    /// What has been added up of the left side's first pages.
    enum PartialSums {
        static func first(_ pages: Int, of fixture: Fixture) throws -> RowCheckpoint.Progress? {
            let connection = try PostgresConnection(fixture.left, applicationName: "tests")
            guard let extent = try TableExtent(of: "rows", on: connection) else { return nil }
            #expect(extent.pages > 310)
            let rows = try connection.execute(
                "SELECT n, t FROM rows WHERE ctid < '(\(pages),0)'::tid ORDER BY n")
            #expect(rows.count > 1000 && rows.count < 20000)
            var progress = RowCheckpoint.Progress(extent.identity, since: "2026-01-01T00:00:00Z")
            progress.pages = pages
            let plan = try fixture.plan()
            var hasher = RowHasher(plan)
            for row in rows {
                var packed = PackedRow()
                for (place, column) in plan.columns.enumerated() {
                    let form = CanonicalText(plan.table.columns[column])
                    let text = place == 0 ? row[0] : place == 1 ? "k" : plan.names[place] == "t" ? row[1] : nil
                    guard let text else {
                        packed.append(nil, as: form)
                        continue
                    }
                    Array(text.utf8).withUnsafeBufferPointer { packed.append($0, as: form) }
                }
                progress.sums.add(hasher.bucket(of: packed), hasher.hash(of: packed))
            }
            return progress
        }
    }
}
