import Diagnostics
import Foundation

/// Takes rows in any order and gives them back bucket by bucket.
///
/// They are kept in memory up to a limit, beyond it in unnamed files, one for each range of buckets; of these one at a
/// time is read back.
final class BucketStore {
    /// Bytes of rows that are kept in memory.
    static let memoryLimit = 32 << 20
    private static let rangeCount = 256
    private static let bucketsPerRange = BucketSums.bucketCount / rangeCount

    private var pieces = [[UInt8]](repeating: [], count: rangeCount)
    private var files: [FileHandle?] = Array(repeating: nil, count: rangeCount)
    private var bytesInMemory = 0
    private(set) var hasSpilled = false

    func append(_ row: PackedRow, _ bucket: Int) throws {
        let range = bucket / Self.bucketsPerRange
        Self.append(UInt32(truncatingIfNeeded: bucket), to: &pieces[range])
        Self.append(UInt32(truncatingIfNeeded: row.bytes.count), to: &pieces[range])
        pieces[range].append(contentsOf: row.bytes)
        bytesInMemory += row.bytes.count + 8
        if bytesInMemory > Self.memoryLimit { try spill() }
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(8 * index))) }
    }

    private func spill() throws {
        do {
            for range in 0..<Self.rangeCount where !pieces[range].isEmpty {
                let file = try files[range] ?? Self.unnamedFile()
                files[range] = file
                try file.write(contentsOf: pieces[range])
                pieces[range].removeAll(keepingCapacity: true)
            }
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError.rowSpill
        }
        bytesInMemory = 0
        hasSpilled = true
    }

    /// Removed from its folder at once, so that nothing of it stays, however the process ends.
    private static func unnamedFile() throws -> FileHandle {
        var template = Array((NSTemporaryDirectory() + "/sitong-rows-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0, unlink(template) == 0 else { throw OperationError.rowSpill }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// All rows; nothing may be appended afterwards.
    func reader() throws -> any BucketReader { Reader(self) }

    /// The rows of one range by bucket, forgotten here.
    private func take(_ range: Int) throws -> [BucketRows] {
        var bytes: [UInt8] = []
        if let file = files[range] {
            do {
                try file.seek(toOffset: 0)
                bytes = try file.readToEnd().map { Array($0) } ?? []
            } catch {
                throw OperationError.rowSpill
            }
            files[range] = nil
        }
        bytes += pieces[range]
        pieces[range] = []
        var buckets: [Int: [PackedRow]] = [:]
        var offset = 0
        func number() -> Int {
            defer { offset += 4 }
            return (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        while offset < bytes.count {
            let bucket = number()
            let count = number()
            buckets[bucket, default: []].append(PackedRow(bytes: Array(bytes[offset..<offset + count])))
            offset += count
        }
        return buckets.sorted { $0.key < $1.key }.map { BucketRows(bucket: $0.key, rows: $0.value) }
    }

    private final class Reader: BucketReader {
        private let store: BucketStore
        private var range = 0
        private var rest: ArraySlice<BucketRows> = []

        init(_ store: BucketStore) { self.store = store }

        func next() throws -> BucketRows? {
            while rest.isEmpty {
                guard range < BucketStore.rangeCount else { return nil }
                rest = try store.take(range)[...]
                range += 1
            }
            return rest.popFirst()
        }
    }
}

extension OperationError {
    static let rowSpill = OperationError(
        .ioError, code: "rows-spill",
        LocalizedText(
            en: "unable to keep rows that differ in the folder for temporary files", zh: "无法把差异行暂存到临时目录"),
        hint: LocalizedText(
            en: "is its disk full? TMPDIR names another folder", zh: "磁盘是否已满？可用 TMPDIR 另指定目录"))
}
