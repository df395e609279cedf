import Columnar
public import Diagnostics
import RuleLanguage
import RulePlan

/// 质检问题 of a run, rule by rule and row by row, in memory up to the budget and then on disk.
///
/// A record is the row, the line, the lengths of key, court and message (`UInt32.max`: none), then their bytes.
final class FindingStore: @unchecked Sendable {
    // Sound because it is written by one thread at a time (a lock's, in passes), and only read afterwards.

    /// What all findings of one rule share.
    struct Source: Sendable {
        var rule: String
        var severity: Severity
        var table: String
        var columns: [String]
        /// The message of findings that bring none.
        var message: String
        /// The courts of the table's rows, when those are found through a relation.
        var courts: CourtNotes?

        /// Of a column that the reader does not have.
        static let unused = Source(rule: "", severity: .error, table: "", columns: [], message: "")
    }

    var sources: [Source] = []
    private let streams: SpillStreams
    private let writer: SpillStreams.Writer

    init(_ budget: MemoryBudget) {
        streams = SpillStreams(count: 0, budget)
        writer = SpillStreams.Writer(streams)
    }

    static let headerSize = 20
    static let none = UInt32.max

    /// Appends whole records; rows of one source come ascending.
    func append(_ records: UnsafeRawBufferPointer, to source: Int) throws {
        guard records.count > 0 else { return }
        try writer.append(records, to: source)
    }

    func finish() { writer.finish() }

    private func forEachByKey(in source: Int, _ body: (EncodedFinding) throws -> Void) throws {
        let notes = try sources[source].courts?.cursor()
        let loaded = try streams.load(source)
        var findings: [EncodedFinding] = []
        for piece in loaded.pieces {
            guard var place = piece.baseAddress else { continue }
            let end = place + piece.count
            while place < end {
                var finding = EncodedFinding(source: source, place)
                if let notes { finding.court = try notes.court(of: finding.row) }
                findings.append(finding)
                place += finding.size
            }
        }
        findings.sort { left, right in
            left.key.lexicographicallyPrecedes(right.key)
                || (left.key.elementsEqual(right.key) && left.row < right.row)
        }
        try withExtendedLifetime((loaded, notes)) { for finding in findings { try body(finding) } }
    }

    /// Bytes of the first so many of some records.
    static func size(ofFirst count: Int, in records: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        for _ in 0..<count {
            var size = headerSize
            for part in 2..<5 {
                let length = records.loadUnaligned(fromByteOffset: offset + part * 4, as: UInt32.self)
                if length != none { size += Int(length) }
            }
            offset += size
        }
        return offset
    }

    /// Calls `body` with every finding of a source, rows ascending, or by the bytes of their keys.
    func forEach(in source: Int, byKey: Bool, _ body: (EncodedFinding) throws -> Void) throws {
        if byKey { return try forEachByKey(in: source, body) }
        let notes = try sources[source].courts?.cursor()
        let loaded = try streams.load(source)
        defer { withExtendedLifetime(loaded) {} }
        for piece in loaded.pieces {
            guard var place = piece.baseAddress else { continue }
            let end = place + piece.count
            while place < end {
                var finding = EncodedFinding(source: source, place)
                if let notes { finding.court = try notes.court(of: finding.row) }
                try body(finding)
                place += finding.size
            }
        }
    }
}

/// A finding while its bytes are lent.
public struct EncodedFinding {
    let source: Int
    /// 0 for a finding about the table as a whole.
    public let row: Int
    /// 0 when there are no lines.
    public let line: Int
    public let key: UnsafeBufferPointer<UInt8>
    public internal(set) var court: UnsafeBufferPointer<UInt8>?
    /// Nil: the rule's own.
    public let message: UnsafeBufferPointer<UInt8>?
    fileprivate let size: Int

    fileprivate init(source: Int, _ place: UnsafeRawPointer) {
        func number(_ index: Int) -> UInt32 { place.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self) }
        self.source = source
        row = Int(number(0))
        line = Int(number(1))
        var offset = FindingStore.headerSize
        func bytes(_ length: UInt32) -> UnsafeBufferPointer<UInt8>? {
            guard length != FindingStore.none else { return nil }
            defer { offset += Int(length) }
            return UnsafeBufferPointer(
                start: (place + offset).assumingMemoryBound(to: UInt8.self), count: Int(length))
        }
        key = bytes(number(2)) ?? UnsafeBufferPointer(start: nil, count: 0)
        court = bytes(number(3))
        message = bytes(number(4))
        size = offset
    }
}

/// Records of findings, made one after another in memory that is used again.
struct FindingBuffer {
    private(set) var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Begins a record; its parts are appended in the order key, court, message.
    mutating func begin(row: Int, line: Int) -> Int {
        let start = bytes.count
        let none = FindingStore.none
        let head = (UInt32(truncatingIfNeeded: row), UInt32(truncatingIfNeeded: line), none, none, none)
        withUnsafeBytes(of: head) { bytes.append(contentsOf: $0) }
        return start
    }

    /// Appends one part by what `write` appends; `part` is 0 for the key, 1 for the court, 2 for the message.
    @inline(__always)
    mutating func part(_ part: Int, of record: Int, _ write: (inout [UInt8]) -> Void) {
        let before = bytes.count
        write(&bytes)
        let length = UInt32(truncatingIfNeeded: bytes.count - before)
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: length, toByteOffset: record + 8 + part * 4, as: UInt32.self)
        }
    }
}

/// The courts of rows that say their court through a relation: only of rows with findings.
final class CourtNotes: Sendable {
    /// Rows in the order in which the relation was joined, by ranges of rows.
    private let ranges: SpillStreams
    /// All rows ascending, in stream 0.
    private let sorted: SpillStreams
    private static let rangeBits = 16

