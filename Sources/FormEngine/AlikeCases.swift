/// Cases of one form that are in the same rows and columns of it, counted together: a case costs one look-up here, however
/// many cells it is in, and each kind of cases is added to the cells once.
struct AlikeCases {
    /// What cases have in common.
    struct Kind {
        /// A bit for each row and column of the form that the case is in.
        var bits: UInt64
        var court: Int32
        /// The number of the case's code; 0 where rows are not told by codes.
        var code: Int32
    }

    private struct Entry {
        var kind: Kind
        /// 0: the place is free.
        var count: UInt32
    }

    private var entries: [Entry] = []
    private var used = 0
    /// More kinds than this are added to the cells and forgotten: memory does not grow with the cases.
    private static let most = 1 << 15

    var isFull: Bool { used >= AlikeCases.most }

    /// Counts some cases, at most 64.
    @inline(__always)
    mutating func add(_ kinds: UnsafeBufferPointer<Kind>) {
        while (used + kinds.count) * 2 >= entries.count { grow() }
        let found = entries.withUnsafeMutableBufferPointer { entries in
            var found = 0
            for kind in kinds where AlikeCases.count(kind, 1, in: entries) { found += 1 }
            return found
        }
        used += found
    }

    /// Where the search for a kind begins.
    @inline(__always)
    private static func place(of kind: Kind, in entries: UnsafeMutableBufferPointer<Entry>) -> Int {
        let numbers = UInt64(truncatingIfNeeded: kind.court) << 44 ^ UInt64(truncatingIfNeeded: kind.code) << 20
        let product = (kind.bits ^ numbers).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low) & (entries.count - 1)
    }

    /// Whether the kind is new.
    @inline(__always)
    private static func count(_ kind: Kind, _ count: UInt32, in entries: UnsafeMutableBufferPointer<Entry>) -> Bool {
        let mask = entries.count - 1
        var index = place(of: kind, in: entries)
        while entries[index].count != 0 {
            let known = entries[index].kind
            if known.bits == kind.bits, known.court == kind.court, known.code == kind.code {
                entries[index].count += count
                return false
            }
            index = (index + 1) & mask
        }
        entries[index] = Entry(kind: kind, count: count)
        return true
    }

    private mutating func grow() {
        let old = entries
        let free = Entry(kind: Kind(bits: 0, court: 0, code: 0), count: 0)
        entries = Array(repeating: free, count: max(256, old.count * 2))
        entries.withUnsafeMutableBufferPointer { entries in
            for entry in old where entry.count != 0 { _ = AlikeCases.count(entry.kind, entry.count, in: entries) }
        }
    }

    /// Gives every kind with its number of cases, and forgets them.
    mutating func drain(_ body: (Kind, Int) -> Void) {
        guard used > 0 else { return }
        for index in entries.indices where entries[index].count != 0 {
            body(entries[index].kind, Int(entries[index].count))
            entries[index].count = 0
        }
        used = 0
    }
}
