import DataAccess
import Diagnostics
import Digests
import Foundation

/// `manifest.json` of a batch folder, read and found to agree with itself.
struct ManifestFile {
    let manifest: BatchManifest
    let identity: String
    let bytes: Int

    /// - Throws: `OperationError` 66 when there is none, 65 when it cannot be used.
    init(folder: String) throws { try self.init(folder: folder, name: Self.name(of: folder)) }

    /// - Parameter name: what the folder should be called.
    init(folder: String, name: String) throws {
        let path = folder + "/manifest.json"
        switch FolderAccess.kind(path) {
        case nil: throw OperationError.batchNotFound(folder)
        case .file(let size):
            guard size <= 64 << 20 else { throw OperationError.batchManifestUnreadable(name) }
        case .folder, .other: throw OperationError.batchLink(name, "manifest.json")
        }
        let content = try FolderAccess.read(path)
        bytes = content.count
        identity = SHA256Digest.hex(of: content)
        manifest = try BatchManifest(decoding: content, batch: name)
        try manifest.check(folderName: name)
    }

    /// The last name of the path, `.` and `..` resolved.
    static func name(of folder: String) -> String { URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent }
}

extension BatchManifest {
    /// What can be seen without the files: names, sums, paths.
    func check(folderName: String) throws {
        guard id == BatchName.make(source: source.name, period: period, sequence: sequence), BatchName.isSafe(id) else {
            throw OperationError.batchManifestLies(
                folderName, en: "its id '\(id)' is not made of source, period and sequence",
                zh: "编号“\(id)”与来源、周期、序号不符")
        }
        // The writer's folder ends in `.partial` until all is written.
        guard folderName == id else {
            throw OperationError.batchManifestLies(
                folderName, en: "its id is '\(id)'", zh: "其中的编号为“\(id)”",
                hint: LocalizedText(en: "the folder must bear the id as its name", zh: "文件夹名称必须与编号一致"))
        }
        guard sequence >= 1, (sequence == 1) == (previous == nil) else {
            throw OperationError.batchManifestLies(
                id, en: "the first batch of a source has no previous one, all others have",
                zh: "只有来源的第一个批次没有前一批次")
        }
        var paths: Set<String> = []
        for (list, contents) in [
            (tables, BatchTableWriter.Contents.rows), (tombstones, .deletions), (quarantined ?? [], .quarantine),
        ] {
            var names: Set<String> = []
            for table in list {
                guard names.insert(table.name).inserted else {
                    throw OperationError.batchManifestLies(
                        id, en: "table '\(table.name)' comes twice", zh: "表“\(table.name)”出现两次")
                }
                try check(table, contents, &paths)
            }
        }
    }

    private func check(_ table: Table, _ contents: BatchTableWriter.Contents, _ paths: inout Set<String>) throws {
        guard table.rows >= 0, table.rows == table.parts.reduce(0, { $0 &+ $1.rows }),
            table.parts.allSatisfy({ $0.rows > 0 && $0.bytes > 0 && $0.rawBytes > 0 })
        else {
            throw OperationError.batchManifestLies(
                id, en: "the rows of table '\(table.name)' are not the sum of its parts",
                zh: "表“\(table.name)”的行数不等于各分卷之和")
        }
        let counted = table.rowsPerCourt.values.reduce(0, { $0 &+ $1 })
        guard counted <= table.rows, table.rowsPerCourt.values.allSatisfy({ $0 >= 0 }) else {
            throw OperationError.batchManifestLies(
                id, en: "table '\(table.name)' has more rows by court than rows", zh: "表“\(table.name)”按法院计的行数多于总行数")
        }
        guard !table.columns.isEmpty, Set(table.columns).count == table.columns.count else {
            throw OperationError.batchManifestLies(
                id, en: "the columns of table '\(table.name)' are none or doubled", zh: "表“\(table.name)”没有列或列重复")
        }
        for (index, part) in table.parts.enumerated() {
            guard paths.insert(part.path).inserted else { throw OperationError.batchPartTwice(id, part.path) }
            guard BatchName.isSafe(table.name),
                part.path == PartPath(table: table.name, contents: contents, number: index + 1).text
            else { throw OperationError.batchPath(id, part.path) }
        }
    }
}
