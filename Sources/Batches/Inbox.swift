public import Diagnostics
import Foundation

/// 收件箱: the folder in which batches arrive, each in a folder of its own, with the manifest last.
///
/// A batch is received (`ack.json`, the receipt 回执) or refused (moved whole to `refused/` with `reason.json`), never
/// half; what has no manifest is still on its way.
public struct Inbox: Sendable {
    public let folder: String

    /// Makes the folder when there is none.
    public init(_ folder: String) throws {
        self.folder = folder
        try FolderAccess.make(folder)
    }

    /// What `receive` did with one batch.
    public enum Reception: Sendable {
        /// Whole. `isNew` is false when it had its receipt already.
        case accepted(SealedBatch, isNew: Bool)
        /// Does not add up; lies in `refused` now.
        case refused(name: String, reason: OperationError, movedTo: String)
        /// Has no manifest yet.
        case arriving(name: String)
    }

    /// Looks at every batch, at every byte of it. May be repeated.
    ///
    /// - Throws: `OperationError` 75 when another process is receiving here, 66, 73, 74 when the folder itself fails.
    ///   Batches that do not add up are no error of this call.
    public func receive(progress: (String) -> Void = { _ in }) throws -> [Reception] {
        let lock = try FolderLock(
            folder + "/.receive.lock", what: LocalizedText(en: "inbox '\(folder)'", zh: "收件箱“\(folder)”"))
        defer { withExtendedLifetime(lock) {} }
        try explainRefused()
        return try names().map { name in
            progress(name)
            return try receive(name)
        }
    }

    /// The received batches, by source and number: what is to be loaded, in the order in which it must be.
    public func batches() throws -> [SealedBatch] {
        try names().compactMap { name -> SealedBatch? in
            let path = folder + "/" + name
            guard FolderAccess.exists(path + "/" + BatchFolder.manifest) else { return nil }
            let batch = try SealedBatch(folder: path)
            return BatchReceipt.read(folder: path)?.identity == batch.identity ? batch : nil
        }.sorted { ($0.manifest.source.name, $0.manifest.sequence) < ($1.manifest.source.name, $1.manifest.sequence) }
    }

    private static let refused = "refused"

    private func names() throws -> [String] {
        try FolderAccess.names(in: folder).filter { name in
            guard !name.hasPrefix("."), name != Self.refused else { return false }
            if case .folder? = FolderAccess.kind(folder + "/" + name) { return true }
            return false
        }
    }

    private func receive(_ name: String) throws -> Reception {
        let path = folder + "/" + name
        guard FolderAccess.exists(path + "/" + BatchFolder.manifest) else { return .arriving(name: name) }
        // Of a receipt that a crash cut short; nobody else writes one while the inbox is locked.
        try FolderAccess.removeUnfinished(path + "/" + BatchFolder.receipt)
        do {
            let reader = try BatchReader.open(path, verify: .content)
            let batch = SealedBatch(folder: path, manifest: reader.manifest, identity: reader.identity)
            if BatchReceipt.read(folder: path)?.identity == reader.identity { return .accepted(batch, isNew: false) }
            faultPoint("receive.beforeAcknowledge")
            try BatchReceipt(of: batch).write(to: path)
            faultPoint("receive.afterAcknowledge")
            return .accepted(batch, isNew: true)
        } catch let error as OperationError where error.status == .badData {
            return .refused(name: name, reason: error, movedTo: try refuse(name, error))
        }
    }

    private func refuse(_ name: String, _ reason: OperationError) throws -> String {
        let shelf = folder + "/" + Self.refused
        try FolderAccess.make(shelf)
        var target = shelf + "/" + name
        var number = 2
        while FolderAccess.exists(target) {
            target = shelf + "/\(name)~\(number)"
            number += 1
        }
        try FolderAccess.rename(folder + "/" + name, to: target)
        try FolderAccess.sync(shelf)
        try FolderAccess.sync(folder)
        faultPoint("receive.afterRefuse")
        try RefusalReason(reason).write(to: target)
        return target
    }

    /// Without the number that tells several refused batches of one name apart.
    private static func nameBeforeShelving(_ name: String) -> String { String(name.prefix { $0 != "~" }) }

    /// A crash may have come between moving a batch away and saying why.
    private func explainRefused() throws {
        let shelf = folder + "/" + Self.refused
        guard FolderAccess.exists(shelf) else { return }
        for name in try FolderAccess.names(in: shelf) {
            let path = shelf + "/" + name
            guard case .folder? = FolderAccess.kind(path), !FolderAccess.exists(path + "/" + RefusalReason.fileName)
            else {
                continue
            }
            do {
                _ = try BatchReader.open(path, name: Self.nameBeforeShelving(name), verify: .content)
            } catch let error as OperationError {
                try RefusalReason(error).write(to: path)
            }
        }
    }
}
