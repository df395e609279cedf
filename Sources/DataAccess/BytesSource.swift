/// Bytes that are in memory already, as a source.
public struct BytesSource: ByteSource {
    private let bytes: [UInt8]
    private var isRead = false

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public mutating func read(into buffer: inout [UInt8]) -> Bool {
        guard !isRead else { return false }
        isRead = true
        buffer.append(contentsOf: bytes)
        return !bytes.isEmpty
    }
}
