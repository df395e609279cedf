import Batches
import Columnar
import DataAccess
import Diagnostics
import Digests
import Foundation
import TestSupport
import Testing

@Suite("A batch") struct BatchRoundTripTests {
    let directory: TemporaryDirectory
    let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    @Test("gives back the rows that were written, NULL and empty text apart")
    func rowsComeBack() throws {
        let batch = try BatchFixture.seal(in: outbox)
        let reader = try BatchReader.open(batch.folder, verify: .content)
        #expect(try BatchFixture.rows(reader.reader(table: "anjian")) == BatchFixture.cases)
        #expect(try BatchFixture.rows(reader.reader(table: "dangshiren")) == BatchFixture.parties)
        #expect(try BatchFixture.rows(reader.reader(table: "anjian", contents: .deletions)) == [["a9"]])
        let empty = try #require(try reader.reader(table: "shangsukangsu"))
        #expect(empty.columns == ["ajbs", "xh"])
        #expect(try empty.next() == nil)
        #expect(try reader.reader(table: "nothing") == nil)
    }

    @Test("says in its manifest what it holds")
    func manifest() throws {
        let batch = try BatchFixture.seal(in: outbox)
        let manifest = batch.manifest
        #expect(manifest.id == "court-a-2026-10-0001")
        #expect((manifest.sequence, manifest.previous) == (1, nil))
        #expect(manifest.rowCount == 7)
        #expect(manifest.table("anjian")?.rowsPerCourt == ["豫1702": 5])
        #expect(
            manifest.parts.map(\.path) == [
                "anjian/000001.csv.zst", "dangshiren/000001.csv.zst", "anjian/deleted-000001.csv.zst",
            ])
        let bytes = try #require(FileManager.default.contents(atPath: batch.folder + "/manifest.json"))
        #expect(batch.identity == SHA256Digest.hex(of: Array(bytes)))
        #expect(try BatchManifest(decoding: Array(bytes), batch: "x") == manifest)
        #expect(try Array(bytes) == manifest.encoded())
        let part = try #require(manifest.parts.first)
        let file = try #require(FileManager.default.contents(atPath: batch.folder + "/" + part.path))
        #expect((part.bytes, part.sha256) == (file.count, SHA256Digest.hex(of: Array(file))))
    }

    @Test("lists its files with the manifest apart, as they are sent")
    func files() throws {
        let batch = try BatchFixture.seal(in: outbox)
        let files = try BatchFiles.list(batch.folder)
        #expect(files.parts.map(\.path) == batch.manifest.parts.map(\.path))
        #expect((files.manifest.path, files.manifest.sha256) == ("manifest.json", batch.identity))
    }

    @Test("is cut into parts, and rows are numbered on over them")
    func parts() throws {
        let writer = try outbox.stream("court-a").begin(period: nil, partBytes: 4096)
        let table = try writer.table("anjian", columns: ["ajbs"])
        var number = 0
        for _ in 0..<20 {
            let rows = (0..<4096).map { offset in ["case-\(number + offset)"] as [String?] }
            number += rows.count
            try table.write(BatchFixture.block(rows))
        }
        try table.finish()
        let batch = try writer.seal(BatchFixture.header(period: nil))
        let parts = try #require(batch.manifest.table("anjian")).parts
        #expect(parts.count > 2)
        #expect(parts.allSatisfy { $0.bytes < 1 << 18 })
        #expect(parts.reduce(0) { $0 + $1.rows } == number)

        let reader = try #require(try BatchReader.open(batch.folder, verify: .content).reader(table: "anjian"))
        var next = 1
        var seen: [String] = []
        while let block = try reader.next() {
            #expect(block.firstRow == next)
            #expect(block.columns[0][0] == "case-\(next - 1)")
            #expect(block.lines.count == block.rowCount)
            if reader.currentPart != seen.last { seen.append(reader.currentPart ?? "") }
            next += block.rowCount
        }
        #expect(next == number + 1)
        #expect(reader.recordCount == number)
        #expect(seen == parts.map(\.path))
    }

    @Test("that is given up leaves nothing behind")
    func abandoned() throws {
        do {
            let writer = try outbox.stream("court-a").begin(period: "2026-10")
            let table = try writer.table("anjian", columns: BatchFixture.caseColumns)
            try table.write(BatchFixture.block(BatchFixture.cases))
            #expect(BatchFixture.tree(outbox.folder).contains("court-a-2026-10-0001.partial/anjian/000001.csv.zst"))
        }
        #expect(BatchFixture.tree(outbox.folder) == [".chain", ".chain/court-a.lock"])
    }

    @Test("that is not there, or has no manifest yet, is an error of its own")
    func notThere() throws {
        expectError(.noInput, "batch-not-found") {
            _ = try BatchReader.open(directory.appending("nothing"), verify: .files)
        }
    }
}

@Suite("Names of batches") struct BatchNameTests {
    @Test("are made of source, period and number")
    func names() {
        #expect(BatchName.make(source: "a", period: "2026-10@20", sequence: 12) == "a-2026-10@20-0012")
        #expect(BatchName.make(source: "a", period: nil, sequence: 12345) == "a-all-12345")
    }

    @Test("are safe as names of folders", arguments: ["../x", "", ".x", "-x", "a/b", "a b", "a\nb", "a\u{0}b", "a:b"])
    func unsafe(_ name: String) { #expect(!BatchName.isSafe(name)) }

    @Test("may be Chinese", arguments: ["驻马店-1", "court_a.b", "豫1702"])
    func safe(_ name: String) { #expect(BatchName.isSafe(name)) }
}
