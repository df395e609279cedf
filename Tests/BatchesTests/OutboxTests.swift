import Batches
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite("An outbox") struct OutboxTests {
    let directory: TemporaryDirectory
    let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    @Test("numbers the batches of a source and chains them, each source by itself")
    func chain() throws {
        let first = try BatchFixture.seal(in: outbox)
        let other = try BatchFixture.seal(in: outbox, source: "court-a-b")
        let second = try BatchFixture.seal(in: outbox, run: "run-2", period: "2026-11")
        #expect((second.manifest.id, second.manifest.previous) == ("court-a-2026-11-0002", first.identity))
        #expect((other.manifest.sequence, other.manifest.previous) == (1, nil))
        let stream = try outbox.stream("court-a")
        #expect(stream.last?.identity == second.identity)
        #expect(stream.last?.runKey == "run-2")
    }

    @Test("finds the batch that a run has made, so that its repetition makes no other")
    func existing() throws {
        let first = try BatchFixture.seal(in: outbox)
        try BatchFixture.seal(in: outbox, run: "run-2")
        let stream = try outbox.stream("court-a")
        #expect(try stream.existing(runKey: "run-1")?.identity == first.identity)
        #expect(try stream.existing(runKey: "run-3") == nil)
    }

    @Test("removes what a crash left unfinished, of this source only")
    func leftovers() throws {
        for name in ["court-a-2026-10-0001.partial", "court-a-all-0003.partial", "court-a-b-2026-10-0001.partial"] {
            try directory.write("half", to: "outbox/\(name)/anjian/000001.csv.zst")
        }
        #expect(try outbox.stream("court-a").last == nil)
        #expect(
            BatchFixture.tree(outbox.folder).filter { !$0.contains("/") } == [
                ".chain", "court-a-b-2026-10-0001.partial",
            ])
    }

    @Test("notes a batch that was sealed just before a crash")
    func adopted() throws {
        let first = try BatchFixture.seal(in: outbox)
        let chainFile = URL(fileURLWithPath: outbox.folder + "/.chain/court-a.json")
        let chain = try Data(contentsOf: chainFile)
        let second = try BatchFixture.seal(in: outbox, run: "run-2")
        // As if the crash had come between the renaming and the note.
        try chain.write(to: chainFile)
        let stream = try outbox.stream("court-a")
        #expect(stream.last?.identity == second.identity)
        #expect(try stream.existing(runKey: "run-2")?.identity == second.identity)
        #expect(second.manifest.previous == first.identity)
    }

    @Test("goes on counting when sent batches are cleared away, and when the chain file is lost")
    func cleared() throws {
        let first = try BatchFixture.seal(in: outbox)
        let second = try BatchFixture.seal(in: outbox, run: "run-2")
        try FileManager.default.removeItem(atPath: first.folder)
        try FileManager.default.removeItem(atPath: outbox.folder + "/.chain/court-a.json")
        let third = try BatchFixture.seal(in: outbox, run: "run-3")
        #expect((third.manifest.sequence, third.manifest.previous) == (3, second.identity))
        for batch in [second, third] { try FileManager.default.removeItem(atPath: batch.folder) }
        let fourth = try BatchFixture.seal(in: outbox, run: "run-4")
        #expect((fourth.manifest.sequence, fourth.manifest.previous) == (4, third.identity))
    }

    @Test("refuses to go on behind a batch that was changed or put there by hand")
    func broken() throws {
        let first = try BatchFixture.seal(in: outbox)
        try Tampering.lie("", "") { $0.producer = "someone else" }.apply(first.folder)
        expectError(.badData, "batch-chain") { _ = try outbox.stream("court-a") }
        try FileManager.default.removeItem(atPath: first.folder)

        let elsewhere = try Outbox(directory.appending("elsewhere"))
        try BatchFixture.seal(in: elsewhere, run: "another")
        let stranger = try BatchFixture.seal(in: elsewhere, run: "run-2")
        try FileManager.default.moveItem(
            atPath: stranger.folder, toPath: outbox.folder + "/" + stranger.manifest.id)
        expectError(.badData, "batch-chain") { _ = try outbox.stream("court-a") }
    }

    @Test("refuses a chain file that is none")
    func chainFile() throws {
        try BatchFixture.seal(in: outbox)
        try directory.write("{", to: "outbox/.chain/court-a.json")
        expectError(.badData, "batch-chain-file") { _ = try outbox.stream("court-a") }
    }

    @Test("lets one process at a time make batches of a source")
    func locked() throws {
        let stream = try outbox.stream("court-a")
        let error = expectError(.temporaryFailure, "batch-locked") { _ = try outbox.stream("court-a") }
        #expect(error?.isTransient == true)
        _ = try outbox.stream("court-b")
        withExtendedLifetime(stream) {}
    }

    @Test("refuses a source that cannot name a folder", arguments: ["", "../x", "a/b", ".hidden"])
    func sourceName(_ name: String) throws {
        expectError(.badDefinition, "batch-source-name") { _ = try outbox.stream(name) }
    }

    @Test("that cannot be made is 73")
    func notMade() throws {
        let file = try directory.write("x", to: "file")
        expectError(.cannotCreate, "file-create") { _ = try Outbox(file + "/outbox") }
    }
}
