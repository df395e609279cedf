import Columnar
import DataAccess

/// The bytes of a source in order, put where they are wanted; what was not used can be given back.
struct ByteFeed<Source: ByteSource> {
    /// In the (decompressed) file, of the byte that comes next.
    private(set) var offset = 0
    /// Whether nothing comes any more; known only after the end was met.
    var isAtEnd: Bool { hasEnded && position == pending.count }

    private var source: Source
    /// What was read or given back; what lies before `position` has been handed out.
    private var pending: [UInt8] = []
    private var position = 0
    private var hasEnded = false

    init(_ source: Source) { self.source = source }

    /// Puts bytes at `start` until they reach `limit` or the end; returns where they end. Makes `bytes` long enough, with
    /// padding.
    mutating func fill(_ bytes: inout [UInt8], from start: Int, upTo limit: Int) throws -> Int {
        var end = start
        while end < limit {
            let before = end
            if position < pending.count {
                let count = min(limit - end, pending.count - position)
                bytes.grow(to: end + count + CellBlock.padding)
                bytes.withUnsafeMutableBytes { target in
                    pending.withUnsafeBytes { source in
                        UnsafeMutableRawBufferPointer(rebasing: target[end..<end + count])
                            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[position..<position + count]))
                    }
                }
                position += count
                end += count
            } else if hasEnded {
                break
            } else {
                pending.removeAll(keepingCapacity: true)
                position = 0
                bytes.grow(to: limit + CellBlock.padding)
                let count = try bytes.withUnsafeMutableBytes {
                    try source.read(straightInto: UnsafeMutableRawBufferPointer(rebasing: $0[end..<limit]))
                }
                if let count {
                    hasEnded = count == 0
                    end += count
                } else {
                    hasEnded = try !source.read(into: &pending)
                }
            }
            offset += end - before
        }
        return end
    }

    /// The last bytes that were handed out come again.
    mutating func giveBack(_ bytes: ArraySlice<UInt8>) {
        offset -= bytes.count
        if bytes.count <= position {
            position -= bytes.count
        } else {
            pending.replaceSubrange(0..<position, with: bytes)
            position = 0
        }
    }
}
