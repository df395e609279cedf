/// A source whose kind is known only when it is opened: plain, `.zst`, `.gz`. One dynamic call for each piece of bytes.
public struct AnyByteSource: ByteSource {
    private var base: any ByteSource

    public init(_ base: any ByteSource) { self.base = base }

    public mutating func read(into buffer: inout [UInt8]) throws -> Bool { try base.read(into: &buffer) }

    public mutating func read(straightInto piece: UnsafeMutableRawBufferPointer) throws -> Int? {
        try base.read(straightInto: piece)
    }
}
