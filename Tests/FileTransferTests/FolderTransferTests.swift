import Diagnostics
import FileTransfer
import Foundation
import TestSupport
import Testing

/// The same behaviour of both kinds of place: a folder, and an account on a real sshd.
@Suite("Sending a folder")
struct FolderTransferTests {
    enum Place: String, CaseIterable, CustomTestStringConvertible {
        case file, sftp

        var testDescription: String { rawValue }
    }

    /// A place that stands for the test, and a folder in it that is not there yet.
    struct Destination {
        let server: SSHServer?
        let directory: TemporaryDirectory
        let url: String
        let folder: String

        init(_ place: Place, function: String = #function) throws {
            let server = place == .sftp ? try SSHServer(function: function) : nil
            directory = try server?.folder ?? TemporaryDirectory()
            self.server = server
            folder = directory.appending("in/收 件/batch")
            url = server?.url(folder) ?? "file://" + folder
        }

        func store() throws -> any RemoteStore {
            var options = TransferOptions()
            if let server { (options.knownHosts, options.privateKey) = (server.knownHosts, server.userKey) }
            return try RemoteStores.open(RemoteLocation(url), options: options)
        }
    }

    @Test("all files arrive, also with spaces and Chinese in their names, and nothing else", arguments: Place.allCases)
    func arrival(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment()
        let receipt = try shipment.send(to: destination.url, destination.server)
        #expect(shipment.arrived(in: destination.folder))
        #expect(receipt.filesSent == 4)
        #expect(receipt.filesAlreadyThere == 0)
        #expect(receipt.bytesSent == 75_000 + shipment.manifest.bytes)
        #expect(receipt.retries == 0)
    }

    @Test("a repetition sends nothing", arguments: Place.allCases)
    func repetition(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment()
        _ = try shipment.send(to: destination.url, destination.server)
        let receipt = try shipment.send(to: destination.url, destination.server, run: "r2")
        #expect(receipt.filesSent == 0)
        #expect(receipt.filesAlreadyThere == 4)
        #expect(receipt.bytesSent == 0)
        #expect(shipment.arrived(in: destination.folder))
    }

    @Test(
        "a truncated or changed file is replaced, leftovers of attempts go, strangers' files stay",
        arguments: Place.allCases)
    func repair(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment()
        _ = try shipment.send(to: destination.url, destination.server)
        let first = destination.folder + "/anjian/000001.csv.zst"
        #expect(truncate(first, 4_999) == 0)
        var changed = Shipment.content(70_000)
        changed[69_999] ^= 1
        try Data(changed).write(to: URL(fileURLWithPath: destination.folder + "/" + shipment.files[2].path))
        let leftover = destination.folder + "/anjian/.000001.csv.zst.r0.part"
        let stranger = destination.folder + "/anjian/notes.part"
        for path in [leftover, stranger] { try Data("x".utf8).write(to: URL(fileURLWithPath: path)) }

        let receipt = try shipment.send(to: destination.url, destination.server, run: "r2")
        // The manifest is withdrawn and sent again.
        #expect(receipt.filesSent == 3)
        #expect(receipt.filesAlreadyThere == 1)
        #expect(!FileManager.default.fileExists(atPath: leftover))
        #expect(FileManager.default.fileExists(atPath: stranger))
        try FileManager.default.removeItem(atPath: stranger)
        #expect(shipment.arrived(in: destination.folder))
    }

    @Test("while a file is missing no manifest is there", arguments: Place.allCases)
    func manifestIsLast(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment()
        _ = try shipment.send(to: destination.url, destination.server)
        try FileManager.default.removeItem(atPath: destination.folder + "/anjian/000001.csv.zst")
        let manifest = destination.folder + "/manifest.json"
        var seen: [String: Bool] = [:]
        _ = try shipment.send(
            to: destination.url, destination.server, run: "r2",
            progress: {
                seen[$0.file] = FileManager.default.fileExists(atPath: manifest)
            })
        #expect(seen["anjian/000001.csv.zst"] == false)
        #expect(seen["manifest.json"] == true)
    }

