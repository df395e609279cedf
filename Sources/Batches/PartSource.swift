import Compression
public import DataAccess
import Diagnostics
import Digests

/// The CSV text of a part, held against the manifest while it is read: never more than it declares, and at the end
/// exactly that.
public final class PartSource: ByteSource {
    private let part: BatchManifest.Part
    private let batch: String
    private let file: MeasuredFile
    private let text: ZstdSource<MeasuredFile>
    private let rawDigest = SHA256Digest()
    private var rawBytes = 0
    private var isAtEnd = false

    init(folder: String, part: BatchManifest.Part, batch: String) throws {
        self.part = part
        self.batch = batch
        file = MeasuredFile(try FileSource(folder + "/" + part.path))
        text = ZstdSource(file, file: "\(batch)/\(part.path)")
    }

    public func read(into buffer: inout [UInt8]) throws -> Bool {
        guard !isAtEnd else { return false }
        let start = buffer.count
        let more = try text.read(into: &buffer)
        rawBytes += buffer.count - start
        guard rawBytes <= part.rawBytes else {
            throw OperationError.batchRawSize(batch, part.path, declared: part.rawBytes)
        }
        buffer.withUnsafeBytes { rawDigest.update(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        if !more {
            isAtEnd = true
            guard file.byteCount == part.bytes, file.digest.finish() == part.sha256, rawBytes == part.rawBytes,
                rawDigest.finish() == part.rawSha256
            else { throw OperationError.batchDigest(batch, part.path) }
        }
        return more
    }
}

/// A file with the count and the digest of what was read of it; shared by whoever decompresses and whoever checks.
final class MeasuredFile: ByteSource {
    private var file: FileSource
    private(set) var byteCount = 0
    let digest = SHA256Digest()

    init(_ file: FileSource) { self.file = file }

    func read(into buffer: inout [UInt8]) throws -> Bool {
        let start = buffer.count
        let more = try file.read(into: &buffer)
        byteCount += buffer.count - start
        buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        return more
    }
}
