import Diagnostics
import Foundation
import Synchronization

/// What was added up of the servers' sides before a run was broken off, in a file, so that the next one goes on there (断点).
///
/// Only sums are kept, no values. What changed meanwhile does no harm: buckets that differ are read again as they are then.
public final class RowCheckpoint: Sendable {
    /// How far a side has come.
    public struct Progress: Codable, Sendable {
        /// Of the table as it lies on the server's disk.
        var table: String
        /// When its first part was read; UTC.
        var since: String
        /// Read so far, from the first on.
        var pages = 0
        var sums = BucketSums()

        init(_ table: String, since: String) {
            self.table = table
            self.since = since
        }
    }

    private struct Content: Codable {
        var format = RowCheckpoint.format
        /// What is compared with what.
        var comparison: String
        var sides: [String: Progress]
    }

    private static let format = "sitong.rows-checkpoint/1"
    private let path: String
    private let content: Mutex<Content>

    /// - Parameter comparison: tells this comparison from others; the file of another is not gone on with.
    /// - Throws: `OperationError` 65 when the file is no checkpoint, or one of another comparison; 66 when it cannot be read.
    public init(_ path: String, comparison: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else {
            content = Mutex(Content(comparison: comparison, sides: [:]))
            return
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw OperationError.checkpointUnread(path) }
        guard let found = try? JSONDecoder().decode(Content.self, from: data), found.format == Self.format,
            found.sides.values.allSatisfy({ $0.sums.isWhole })
        else { throw OperationError.checkpointMalformed(path) }
        guard found.comparison == comparison else { throw OperationError.checkpointOfAnother(path) }
        content = Mutex(found)
    }

    /// One side's part of it.
    public func side(_ name: String) -> Side { Side(checkpoint: self, name: name) }

    /// What a side keeps and finds.
    public struct Side: Sendable {
        fileprivate let checkpoint: RowCheckpoint
        fileprivate let name: String

        var progress: Progress? { checkpoint.content.withLock { $0.sides[name] } }

        /// - Throws: `OperationError` 73 when the file cannot be written.
        func save(_ progress: Progress) throws {
            try checkpoint.content.withLock { content in
                content.sides[name] = progress
                do {
                    try JSONEncoder().encode(content).write(to: URL(fileURLWithPath: checkpoint.path), options: .atomic)
                } catch {
                    throw OperationError.checkpointUnwritten(checkpoint.path)
                }
            }
            faultPoint("rows.afterCheckpoint")
        }
    }

    /// Removes the file, as there is nothing left to go on with.
    ///
    /// - Throws: `OperationError` 73 when it cannot be removed.
    public func remove() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw OperationError.checkpointUnwritten(path)
        }
    }
}

extension BucketSums: Codable {
    private enum CodingKeys: String, CodingKey { case counts, high, low }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func numbers(_ key: CodingKeys) throws -> [Int64] {
            let bytes = Array(try values.decode(Data.self, forKey: key))
            return stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { start in
                Int64(bitPattern: (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) })
            }
        }
        counts = try numbers(.counts).map { Int($0) }
        high = try numbers(.high)
        low = try numbers(.low)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        func encode(_ numbers: [Int64], _ key: CodingKeys) throws {
            let bytes = numbers.flatMap { number in
                (0..<8).map { UInt8(truncatingIfNeeded: number >> Int64(8 * $0)) }
            }
            try values.encode(Data(bytes), forKey: key)
        }
        try encode(counts.map { Int64($0) }, .counts)
        try encode(high, .high)
        try encode(low, .low)
    }

    /// Whether it has every bucket.
    fileprivate var isWhole: Bool { [counts.count, high.count, low.count].allSatisfy { $0 == Self.bucketCount } }
}

extension OperationError {
    static func checkpointUnread(_ path: String) -> OperationError {
        OperationError(
            .noInput, code: "rows-checkpoint-unread",
            LocalizedText(en: "unable to read the checkpoint '\(path)'", zh: "无法读取断点文件“\(path)”"))
    }

    static func checkpointMalformed(_ path: String) -> OperationError {
        OperationError(
            .badData, code: "rows-checkpoint",
            LocalizedText(en: "'\(path)' is no checkpoint of 'reconcile rows'", zh: "“\(path)”不是逐行比对的断点文件"),
            hint: LocalizedText(en: "remove it to begin anew", zh: "删除该文件即可从头开始"))
    }

    static func checkpointOfAnother(_ path: String) -> OperationError {
        OperationError(
            .badData, code: "rows-checkpoint-other",
            LocalizedText(en: "'\(path)' belongs to another comparison", zh: "“\(path)”属于另一次比对"),
            hint: LocalizedText(
                en: "give the same sides, table, columns and condition, or remove it to begin anew",
                zh: "请使用相同的比对对象、表、列和条件；删除该文件则从头开始"))
    }

    static func checkpointUnwritten(_ path: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "rows-checkpoint-unwritten",
            LocalizedText(en: "unable to write the checkpoint '\(path)'", zh: "无法写入断点文件“\(path)”"))
    }
}