    @Test("progress grows to the total", arguments: Place.allCases)
    func progress(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment(["a.bin": 3_000_000, "b.bin": 10])
        var seen: [TransferProgress] = []
        _ = try shipment.send(to: destination.url, destination.server, progress: { seen.append($0) })
        let total = 3_000_010 + shipment.manifest.bytes
        #expect(seen.allSatisfy { $0.totalBytes == total })
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.bytes <= $1.bytes })
        #expect(seen.last?.bytes == total)
        #expect(seen.contains { $0.file == "a.bin" })
    }

    @Test("bytes that change on the way are noticed, and sent again", arguments: Place.allCases)
    func readBack(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment(["a.bin": 100_000])
        let part = destination.folder + "/.a.bin.r1.part"
        // A digest is made just before a file is read back: the moment to damage it.
        var damages = 1
        func damagingDigest() -> any ContentDigest {
            if damages > 0, let file = FileHandle(forUpdatingAtPath: part) {
                damages -= 1
                file.seek(toFileOffset: 50_000)
                let byte = file.readData(ofLength: 1)[0]
                file.seek(toFileOffset: 50_000)
                file.write(Data([byte ^ 1]))
                try? file.close()
            }
            return TestDigest()
        }
        let receipt = try shipment.send(to: destination.url, destination.server, tries: 2, digest: damagingDigest)
        #expect(receipt.retries == 1)
        #expect(shipment.arrived(in: destination.folder))

        try FileManager.default.removeItem(atPath: destination.folder)
        damages = .max
        let error = #expect(throws: OperationError.self) {
            try shipment.send(to: destination.url, destination.server, tries: 2, digest: damagingDigest)
        }
        #expect(error?.status == .badData)
        #expect(error?.code == "transfer-differs")
        #expect(Shipment.contents(of: destination.folder).isEmpty)
    }

    @Test("a local file that is not as its manifest says is refused", arguments: Place.allCases)
    func localDiffers(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment(["a.bin": 1_000])
        var bytes = Shipment.content(1_000)
        bytes[0] ^= 1
        try shipment.write("a.bin", bytes)
        func send() throws { _ = try shipment.send(to: destination.url, destination.server) }
        let changed = #expect(throws: OperationError.self) { try send() }
        #expect(changed?.status == .badData)
        #expect(changed?.code == "transfer-local-differs")
        #expect(Shipment.contents(of: destination.folder).isEmpty)

        try shipment.write("a.bin", Array(bytes.dropLast()))
        let shorter = #expect(throws: OperationError.self) { try send() }
        #expect(shorter?.code == "transfer-local-differs")
    }

    @Test("a missing local file is refused before anything is sent", arguments: Place.allCases)
    func missingLocal(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment()
        try FileManager.default.removeItem(atPath: shipment.folder + "/manifest.json")
        let error = #expect(throws: OperationError.self) { try shipment.send(to: destination.url, destination.server) }
        #expect(error?.status == .noInput)
        #expect(error?.message.en.contains("there is no such file") == true)
        #expect(error?.message.zh.contains("文件不存在") == true)
        #expect(!FileManager.default.fileExists(atPath: destination.folder))
    }

    @Test("a manifest cannot lead out of its folder", arguments: ["../x", "a//b", "/etc/passwd", "a/./b", "", "a\nb"])
    func paths(_ path: String) throws {
        let destination = try Destination(.file)
        let shipment = try Shipment([:])
        shipment.files = [FileEntry(path: path, bytes: 0, sha256: "")]
        let error = #expect(throws: OperationError.self) { try shipment.send(to: destination.url) }
        #expect(error?.status == .badData)
        #expect(error?.code == "transfer-path")
    }

    @Test("a folder cannot be made below a file", arguments: Place.allCases)
    func belowFile(_ place: Place) throws {
        let destination = try Destination(place)
        try destination.directory.write("x", to: "in/收 件")
        let shipment = try Shipment()
        let error = #expect(throws: OperationError.self) { try shipment.send(to: destination.url, destination.server) }
        #expect(error?.status == .cannotCreate)
        #expect(error?.message.en.contains("unable to make the folder") == true)
        #expect(error?.message.zh.contains("无法创建文件夹") == true)
        #expect(error?.hint != nil)
    }

    @Test("a folder that may not be written in is refused", arguments: Place.allCases)
    func withoutPermission(_ place: Place) throws {
        let destination = try Destination(place)
        let shipment = try Shipment()
        // Not even root makes folders in /proc/sys, which says that there is none; others are told the reason.
        var folder = "/proc/sys/x"
        if getuid() != 0 {
            folder = destination.directory.appending("closed/x")
            #expect(mkdir(destination.directory.appending("closed"), 0o500) == 0)
        }
        let url = destination.server?.url(folder) ?? "file://" + folder
        let error = #expect(throws: OperationError.self) { try shipment.send(to: url, destination.server) }
        #expect(error?.status == (getuid() == 0 ? .cannotCreate : .noPermission))

        let store = try destination.store()
        let refused = #expect(throws: OperationError.self) { try store.remove("/proc/version") }
        #expect(refused?.status == .noPermission)
        #expect(refused?.message.en.hasSuffix("permission denied") == true)
        #expect(refused?.message.zh.contains("没有权限") == true)
    }

    @Test("a folder that is not there is empty, a file has no size, and is read in vain", arguments: Place.allCases)
    func absence(_ place: Place) throws {
        let destination = try Destination(place)
        let store = try destination.store()
        let path = destination.folder
        #expect(try store.list(path) == [])
        #expect(try store.size(of: path + "/x") == nil)
        try store.remove(path + "/x")
        let error = #expect(throws: OperationError.self) { try store.download(path + "/x") { _ in } }
        #expect(error?.status == .noInput)
        let renamed = #expect(throws: OperationError.self) { try store.rename(path + "/x", to: path + "/y") }
        #expect(renamed?.status == .cannotCreate)
    }

    @Test("what the receiver of the bytes throws stops a download", arguments: Place.allCases)
    func receiverThrows(_ place: Place) throws {
        struct Enough: Error {}
        let destination = try Destination(place)
        let path = try destination.directory.write("abc", to: "in/x")
        let store = try destination.store()
        #expect(throws: Enough.self) { try store.download(path) { _ in throw Enough() } }
        #expect(try store.size(of: path) == 3)
    }

    @Test(
        "a sender killed at any step leaves no false manifest, and the next one completes the folder",
        arguments: Place.allCases,
        ["transfer.afterPart", "transfer.afterRename:2", "transfer.beforeManifest", "transfer.afterManifest"])
    func killed(_ place: Place, _ point: String) async throws {
        let destination = try Destination(place)
        let shipment = try Shipment()
        let folder = shipment.folder
        let (url, keys) = (destination.url, destination.server.map { [$0.knownHosts, $0.userKey] } ?? [])
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [folder = folder as String, url = url as String, keys = keys as [String], point = point as String] in
            FaultPoints.arm(point)
            _ = try Shipment(in: folder).send(
                to: url,
                set: { options in
                    if !keys.isEmpty { (options.knownHosts, options.privateKey) = (keys[0], keys[1]) }
                })
        }
        let manifest = destination.folder + "/manifest.json"
        #expect(FileManager.default.fileExists(atPath: manifest) == (point == "transfer.afterManifest"))
        let receipt = try shipment.send(to: destination.url, destination.server, run: "r2")
        #expect(shipment.arrived(in: destination.folder))
        let expected = ["transfer.afterPart": 0, "transfer.afterRename:2": 2, "transfer.beforeManifest": 3]
        #expect(receipt.filesAlreadyThere == expected[point] ?? 4)
    }

    @Test("a local disk without room ends with 74 and keeps no piece")
    func noRoom() async throws {
        let destination = try Destination(.file)
        let url = destination.url
        // In a process of its own, since the limit that stands for a full disk is that of a process.
        await #expect(processExitsWith: .success) { [url = url as String] in
            let shipment = try Shipment(["a.bin": 3_000_000])
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1_000_000, rlim_max: 1_000_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let error = #expect(throws: OperationError.self) { try shipment.send(to: url) }
            #expect(error?.status == .ioError)
            #expect(error?.code == "transfer-no-room")
        }
        #expect(Shipment.contents(of: destination.folder).isEmpty)
    }
}
