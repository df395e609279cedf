import ArgumentParser
import Batches
import Diagnostics
import Digests
import FileTransfer
import Foundation

/// `transfer BATCH…`: sends sealed batches (传输).
struct TransferCommand: Operation {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "transfer",
            abstract: say("Send sealed batches to a folder or server, verified.", "把已封存的批次发送到目录或服务器，并核验。"))
    }

    @Argument(help: help("Batches, or folders of batches.", "批次，或存放批次的目录。"))
    var batches: [String] = []

    @Option(help: help("The same, as a flag.", "同上，以参数形式给出。"))
    var from: [String] = []

    @Option(help: help("Where to: a folder, file:///… or sftp://user@host/….", "目的地：目录、file:///… 或 sftp://用户@主机/…。"))
    var to: String

    @Option(
        help: help("The file of accepted host keys; default ~/.ssh/known_hosts.", "可信主机密钥文件，默认 ~/.ssh/known_hosts。"))
    var knownHosts: String?

    @Option(help: help("The private key file; default: the agent, then ~/.ssh.", "私钥文件；默认用 ssh 代理，其次 ~/.ssh。"))
    var key: String?

    @OptionGroup var common: CommonOptions

    func perform(in session: Session) throws -> OperationResult {
        let begin = ContinuousClock.now
        let folders = try BatchFolders.find(batches + from)
        let destination = try RemoteLocation(to)
        var options = TransferOptions()
        if let knownHosts = knownHosts ?? session.environment["SITONG_KNOWN_HOSTS"] { options.knownHosts = knownHosts }
        if let key = key ?? session.environment["SITONG_SSH_KEY"] { options.privateKey = key }
        var summary = TransferSummary(batches: folders.count)
        for (index, folder) in folders.enumerated() {
            let list = try BatchFiles.list(folder)
            let name = (folder as NSString).lastPathComponent
            let receipt = try FolderTransfer.send(
                folder: folder, files: list.parts.map(FileEntry.init), manifest: FileEntry(list.manifest),
                to: destination.appending(name), run: session.runID, options: options, digest: { TransferDigest() }
            ) { progress in
                session.console.progress(
                    LocalizedText(en: "sending \(index + 1)/\(folders.count)", zh: "发送 \(index + 1)/\(folders.count)"),
                    done: progress.bytes, of: progress.totalBytes)
            }
            summary.filesSent += receipt.filesSent
            summary.filesAlreadyThere += receipt.filesAlreadyThere
            summary.bytesSent += receipt.bytesSent
            summary.retries += receipt.retries
        }
        summary.seconds = (ContinuousClock.now - begin) / .seconds(1)
        return OperationResult(
            json: summary,
            text: LocalizedText(
                en:
                    "\(folders.count) batches: \(summary.filesSent) files sent (\(Format.bytes(summary.bytesSent))), \(summary.filesAlreadyThere) there before, \(Format.seconds(summary.seconds))",
                zh:
                    "批次 \(folders.count) 个：发送文件 \(summary.filesSent) 个（\(Format.bytes(summary.bytesSent))），先前已到 \(summary.filesAlreadyThere) 个，用时 \(Format.seconds(summary.seconds))"
            ),
            products: [to])
    }
}

/// SHA-256 for `FileTransfer`, which chooses no cryptographic library itself.
struct TransferDigest: ContentDigest {
    private let digest = SHA256Digest()
    func update(_ bytes: UnsafeRawBufferPointer) { digest.update(bytes) }
    func finish() -> String { digest.finish() }
}

extension FileEntry {
    init(_ file: BatchFile) { self.init(path: file.path, bytes: file.bytes, sha256: file.sha256) }
}

/// Batches that arguments name: each a batch itself, or a folder of batches.
enum BatchFolders {
    static func find(_ names: [String]) throws -> [String] {
        let folders = try FileNames.expand(names, what: LocalizedText(en: "batch", zh: "批次"))
        return try folders.flatMap { folder -> [String] in
            let path = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
            if FileManager.default.fileExists(atPath: path + "/manifest.json") { return [path] }
            let names = try Folders.names(in: path)
            let found = names.map { path + "/" + $0 }.filter {
                FileManager.default.fileExists(atPath: $0 + "/manifest.json")
            }
            guard !found.isEmpty else {
                throw OperationError(
                    .noInput, code: "batch-missing",
                    LocalizedText(en: "there is no batch in '\(folder)'", zh: "“\(folder)”中没有批次"),
                    hint: LocalizedText(
                        en: "a batch is a folder with manifest.json; 'sitong extract' makes one",
                        zh: "批次是含有 manifest.json 的目录；由“sitong extract”生成"))
            }
            return found
        }
    }
}

/// `transfer --json`.
struct TransferSummary: Encodable {
    var format = "sitong.transfer/1"
    var batches: Int
    var filesSent = 0
    var filesAlreadyThere = 0
    var bytesSent = 0
    var retries = 0
    var seconds = 0.0
}
