import Diagnostics
import Foundation

/// 回执 `ack.json`: that a batch arrived whole, and which.
public struct BatchReceipt: Codable, Sendable, Hashable {
    static let format = "sitong-receipt/1"

    public var format: String
    public var batch: String
    /// SHA-256 of the manifest that was received.
    public var identity: String
    public var rows: Int
    /// UTC, by the receiver's clock.
    public var receivedAt: String

    /// Nil when there is none that can be read.
    public static func read(folder: String) -> BatchReceipt? {
        guard let bytes = FileManager.default.contents(atPath: folder + "/" + BatchFolder.receipt),
            let receipt = try? JSONDecoder().decode(BatchReceipt.self, from: bytes), receipt.format == format
        else { return nil }
        return receipt
    }

    init(of batch: SealedBatch) {
        format = Self.format
        self.batch = batch.manifest.id
        identity = batch.identity
        rows = batch.manifest.rowCount
        receivedAt = Date().formatted(.iso8601)
    }

    func write(to folder: String) throws {
        try FolderAccess.write(try ReceiptEncoding.bytes(self), to: folder + "/" + BatchFolder.receipt)
    }
}

/// `reason.json`: why a batch was refused, in both languages.
struct RefusalReason: Codable {
    static let fileName = "reason.json"

    var format = "sitong-refusal/1"
    var code: String
    var en: String
    var zh: String
    /// UTC, by the receiver's clock.
    var refusedAt: String

    init(_ error: OperationError) {
        code = error.code
        en = error.message.en
        zh = error.message.zh
        refusedAt = Date().formatted(.iso8601)
    }

    func write(to folder: String) throws {
        try FolderAccess.write(try ReceiptEncoding.bytes(self), to: folder + "/" + Self.fileName)
    }
}

private enum ReceiptEncoding {
    static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}
