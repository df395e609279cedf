import Digests

/// A file of a batch, for whoever sends it.
public struct BatchFile: Sendable, Hashable {
    /// Relative to the batch's folder.
    public var path: String
    public var bytes: Int
    public var sha256: String
}

/// What must arrive for a batch to be whole.
public enum BatchFiles {
    /// The parts in their order, then the manifest, which makes the batch visible to its receiver. Sizes are looked at,
    /// contents are not read.
    ///
    /// - Throws: `OperationError` 66 when there is no batch, 65 when it is not as its manifest says.
    public static func list(_ folder: String) throws -> (parts: [BatchFile], manifest: BatchFile) {
        let batch = try BatchReader.open(folder, verify: .files)
        let file = try ManifestFile(folder: folder)
        let parts = batch.manifest.parts.map { BatchFile(path: $0.path, bytes: $0.bytes, sha256: $0.sha256) }
        return (parts, BatchFile(path: BatchFolder.manifest, bytes: file.bytes, sha256: file.identity))
    }
}
