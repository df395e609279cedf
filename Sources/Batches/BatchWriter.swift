import DataAccess
import Diagnostics
import Foundation

/// Writes one batch as `<id>.partial`, and makes it a batch by renaming that folder at the very end.
///
/// Dropped before `seal` it removes what it began; after a crash the next opening of the stream does.
public final class BatchWriter {
    public let id: String
    private let stream: BatchStream
    private let sequence: Int
    private let previous: String?
    private let folder: String
    private let partBytes: Int
    private var tables: [BatchTableWriter] = []
    private var isSealed = false

    init(_ stream: BatchStream, period: String?, partBytes: Int) throws {
        self.stream = stream
        self.partBytes = partBytes
        sequence = (stream.last?.sequence ?? 0) + 1
        previous = stream.last?.identity
        id = BatchName.make(source: stream.source, period: period, sequence: sequence)
        folder = stream.outbox.folder + "/" + id + ".partial"
        guard !FolderAccess.exists(stream.outbox.folder + "/" + id) else {
            throw OperationError.fileNotCreated(stream.outbox.folder + "/" + id, EEXIST)
        }
        try FolderAccess.make(folder)
    }

    deinit {
        // What cannot be removed now is removed when the stream is opened again.
        if !isSealed { try? FolderAccess.remove(folder) }
    }

    /// Begins a table; several may be open at once. Finish each before `seal`.
    public func table(
        _ name: String, columns: [String], contents: BatchTableWriter.Contents = .rows
    ) throws -> BatchTableWriter {
        let writer = try BatchTableWriter(
            folder, name: name, columns: columns, contents: contents, partBytes: partBytes)
        tables.append(writer)
        return writer
    }

    /// Writes the manifest, and gives the folder its name: the batch is there, or nothing is.
    public func seal(
        _ header: BatchHeader, untranslated: [BatchManifest.Untranslated] = [],
        completeness: [BatchManifest.Completeness] = []
    ) throws -> SealedBatch {
        precondition(tables.allSatisfy(\.isFinished), "a table of the batch was not finished")
        let manifest = BatchManifest(
            id: id, header: header, sequence: sequence, previous: previous,
            tables: tables.filter { $0.contents == .rows }.map(\.entry),
            tombstones: tables.filter { $0.contents == .deletions }.map(\.entry), untranslated: untranslated,
            quarantined: tables.filter { $0.contents == .quarantine }.map(\.entry),
            completeness: completeness)
        let bytes = try manifest.encoded()
        for part in Set(manifest.parts.map { String($0.path.prefix { $0 != "/" }) }) {
            try FolderAccess.sync(folder + "/" + part)
        }
        faultPoint("batch.beforeManifest")
        try FolderAccess.write(bytes, to: folder + "/manifest.json")
        faultPoint("batch.beforeRename")
        let final = stream.outbox.folder + "/" + id
        try FolderAccess.rename(folder, to: final)
        isSealed = true
        try FolderAccess.sync(stream.outbox.folder)
        faultPoint("batch.afterRename")
        let batch = try SealedBatch(folder: final)
        try stream.append(batch)
        faultPoint("batch.afterChain")
        return batch
    }
}

/// A batch that is whole: its folder, what its manifest says, and its identity.
public struct SealedBatch: Sendable {
    public let folder: String
    public let manifest: BatchManifest
    /// SHA-256 of the manifest's bytes.
    public let identity: String

    /// Reads the manifest; the files are not looked at, see `BatchReader`.
    init(folder: String) throws {
        let reader = try ManifestFile(folder: folder)
        self.folder = folder
        manifest = reader.manifest
        identity = reader.identity
    }

    init(folder: String, manifest: BatchManifest, identity: String) {
        self.folder = folder
        self.manifest = manifest
        self.identity = identity
    }
}
