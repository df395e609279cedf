import Columnar

/// A text of at most 15 bytes as two words, so that it is compared and found without being copied.
struct ShortName: Equatable {
    /// The first eight bytes.
    let low: UInt64
    /// The other bytes; the highest byte is the count + 1, so that no name is all zeros.
    let high: UInt64

    static let longest = 15
    /// Stands for a text that is longer; equal to no name.
    static let tooLong = ShortName(low: 0, high: .max)

    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Sixteen bytes must be readable at `bytes`, whatever the count.
    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>, count: Int) {
        let raw = UnsafeRawPointer(bytes)
        let first = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
        if count < 8 {
            low = first & (1 << UInt64(count &* 8) &- 1)
            high = UInt64(count &+ 1) << 56
        } else if count <= Self.longest {
            let second = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            low = first
            high = (second & (1 << UInt64((count &- 8) &* 8) &- 1)) | UInt64(count &+ 1) << 56
        } else {
            self = .tooLong
        }
    }

    init(_ text: String) {
        var bytes = Array(text.utf8.prefix(Self.longest + 1))
        let count = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 16))
        self = bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return .tooLong }
            return ShortName(base, count: count)
        }
    }

    @inline(__always) var isTooLong: Bool { high == .max }
}

/// Names, each with a number, found by their bytes. A name that is there keeps its number.
///
/// Short names lie in an open-addressed table of words; longer ones are found by `TextIndex`.
final class NameIndex {
    struct Slot {
        var low: UInt64
        /// 0: the slot is free.
        var high: UInt64
        var number: Int
    }

    /// The table of short names, for loops; valid as long as no name is inserted.
    struct View {
        let slots: UnsafePointer<Slot>
        let mask: Int

        @inline(__always)
        func find(_ name: ShortName) -> Int? {
            var place = NameIndex.hash(name.low, name.high) & mask
            while slots[place].high != 0 {
                if slots[place].low == name.low, slots[place].high == name.high { return slots[place].number }
                place = (place &+ 1) & mask
            }
            return nil
        }
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var capacity: Int
    private var shortCount = 0
    private var longNames = TextIndex()
    private var longNumbers: [Int] = []

    init() {
        capacity = 16
        slots = Self.allocate(16)
    }

    deinit { slots.deallocate() }

    var view: View { View(slots: slots, mask: capacity - 1) }

    func find(_ text: String) -> Int? {
        let name = ShortName(text)
        return name.isTooLong ? longNames.find(text).map { longNumbers[$0] } : view.find(name)
    }

    /// For names that are too long.
    func find(long text: UnsafeBufferPointer<UInt8>) -> Int? { longNames.find(text).map { longNumbers[$0] } }

    /// Nothing happens when the name is there already.
    func insert(_ text: String, _ number: Int) {
        let name = ShortName(text)
        if name.isTooLong {
            guard longNames.find(text) == nil else { return }
            longNames.insert(text)
            longNumbers.append(number)
            return
        }
        guard view.find(name) == nil else { return }
        if shortCount * 2 >= capacity { grow() }
        occupy(Slot(low: name.low, high: name.high, number: number))
        shortCount += 1
    }

    private func occupy(_ slot: Slot) {
        var place = Self.hash(slot.low, slot.high) & (capacity - 1)
        while slots[place].high != 0 { place = (place + 1) & (capacity - 1) }
        slots[place] = slot
    }

    private func grow() {
        let (old, count) = (slots, capacity)
        capacity *= 2
        slots = Self.allocate(capacity)
        for place in 0..<count where old[place].high != 0 { occupy(old[place]) }
        old.deallocate()
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
        slots.initialize(repeating: Slot(low: 0, high: 0, number: 0), count: count)
        return slots
    }

    @inline(__always)
    private static func hash(_ low: UInt64, _ high: UInt64) -> Int {
        let mixed = (low ^ (high << 7 | high >> 57)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 40)
    }
}
