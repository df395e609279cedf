public import DataAccess

/// Passes bytes on and remembers how many there were and their SHA-256.
public struct DigestingSink<Inner: ByteSink>: ByteSink {
    public private(set) var inner: Inner
    public private(set) var byteCount = 0
    /// Known after `finish`.
    public private(set) var hexDigest: String?
    private let digest = SHA256Digest()

    public init(_ inner: Inner) { self.inner = inner }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        digest.update(bytes)
        byteCount += bytes.count
        try inner.write(bytes)
    }

    public mutating func finish() throws {
        try inner.finish()
        hexDigest = digest.finish()
    }
}

/// Passes bytes on and remembers how many there were and their SHA-256.
public struct DigestingSource<Inner: ByteSource>: ByteSource {
    private var inner: Inner
    public private(set) var byteCount = 0
    private let digest = SHA256Digest()

    public init(_ inner: Inner) { self.inner = inner }

    public mutating func read(into buffer: inout [UInt8]) throws -> Bool {
        let start = buffer.count
        let more = try inner.read(into: &buffer)
        byteCount += buffer.count - start
        buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        return more
    }

    /// The digest of all that was read; call once, at the end.
    public func finish() -> String { digest.finish() }
}
