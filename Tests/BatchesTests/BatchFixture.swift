import Batches
import Columnar
import DataAccess
import Diagnostics
import Foundation
import TestSupport
import Testing

/// Batches of invented rows.
enum BatchFixture {
    static let caseColumns = ["ajbs", "ah", "fydm"]

    static func header(
        run: String = "run-1", source: String = "court-a", period: String? = "2026-10",
        kind: BatchManifest.Kind = .full
    ) -> BatchHeader {
        BatchHeader(
            producer: "sitong test", schema: String(repeating: "a", count: 64), court: "豫1702", period: period,
            kind: kind,
            window: .init(), source: .init(name: source, engine: "sqlite", version: "3.40.1"), consistency: .snapshot,
            snapshotTime: "2026-11-01T01:02:03Z", runKey: run)
    }

    static func block(_ rows: [[String?]]) -> RawBlock {
        var block = RawBlock(columnCount: rows.first?.count ?? 0)
        for row in rows {
            for (index, value) in row.enumerated() { block.columns[index].append(value) }
            block.rowCount += 1
        }
        return block
    }

    /// Rows with all that is awkward in CSV.
    static let cases: [[String?]] = [
        ["a1", "（2026）豫1702民初1号", "豫1702"], ["a2", nil, "豫1702"], ["a3", "", "豫1702"],
        ["a4", "两行\n\"引号\", 逗号", "豫1702"], ["a5", "\\.", "豫1702"],
    ]
    static let parties: [[String?]] = [["a1", "1"], ["a1", "2"]]

    /// Seals the next batch of a source: five cases, two parties, one tombstone, and an empty table.
    @discardableResult
    static func seal(
        in outbox: Outbox, source: String = "court-a", run: String = "run-1", period: String? = "2026-10"
    ) throws -> SealedBatch {
        let writer = try outbox.stream(source).begin(period: period)
        let table = try writer.table("anjian", columns: caseColumns)
        table.rowsPerCourt = ["豫1702": 5]
        try table.write(block(cases))
        try table.finish()
        let parties = try writer.table("dangshiren", columns: ["ajbs", "xh"])
        try parties.write(block(Self.parties))
        try parties.finish()
        try writer.table("shangsukangsu", columns: ["ajbs", "xh"]).finish()
        let deleted = try writer.table("anjian", columns: ["ajbs"], contents: .deletions)
        try deleted.write(block([["a9"]]))
        try deleted.finish()
        return try writer.seal(header(run: run, source: source, period: period))
    }

    /// All rows of a reader.
    static func rows(_ reader: BatchTableReader?) throws -> [[String?]] {
        guard let reader else { return [] }
        var rows: [[String?]] = []
        while let block = try reader.next() {
            for row in 0..<block.rowCount { rows.append(block.columns.map { $0[row] }) }
        }
        return rows
    }

    /// Everything below a folder, sorted.
    static func tree(_ folder: String) -> [String] {
        (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).sorted()
    }
}

/// The error that `body` throws must have that status and code, both languages, and a hint.
@discardableResult
func expectError(
    _ status: Diagnostics.ExitStatus, _ code: String, _ body: () throws -> Void,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
) -> OperationError? {
    let error = #expect(throws: OperationError.self, sourceLocation: sourceLocation) { try body() }
    #expect(error?.status == status, sourceLocation: sourceLocation)
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(
        error?.message.en.isEmpty == false && error?.message.zh != error?.message.en, sourceLocation: sourceLocation)
    #expect(error?.hint?.en.isEmpty == false && error?.hint?.zh.isEmpty == false, sourceLocation: sourceLocation)
    return error
}