    init(_ budget: MemoryBudget) {
        ranges = SpillStreams(count: 0, budget)
        sorted = SpillStreams(count: 1, budget)
    }

    func makeWriter() -> Writer { Writer(writer: SpillStreams.Writer(ranges)) }

    /// Appends for one thread; rows may come in any order, each at most once.
    struct Writer {
        fileprivate let writer: SpillStreams.Writer

        func append(row: UInt32, _ court: TextSpan) throws {
            let place = try writer.reserve(8 + court.count, in: Int(row) >> CourtNotes.rangeBits)
            place.storeBytes(of: row, as: UInt32.self)
            place.storeBytes(of: UInt32(truncatingIfNeeded: court.count), toByteOffset: 4, as: UInt32.self)
            (place + 8).copyMemory(from: court.start, byteCount: court.count)
        }

        func finish() { writer.finish() }
    }

    /// Puts them in the order of rows.
    func finish() throws {
        let target = SpillStreams.Writer(sorted)
        for range in 0..<ranges.count {
            let loaded = try ranges.load(range)
            defer { withExtendedLifetime(loaded) {} }
            defer { withExtendedLifetime(loaded) {} }
            var places: [UnsafeRawPointer] = []
            for piece in loaded.pieces {
                guard var place = piece.baseAddress else { continue }
                let end = place + piece.count
                while place < end {
                    places.append(place)
                    place += CourtNotes.size(place)
                }
            }
            places.sort { $0.loadUnaligned(as: UInt32.self) < $1.loadUnaligned(as: UInt32.self) }
            for place in places {
                try target.append(UnsafeRawBufferPointer(start: place, count: CourtNotes.size(place)), to: 0)
            }
            ranges.drop(range)
        }
        target.finish()
    }

    fileprivate static func size(_ place: UnsafeRawPointer) -> Int {
        8 + Int(place.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    }

    func cursor() throws -> Cursor { Cursor(try sorted.load(0)) }

    /// Goes through the rows once, ascending.
    final class Cursor {
        private let loaded: LoadedStream
        private var piece = 0
        private var offset = 0

        fileprivate init(_ loaded: LoadedStream) { self.loaded = loaded }

        /// The court of a row not before the last one asked for; nil when it has none.
        func court(of row: Int) throws -> UnsafeBufferPointer<UInt8>? {
            while piece < loaded.pieces.count {
                guard offset < loaded.pieces[piece].count, let base = loaded.pieces[piece].baseAddress else {
                    piece += 1
                    offset = 0
                    continue
                }
                let place = base + offset
                let own = Int(place.loadUnaligned(as: UInt32.self))
                if own > row { return nil }
                if own == row {
                    return UnsafeBufferPointer(
                        start: (place + 8).assumingMemoryBound(to: UInt8.self), count: CourtNotes.size(place) - 8)
                }
                offset += CourtNotes.size(place)
            }
            return nil
        }
    }
}

/// 质检问题 of a run in the order of rules and rows, read from where they lie; going through them takes little memory.
public struct FindingList: Sequence, Sendable {
    private let store: FindingStore
    private let order: [Int]
    private let isByKey: Bool

    init(_ store: FindingStore, _ order: [Int], byKey: Bool = false) {
        self.store = store
        self.order = order
        isByKey = byKey
    }

    /// The same findings, those of each rule by the bytes of their keys: for rows whose numbers mean nothing, as those of a
    /// database. The findings of one rule at a time are then sorted in memory.
    public var byKey: FindingList { FindingList(store, order, byKey: true) }

    /// Calls `body` with every finding as bytes: what writing millions of them to a file needs.
    public func forEachEncoded(_ body: (FindingSource, EncodedFinding) throws -> Void) throws {
        for source in order {
            let about = store.sources[source]
            let shared = FindingSource(
                rule: about.rule, severity: about.severity, table: about.table, message: about.message)
            try store.forEach(in: source, byKey: isByKey) { try body(shared, $0) }
        }
    }

    /// Findings one by one. Spilled ones that can no longer be read end the sequence; `forEachEncoded` says so instead.
    public func makeIterator() -> AnyIterator<Finding> {
        var sources = order.makeIterator()
        var loaded: [Finding] = []
        var next = 0
        let (store, isByKey) = (store, isByKey)
        return AnyIterator {
            while next == loaded.count {
                guard let source = sources.next() else { return nil }
                loaded = (try? FindingList.findings(of: source, in: store, byKey: isByKey)) ?? []
                next = 0
            }
            defer { next += 1 }
            return loaded[next]
        }
    }

    private static func findings(of source: Int, in store: FindingStore, byKey: Bool) throws -> [Finding] {
        let about = store.sources[source]
        var seen: [[UInt8]: Int] = [:]
        var found: [Finding] = []
        try store.forEach(in: source, byKey: byKey) { finding in
            let key = Array(finding.key)
            let occurrence = seen[key, default: 0]
            seen[key] = occurrence + 1
            found.append(
                Finding(
                    rule: about.rule, severity: about.severity, table: about.table,
                    key: String(decoding: key, as: UTF8.self), row: finding.row,
                    line: finding.line == 0 ? nil : finding.line,
                    court: finding.court.map { String(decoding: $0, as: UTF8.self) },
                    message: finding.message.map { String(decoding: $0, as: UTF8.self) } ?? about.message,
                    columns: about.columns, occurrence: occurrence))
        }
        return found
    }
}

/// What the findings of one rule share.
public struct FindingSource: Sendable {
    public var rule: String
    public var severity: Severity
    public var table: String
    /// The message of findings that bring none.
    public var message: String
}
