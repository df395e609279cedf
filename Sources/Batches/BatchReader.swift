import DataAccess
public import DelimitedText
import Diagnostics
import Digests

/// A batch (批次) that was opened and found to be whole.
public struct BatchReader {
    /// How much is looked at when a batch is opened.
    public enum Verification: Sendable {
        /// That the files are those of the manifest and have its sizes. Digests are held against it while rows are read.
        case files
        /// Also every digest, every header and every number of rows: reads all of it.
        case content
    }

    public let folder: String
    public let manifest: BatchManifest
    /// SHA-256 of the manifest's bytes.
    public let identity: String

    /// - Throws: `OperationError` 66 when there is no batch, 65 when anything in it does not add up: files missing, too
    ///   many, of other sizes, links, paths that lead out of the folder, digests, row counts, an unknown version.
    public static func open(_ folder: String, verify verification: Verification) throws -> BatchReader {
        try open(folder, name: ManifestFile.name(of: folder), verify: verification)
    }

    /// - Parameter name: what the folder should be called.
    static func open(_ folder: String, name: String, verify verification: Verification) throws -> BatchReader {
        let file = try ManifestFile(folder: folder, name: name)
        let reader = BatchReader(folder: folder, manifest: file.manifest, identity: file.identity)
        try reader.checkFiles()
        if verification == .content {
            for table in file.manifest.tables + file.manifest.tombstones + (file.manifest.quarantined ?? []) {
                for part in table.parts { try reader.checkContent(part, of: table) }
            }
        }
        return reader
    }

    /// The rows of a table, part after part; nil when the batch does not have the table.
    public func reader(
        table name: String, contents: BatchTableWriter.Contents = .rows
    ) throws -> BatchTableReader? {
        let list =
            switch contents {
            case .rows: manifest.tables
            case .deletions: manifest.tombstones
            case .quarantine: manifest.quarantined ?? []
            }
        return list.first { $0.name == name }.map { BatchTableReader(self, $0) }
    }

    /// The records of one part; its sizes and digests are checked as it is read, and the end is an error (65) when they
    /// are not those of the manifest.
    public func open(_ part: BatchManifest.Part, of table: BatchManifest.Table) throws -> CSVReader<PartSource> {
        let reader = try CSVReader(source(of: part), file: "\(manifest.id)/\(part.path)")
        guard reader.columns == table.columns else { throw OperationError.batchHeader(manifest.id, part.path) }
        return reader
    }

    /// The same records as cells, for whoever keeps nothing of them.
    public func cells(
        of part: BatchManifest.Part, of table: BatchManifest.Table
    ) throws -> CSVCellReader<PartSource> {
        let reader = try CSVCellReader(source(of: part), file: "\(manifest.id)/\(part.path)")
        guard reader.columns == table.columns else { throw OperationError.batchHeader(manifest.id, part.path) }
        return reader
    }

    private func source(of part: BatchManifest.Part) throws -> PartSource {
        try PartSource(folder: folder, part: part, batch: manifest.id)
    }

    private func checkFiles() throws {
        var expected: [String: Int] = [:]
        for part in manifest.parts { expected[part.path] = part.bytes }
        let folders = Set(manifest.parts.map { $0.path.prefix { $0 != "/" } }.map(String.init))
        var found: Set<String> = []
        func visit(_ path: String) throws {
            switch FolderAccess.kind(folder + "/" + path) {
            case .other?: throw OperationError.batchLink(manifest.id, path)
            case .folder?:
                guard folders.contains(path) else { throw OperationError.batchExtraFile(manifest.id, path) }
                for name in try FolderAccess.names(in: folder + "/" + path) { try visit(path + "/" + name) }
            case .file(let bytes)?:
                if BatchFolder.ownFiles.contains(path) { return }
                guard let size = expected[path] else { throw OperationError.batchExtraFile(manifest.id, path) }
                guard size == bytes else {
                    throw OperationError.batchSize(manifest.id, path, expected: size, found: bytes)
                }
                found.insert(path)
            case nil: break
            }
        }
        for name in try FolderAccess.names(in: folder) { try visit(name) }
        if let missing = manifest.parts.first(where: { !found.contains($0.path) }) {
            throw OperationError.batchMissingFile(manifest.id, missing.path)
        }
    }

    private func checkContent(_ part: BatchManifest.Part, of table: BatchManifest.Table) throws {
        // Before it is decompressed: a damaged file is better called damaged than whatever the decompressor meets.
        let digest = SHA256Digest()
        var file = try FileSource(folder + "/" + part.path)
        var buffer: [UInt8] = []
        while try file.read(into: &buffer) {
            digest.update(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
        guard digest.finish() == part.sha256 else { throw OperationError.batchDigest(manifest.id, part.path) }
        let reader = try open(part, of: table)
        while try reader.next() != nil { _ = reader.takeMalformed() }
        guard reader.recordCount == part.rows else {
            throw OperationError.batchRows(manifest.id, part.path, expected: part.rows, found: reader.recordCount)
        }
    }
}

/// Names within a batch folder that no part has.
enum BatchFolder {
    static let manifest = "manifest.json"
    static let receipt = "ack.json"
    static let ownFiles: Set<String> = [manifest, receipt]
}
