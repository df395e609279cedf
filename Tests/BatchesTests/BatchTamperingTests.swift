import Batches
import Compression
import DataAccess
import Diagnostics
import Digests
import Foundation
import TestSupport
import Testing

/// One way in which a batch may be wrong, and what it must be called.
struct Tampering: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let code: String
    let apply: @Sendable (String) throws -> Void

    init(_ description: String, _ code: String, _ apply: @escaping @Sendable (String) throws -> Void) {
        testDescription = description
        self.code = code
        self.apply = apply
    }

    /// Changes the manifest and gives it a right checksum, as someone who knows the format would.
    static func lie(
        _ description: String, _ code: String, _ change: @escaping @Sendable (inout BatchManifest) -> Void
    ) -> Tampering {
        Tampering(description, code) { folder in
            let path = URL(fileURLWithPath: folder + "/manifest.json")
            var manifest = try BatchManifest(decoding: Array(try Data(contentsOf: path)), batch: "x")
            change(&manifest)
            try Data(manifest.encoded()).write(to: path)
        }
    }

    static func edit(
        _ description: String, _ code: String, _ file: String, _ change: @escaping @Sendable (inout Data) -> Void
    ) -> Tampering {
        Tampering(description, code) { folder in
            let path = URL(fileURLWithPath: folder + "/" + file)
            var bytes = try Data(contentsOf: path)
            change(&bytes)
            try bytes.write(to: path)
        }
    }

    static let part = "anjian/000001.csv.zst"

    static let all: [Tampering] = [
        edit("a flipped byte in a part", "batch-digest", part) { $0[$0.count / 2] ^= 1 },
        edit("a flipped byte at the end of a part", "batch-digest", part) { $0[$0.count - 1] ^= 0x80 },
        edit("a part cut short", "batch-size", part) { $0.removeLast(3) },
        edit("a part with something behind it", "batch-size", part) { $0.append(contentsOf: [0, 0]) },
        edit("an empty part", "batch-size", part) { $0 = Data() },
        edit("a changed number in the manifest", "batch-manifest-checksum", "manifest.json") { bytes in
            if let place = bytes.range(of: Data(#""sequence":1"#.utf8)) {
                bytes[place.upperBound - 1] = UInt8(ascii: "2")
            }
        },
        edit("a changed date in the manifest", "batch-manifest-checksum", "manifest.json") { bytes in
            if let place = bytes.range(of: Data("2026-11-01T".utf8)) { bytes[place.lowerBound + 3] = UInt8(ascii: "5") }
        },
        edit("a manifest cut short", "batch-manifest", "manifest.json") { $0.removeLast(20) },
        edit("an empty manifest", "batch-manifest", "manifest.json") { $0 = Data() },
        edit("a manifest that is something else", "batch-manifest", "manifest.json") { $0 = Data("[1, 2]".utf8) },
        edit("a manifest without a checksum", "batch-manifest", "manifest.json") {
            $0 = Data(#"{"format":"sitong-batch/1"}"#.utf8)
        },
        edit("a manifest of a later version", "batch-version", "manifest.json") { bytes in
            if let place = bytes.range(of: Data("sitong-batch/1".utf8)) {
                bytes[place.upperBound - 1] = UInt8(ascii: "2")
            }
        },
        Tampering("a missing part", "batch-missing-file") {
            try FileManager.default.removeItem(atPath: $0 + "/" + part)
        },
        Tampering("a missing table", "batch-missing-file") {
            try FileManager.default.removeItem(atPath: $0 + "/dangshiren")
        },
        Tampering("an extra file", "batch-extra-file") {
            try Data("x".utf8).write(to: URL(fileURLWithPath: $0 + "/readme"))
        },
        Tampering("an extra part", "batch-extra-file") {
            try FileManager.default.copyItem(atPath: $0 + "/" + part, toPath: $0 + "/anjian/000002.csv.zst")
        },
        Tampering("an extra folder", "batch-extra-file") {
            try FileManager.default.createDirectory(atPath: $0 + "/q", withIntermediateDirectories: false)
        },
        Tampering("a link in place of a part", "batch-link") { folder in
            let moved = folder + "-elsewhere"
            try FileManager.default.moveItem(atPath: folder + "/" + part, toPath: moved)
            try FileManager.default.createSymbolicLink(atPath: folder + "/" + part, withDestinationPath: moved)
        },
        Tampering("a link in place of a table", "batch-link") { folder in
            let moved = folder + "-elsewhere"
            try FileManager.default.moveItem(atPath: folder + "/anjian", toPath: moved)
            try FileManager.default.createSymbolicLink(atPath: folder + "/anjian", withDestinationPath: moved)
        },
        Tampering("a link in place of the manifest", "batch-link") { folder in
            let moved = folder + "-elsewhere"
            try FileManager.default.moveItem(atPath: folder + "/manifest.json", toPath: moved)
            try FileManager.default.createSymbolicLink(atPath: folder + "/manifest.json", withDestinationPath: moved)
        },
        lie("a path out of the folder", "batch-path") { $0.tables[0].parts[0].path = "../anjian/000001.csv.zst" },
        lie("an absolute path", "batch-path") { $0.tables[0].parts[0].path = "/tmp/000001.csv.zst" },
        lie("a table whose name leads out of the folder", "batch-path") { manifest in
            manifest.tables[0].name = ".."
            manifest.tables[0].parts[0].path = "../000001.csv.zst"
        },
        lie("a part of another table", "batch-path") {
            $0.tables[0].parts[0].path = "dangshiren/000002.csv.zst"
        },
        lie("a part that comes twice", "batch-part-twice") { manifest in
            manifest.tables[0].parts.append(manifest.tables[0].parts[0])
            manifest.tables[0].rows *= 2
        },
        lie("a table that comes twice", "batch-manifest-inconsistent") { $0.tables.append($0.tables[0]) },
        lie("a wrong number of rows", "batch-rows") { manifest in
            manifest.tables[0].rows += 1
            manifest.tables[0].parts[0].rows += 1
        },
        lie("rows that are not the sum of the parts", "batch-manifest-inconsistent") { $0.tables[0].rows += 1 },
        lie("more rows by court than rows", "batch-manifest-inconsistent") { $0.tables[0].rowsPerCourt["豫1703"] = 1 },
        lie("numbers that overflow", "batch-manifest-inconsistent") { $0.tables[0].parts[0].rows = .max },
        lie("another number of bytes", "batch-size") { $0.tables[0].parts[0].bytes += 1 },
        lie("less text than there is", "batch-raw-size") { $0.tables[0].parts[0].rawBytes -= 1 },
        lie("more text than there is", "batch-digest") { $0.tables[0].parts[0].rawBytes += 1 },
        lie("another digest of a part", "batch-digest") {
            $0.tables[0].parts[0].sha256 = String(repeating: "0", count: 64)
        },
        lie("another digest of the text", "batch-digest") {
            $0.tables[0].parts[0].rawSha256 = String(repeating: "0", count: 64)
        },
        lie("other columns", "batch-header") { $0.tables[0].columns = ["ajbs", "fydm", "ah"] },
        lie("no columns", "batch-manifest-inconsistent") { $0.tables[2].columns = [] },
        lie("another sequence", "batch-manifest-inconsistent") { $0.sequence = 2 },
        lie("a first batch with one before", "batch-manifest-inconsistent") {
            $0.previous = String(repeating: "0", count: 64)
        },
        lie("the name of another batch", "batch-manifest-inconsistent") { manifest in
            manifest.source.name = "court-b"
            manifest.id = "court-b-2026-10-0001"
        },
        Tampering("a checksum that hides a second one", "batch-manifest-checksum") { folder in
            let path = URL(fileURLWithPath: folder + "/manifest.json")
            let zeros = String(repeating: "0", count: 64)
            let text = try String(contentsOf: path, encoding: .utf8)
                .replacing(/"checksum":"[0-9a-f]{64}"/, with: "\"checksum\":\"\(zeros)\",\"checksum\":\"\(zeros)\"")
            let digest = SHA256Digest.hex(of: Array(text.utf8))
            try Data(text.replacing(zeros, with: digest, maxReplacements: 1).utf8).write(to: path)
        },
    ]
}

@Suite("A batch that does not add up") struct BatchTamperingTests {
    let directory: TemporaryDirectory
    let batch: SealedBatch

    init() throws {
        directory = try TemporaryDirectory()
        batch = try BatchFixture.seal(in: try Outbox(directory.appending("outbox")))
    }

    @Test("is refused when it is opened", arguments: Tampering.all)
    func refused(_ tampering: Tampering) throws {
        _ = try BatchReader.open(batch.folder, verify: .content)
        try tampering.apply(batch.folder)
        expectError(.badData, tampering.code) { _ = try BatchReader.open(batch.folder, verify: .content) }
    }

    /// What only the content tells must come out while rows are read, before the last of them is believed.
    @Test(
        "is refused while it is read, when nobody looked at its content before",
        arguments: Tampering.all.filter {
            ["batch-digest", "batch-rows", "batch-raw-size", "batch-header"].contains($0.code)
        })
    func refusedInReading(_ tampering: Tampering) throws {
        try tampering.apply(batch.folder)
        let reader = try BatchReader.open(batch.folder, verify: .files)
        let error = #expect(throws: OperationError.self) { _ = try BatchFixture.rows(reader.reader(table: "anjian")) }
        // A decompressor may notice before the digest does.
        #expect([tampering.code, "compressed-damaged"].contains(error?.code))
        #expect(error?.status == .badData)
    }

    @Test("is refused when it decompresses to far more than it declares, without reading it all")
    func bomb() throws {
        let path = batch.folder + "/" + Tampering.part
        try FileManager.default.removeItem(atPath: path)
        let zstd = ZstdSink(DigestingSink(try FileSink(path)))
        let blank = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for _ in 0..<64 { try blank.withUnsafeBytes { try zstd.write($0) } }
        try zstd.finish()
        let (bytes, digest) = (zstd.inner.byteCount, zstd.inner.hexDigest ?? "")
        #expect(bytes < 1 << 17)
        try Tampering.lie("", "") { manifest in
            manifest.tables[0].parts[0].bytes = bytes
            manifest.tables[0].parts[0].sha256 = digest
        }.apply(batch.folder)
        expectError(.badData, "batch-raw-size") { _ = try BatchReader.open(batch.folder, verify: .content) }
    }
}
