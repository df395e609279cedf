import Digests
import FileTransfer
import Foundation
import TestSupport

/// SHA-256 as the program uses it.
struct TestDigest: ContentDigest {
    private let digest = SHA256Digest()

    func update(_ bytes: UnsafeRawBufferPointer) { digest.update(bytes) }
    func finish() -> String { digest.finish() }
}

/// A folder to be sent, and what its manifest would say.
final class Shipment {
    let folder: String
    var files: [FileEntry] = []
    var manifest: FileEntry

    /// Two tables; names with spaces, Chinese and what URLs and quotes make difficult.
    static let ordinaryFiles = [
        "anjian/000001.csv.zst": 5_000, "anjian/000002.csv.zst": 0, "当事人 表/a'b\"c\\d 100%?#.csv": 70_000,
    ]

    private let directory: TemporaryDirectory?

    /// - Parameter folder: nil: one of its own, which goes with the value.
    init(_ sizes: [String: Int] = ordinaryFiles, in folder: String? = nil) throws {
        directory = folder == nil ? try TemporaryDirectory() : nil
        self.folder = folder ?? directory?.appending("批次 17") ?? ""
        manifest = FileEntry(path: "manifest.json", bytes: 0, sha256: "")
        files = try sizes.sorted { $0.key < $1.key }.map { try write($0.key, Self.content($0.value)) }
        manifest = try write("manifest.json", Array("{\"format\": \"sitong-batch/1\"}".utf8))
    }

    /// Bytes that do not repeat, so that a piece out of place is noticed.
    static func content(_ count: Int) -> [UInt8] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let block = (0..<1 << 14).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + block.count)
        while bytes.count < count {
            // Where it lies, so that no two blocks are alike.
            withUnsafeBytes(of: bytes.count) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: block)
        }
        return Array(bytes.prefix(count))
    }

    @discardableResult
    func write(_ path: String, _ bytes: [UInt8]) throws -> FileEntry {
        let url = URL(fileURLWithPath: folder + "/" + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return FileEntry(path: path, bytes: bytes.count, sha256: SHA256Digest.hex(of: bytes))
    }

    /// Sends it; without delays between tries, and once only unless told otherwise.
    func send(
        to url: String, _ server: SSHServer? = nil, run: String = "r1", tries: Int = 1,
        set: (inout TransferOptions) -> Void = { _ in },
        digest: @escaping () -> any ContentDigest = { TestDigest() },
        progress: @escaping (TransferProgress) -> Void = { _ in }
    ) throws -> TransferReceipt {
        var options = TransferOptions()
        if let server {
            options.knownHosts = server.knownHosts
            options.privateKey = server.userKey
        }
        options.maxTries = tries
        options.firstDelaySeconds = 0.05
        set(&options)
        return try FolderTransfer.send(
            folder: folder, files: files, manifest: manifest, to: RemoteLocation(url), run: run, options: options,
            digest: digest, progress: progress)
    }

    /// What lies in a folder: relative paths and contents, nothing hidden from view.
    static func contents(of folder: String) -> [String: Data] {
        var found: [String: Data] = [:]
        for case let path as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
            if let data = FileManager.default.contents(atPath: folder + "/" + path) { found[path] = data }
        }
        return found
    }

    func arrived(in folder: String) -> Bool { Self.contents(of: folder) == Self.contents(of: self.folder) }
}
