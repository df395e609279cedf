public import Columnar

/// Rows of one table, pulled block by block. Not calling `next` is the back-pressure.
///
/// A reader belongs to one thread. The block returned is the caller's to keep.
public protocol BlockReader {
    /// Names in the order of the block's columns, as the source calls them.
    var columns: [String] { get }
    /// The next rows, nil at the end.
    mutating func next() throws -> RawBlock?
}

/// Takes rows of one table, block by block, until `finish`.
public protocol BlockWriter {
    mutating func write(_ block: RawBlock) throws
    /// Makes what was written whole; a writer that is dropped without it leaves nothing behind.
    mutating func finish() throws
}

/// Bytes in order, pulled piece by piece: a file, a decompressor, a server's COPY stream.
public protocol ByteSource {
    /// Appends at most some megabytes to `buffer`; false at the end.
    mutating func read(into buffer: inout [UInt8]) throws -> Bool
    /// Puts bytes straight where they are wanted and says how many, 0 at the end; nil from a source that has no such way
    /// and must be asked by `read(into:)`.
    mutating func read(straightInto piece: UnsafeMutableRawBufferPointer) throws -> Int?
}

extension ByteSource {
    public mutating func read(straightInto piece: UnsafeMutableRawBufferPointer) throws -> Int? { nil }
}

/// Bytes in order, pushed piece by piece: a file, a compressor, a digest.
public protocol ByteSink {
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws
    mutating func finish() throws
}
