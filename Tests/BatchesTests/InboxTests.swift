import Batches
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite("An inbox") struct InboxTests {
    let directory: TemporaryDirectory
    let outbox: Outbox
    let inbox: Inbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
        inbox = try Inbox(directory.appending("inbox"))
    }

    @discardableResult
    private func send(_ batch: SealedBatch) throws -> String {
        let target = inbox.folder + "/" + batch.manifest.id
        try FileManager.default.copyItem(atPath: batch.folder, toPath: target)
        return target
    }

    @Test("acknowledges a batch that is whole, once")
    func accepted() throws {
        let batch = try BatchFixture.seal(in: outbox)
        let folder = try send(batch)
        #expect(try inbox.batches().isEmpty)
        guard case .accepted(let received, isNew: true)? = try inbox.receive().first else {
            Issue.record("not accepted")
            return
        }
        #expect((received.folder, received.identity) == (folder, batch.identity))
        let receipt = try #require(BatchReceipt.read(folder: folder))
        #expect((receipt.batch, receipt.identity, receipt.rows) == (batch.manifest.id, batch.identity, 7))
        let before = try Data(contentsOf: URL(fileURLWithPath: folder + "/ack.json"))
        guard case .accepted(_, isNew: false)? = try inbox.receive().first else {
            Issue.record("not accepted again")
            return
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/ack.json")) == before)
        #expect(try inbox.batches().map(\.identity) == [batch.identity])
        _ = try BatchReader.open(folder, verify: .content)
    }

    @Test("hands batches out by source and number, whatever the order in which they came")
    func order() throws {
        let sealed = try [("court-b", "2026-10"), ("court-a", "2026-11"), ("court-a", "2026-10")].map {
            try BatchFixture.seal(in: outbox, source: $0.0, run: $0.1, period: $0.1)
        }
        for batch in sealed.reversed() { try send(batch) }
        _ = try inbox.receive()
        #expect(
            try inbox.batches().map(\.manifest.id) == [
                "court-a-2026-11-0001", "court-a-2026-10-0002", "court-b-2026-10-0001",
            ])
    }

    @Test("moves a batch that does not add up away, whole and with the reason", arguments: Tampering.all)
    func refused(_ tampering: Tampering) throws {
        let good = try send(try BatchFixture.seal(in: outbox, source: "court-z"))
        let batch = try BatchFixture.seal(in: outbox)
        let folder = try send(batch)
        try tampering.apply(folder)
        let sent = BatchFixture.tree(folder)
        let outcome = try inbox.receive().first
        guard case .refused(let name, let reason, let target)? = outcome else {
            Issue.record("not refused: \(String(describing: outcome))")
            return
        }
        #expect((name, reason.code, reason.status) == (batch.manifest.id, tampering.code, .badData))
        #expect(target == inbox.folder + "/refused/" + batch.manifest.id)
        #expect(BatchFixture.tree(target) == (sent + ["reason.json"]).sorted())
        let text = try String(contentsOfFile: target + "/reason.json", encoding: .utf8)
        #expect(text.contains("\"code\":\"\(tampering.code)\"") && text.contains(reason.message.zh.prefix(6)))
        #expect(!FileManager.default.fileExists(atPath: folder))
        #expect(try inbox.batches().map(\.folder) == [good])
    }

    @Test("takes a batch that was refused when it comes again whole, and keeps each refused one")
    func again() throws {
        let batch = try BatchFixture.seal(in: outbox)
        for _ in 1...2 {
            let folder = try send(batch)
            try FileManager.default.removeItem(atPath: folder + "/" + Tampering.part)
            _ = try inbox.receive()
        }
        try send(batch)
        _ = try inbox.receive()
        #expect(try inbox.batches().map(\.identity) == [batch.identity])
        let shelf = try FileManager.default.contentsOfDirectory(atPath: inbox.folder + "/refused").sorted()
        #expect(shelf == [batch.manifest.id, batch.manifest.id + "~2"])
    }

    @Test("gives the reason later when a crash came before it was written")
    func reasonLater() throws {
        let batch = try BatchFixture.seal(in: outbox)
        let folder = try send(batch)
        try FileManager.default.removeItem(atPath: folder + "/" + Tampering.part)
        _ = try inbox.receive()
        let reason = inbox.folder + "/refused/\(batch.manifest.id)/reason.json"
        try FileManager.default.removeItem(atPath: reason)
        _ = try inbox.receive()
        #expect(try String(contentsOfFile: reason, encoding: .utf8).contains("batch-missing-file"))
    }

    @Test("leaves alone what is still arriving")
    func arriving() throws {
        let folder = try send(try BatchFixture.seal(in: outbox))
        try FileManager.default.removeItem(atPath: folder + "/manifest.json")
        let before = BatchFixture.tree(inbox.folder).filter { !$0.hasPrefix(".") }
        guard case .arriving(let name)? = try inbox.receive().first else {
            Issue.record("not arriving")
            return
        }
        #expect(name == "court-a-2026-10-0001")
        #expect(BatchFixture.tree(inbox.folder).filter { !$0.hasPrefix(".") } == before)
        #expect(try inbox.batches().isEmpty)
    }

    @Test("looks again at a batch that has its receipt, and refuses it when it was damaged since")
    func damagedLater() throws {
        let folder = try send(try BatchFixture.seal(in: outbox))
        _ = try inbox.receive()
        try Tampering.all[0].apply(folder)
        guard case .refused? = try inbox.receive().first else {
            Issue.record("not refused")
            return
        }
        #expect(try inbox.batches().isEmpty)
    }
}
