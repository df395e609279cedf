import Diagnostics
import Foundation

/// 发件箱: the folder in which the batches of one or several sources are made and wait to be sent.
public struct Outbox: Sendable {
    public let folder: String

    /// Makes the folder when there is none.
    public init(_ folder: String) throws {
        self.folder = folder
        try FolderAccess.make(folder + "/.chain")
    }

    /// The stream of one source, held by this process until it is let go.
    ///
    /// What a crash left is put right first: unfinished folders are removed, and a batch that was sealed but not yet
    /// noted in the chain is noted.
    /// - Throws: `OperationError` 75 when another process makes a batch of this source, 65 when a batch here is damaged or
    ///   does not continue the chain, 78 when the name of the source cannot be that of a file.
    public func stream(_ source: String) throws -> BatchStream { try BatchStream(self, source: source) }
}

/// The batches of one source: numbered without gaps, each naming the one before.
///
/// `.chain/<source>.json` remembers the last one, so that numbers go on when sent batches are cleared away.
public final class BatchStream {
    /// The last batch of the source.
    public struct Link: Codable, Sendable, Hashable {
        public var id: String
        public var sequence: Int
        public var identity: String
        /// When the source was read, as in the manifest.
        public var snapshotTime: String
        public var runKey: String
        /// As in the manifest.
        public var resumeFrom: String?
        public var position: String?
    }

    private struct ChainFile: Codable {
        static let format = "sitong-chain/1"
        var format: String
        var source: String
        var last: Link
    }

    public let source: String
    public let outbox: Outbox
    /// Nil before the first batch.
    public private(set) var last: Link?
    private let lock: FolderLock

    fileprivate init(_ outbox: Outbox, source: String) throws {
        guard BatchName.isSafe(source) else { throw OperationError.batchSourceName(source) }
        self.outbox = outbox
        self.source = source
        lock = try FolderLock(
            outbox.folder + "/.chain/\(source).lock",
            what: LocalizedText(en: "the batches of source '\(source)'", zh: "来源“\(source)”的批次"))
        try readChain()
        try recover()
    }

    /// The batch that this run made, when it is there: what a repetition of the run must not make again.
    public func existing(runKey: String) throws -> SealedBatch? {
        for name in try batchNames().reversed() {
            let batch = try SealedBatch(folder: outbox.folder + "/" + name)
            guard batch.manifest.runKey == runKey else { continue }
            _ = try BatchReader.open(batch.folder, verify: .files)
            return batch
        }
        return nil
    }

    /// Begins the next batch.
    ///
    /// - Parameters:
    ///   - period: part of its name.
    ///   - partBytes: a part ends when its file is about that long.
    public func begin(period: String?, partBytes: Int = 64 << 20) throws -> BatchWriter {
        try BatchWriter(self, period: period, partBytes: partBytes)
    }

    func append(_ batch: SealedBatch) throws {
        let manifest = batch.manifest
        let link = Link(
            id: manifest.id, sequence: manifest.sequence, identity: batch.identity, snapshotTime: manifest.snapshotTime,
            runKey: manifest.runKey,
            resumeFrom: manifest.resumeFrom, position: manifest.position)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(ChainFile(format: ChainFile.format, source: source, last: link))
        try FolderAccess.write(Array(bytes), to: chainPath)
        last = link
    }

    private var chainPath: String { outbox.folder + "/.chain/\(source).json" }

    private func readChain() throws {
        guard FolderAccess.exists(chainPath) else { return }
        let bytes = try FolderAccess.read(chainPath)
        guard let file = try? JSONDecoder().decode(ChainFile.self, from: Data(bytes)), file.format == ChainFile.format,
            file.source == source
        else { throw OperationError.batchChainUnreadable(chainPath) }
        last = file.last
    }

    /// Sealed batches of this source in the order of their numbers.
    private func batchNames() throws -> [String] {
        func sequence(_ name: String) -> Int { name.split(separator: "-").last.flatMap { Int($0) } ?? 0 }
        return try FolderAccess.names(in: outbox.folder).filter { BatchName.isName($0, ofSource: source) }
            .sorted { sequence($0) < sequence($1) }
    }

    private func recover() throws {
        for name in try FolderAccess.names(in: outbox.folder) where name.hasSuffix(".partial") {
            guard BatchName.isName(String(name.dropLast(8)), ofSource: source) else { continue }
            try FolderAccess.remove(outbox.folder + "/" + name)
        }
        for name in try batchNames() {
            let batch = try SealedBatch(folder: outbox.folder + "/" + name)
            let sequence = batch.manifest.sequence
            if let last {
                if sequence < last.sequence { continue }
                let continues =
                    sequence == last.sequence
                    ? batch.identity == last.identity
                    : sequence == last.sequence + 1 && batch.manifest.previous == last.identity
                guard continues else { throw OperationError.batchChainBroken(name, after: last.id, in: outbox.folder) }
                if sequence == last.sequence { continue }
            }
            try append(batch)
        }
    }
}
