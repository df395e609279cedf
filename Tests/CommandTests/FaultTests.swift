import Foundation
import PostgresClient
import TestSupport
import Testing

/// What fails beside the program: connections, system calls, room on the disk, the bytes of a batch.
///
/// Whatever it is, the run ends with a status of `cli.md` and says why, and resumed it leaves what an undisturbed run
/// leaves. `ResumeTests` kills at every fault point; these are more kinds of faults, of which some hundred take minutes and
/// run with `make test-all` (`SITONG_TEST_LONG=1`).
@Suite(.serialized) struct FaultTests {
    // MARK: Connections

    @Test(
        "every connection is cut after some bytes, and the resumed run leaves what an undisturbed one leaves",
        .enabled(if: TestSeed.isLongRun))
    func connectionsAreCut() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let server = try BrokenRunSite.socketDirectory(of: BrokenRunProvince.shared.get().emptyLibrary)
        let open = try CuttingProxy(to: server, cutAt: nil)
        defer { open.close() }
        let whole = try BrokenRunSite(through: open)
        #expect(try whole.differences(from: undisturbed, status: whole.run().status) == [])
        let total = open.bytes
        #expect(total > 100_000)
        let count = 60
        // Also within the first message, and just before the end.
        let cuts = [1] + (1..<count).map { total * $0 / count } + [total * 99 / 100]
        let complaints = complaints(of: cuts, { "cut after \($0) of \(total) bytes" }) { bytes in
            let proxy = try CuttingProxy(to: server, cutAt: bytes)
            defer { proxy.close() }
            let site = try BrokenRunSite(through: proxy)
            let run = try site.run()
            guard proxy.hasCut else { return ["was not cut"] }
            return try site.outcome(of: run, undisturbed, documented: [69: ["pg-lost", "pg-connect"]])
        }
        #expect(complaints == [])
    }

    @Test(
        "the server ends all sessions while the run stands at a fault point, and the resumed run leaves the same",
        .enabled(if: TestSeed.isLongRun))
    func sessionsAreTerminated() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let points = undisturbed.faultPoints.map(\.name)
        let complaints = complaints(of: points, { $0 }) { point in
            let site = try BrokenRunSite()
            let started = try site.start(fault: point + "=stop")
            guard started.waitUntilStopped() else { return ["was not reached: \(started.wait().errors)"] }
            let killer = try PostgresConnection(site.library, applicationName: "tests")
            try killer.execute(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
            kill(started.number, SIGCONT)
            return try site.outcome(of: started.wait(), undisturbed, documented: [69: ["pg-lost"]])
        }
        #expect(complaints == [])
    }

    // MARK: System calls

    @Test(
        "the n-th call of a kind fails, and the resumed run leaves what an undisturbed one leaves",
        .enabled(if: TestSeed.isLongRun))
    func systemCallsFail() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let kinds: [(call: String, error: String)] = [
            ("write", "ENOSPC"), ("write", "EIO"), ("fsync", "EIO"), ("rename", "EIO"), ("mkdir", "ENOSPC"),
            ("sendto", "EPIPE"), ("recvfrom", "ECONNRESET"),
        ]
        let counts = try systemCalls(Set(kinds.map(\.call)))
        let each = 20
        let faults = kinds.flatMap { kind in
            let count = counts[kind.call] ?? 0
            return Set((1...each).map { max(1, count * $0 / (each + 1)) }).sorted().map { (kind: kind, number: $0) }
        }
        #expect(faults.count > kinds.count)
        let complaints = complaints(of: faults, { "\($0.kind.call) \($0.number): \($0.kind.error)" }) { fault in
            let site = try BrokenRunSite()
            let injection = "\(fault.kind.call):error=\(fault.kind.error):when=\(fault.number)"
            let run = try site.run(
                prefix: "exec strace -f --seccomp-bpf -o /dev/null -e trace=\(fault.kind.call) -e inject=\(injection)"
                    + " \"$0\" \"$@\"")
            // A call that fails in a library may be tried otherwise, or its failure be told as that of another one.
            return try site.outcome(of: run, undisturbed, documented: [69: [], 73: [], 74: []])
        }
        #expect(complaints == [])
    }

    /// How often the busiest thread of an undisturbed run makes each call; strace counts by thread.
    private func systemCalls(_ names: Set<String>) throws -> [String: Int] {
        let site = try BrokenRunSite()
        let trace = site.folder.appending("trace")
        let run = try site.run(
            prefix: "exec strace -f --seccomp-bpf -o \(trace) -e trace=\(names.sorted().joined(separator: ","))"
                + " \"$0\" \"$@\"")
        #expect(run.status == 0 || run.status == 1, "\(run.errors)")
        var byThread: [String: Int] = [:]
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            guard let match = line.firstMatch(of: #/^(\d+) +(\w+)\(/#) else { continue }
            byThread["\(match.2) \(match.1)", default: 0] += 1
        }
        return byThread.reduce(into: [:]) { counts, entry in
            let name = String(entry.key.prefix { $0 != " " })
            counts[name] = max(counts[name] ?? 0, entry.value)
        }
    }

    // MARK: Room

    @Test(
        "the disk is full from a fault point on, and the resumed run leaves what an undisturbed one leaves",
        .enabled(if: TestSeed.isLongRun))
    func diskIsFull() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let points = undisturbed.faultPoints.map(\.name)
        let complaints = complaints(of: points, { $0 }) { point in
            let site = try BrokenRunSite()
            let started = try site.start(fault: point + "=stop")
            guard started.waitUntilStopped() else { return ["was not reached: \(started.wait().errors)"] }
            // Enough to say why it ends: what it says goes to a file, too.
            let limit = Process()
            limit.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            limit.arguments = ["prlimit", "--pid", "\(started.number)", "--fsize=2048:2048"]
            try limit.run()
            limit.waitUntilExit()
            guard limit.terminationStatus == 0 else { return ["no limit could be set"] }
            kill(started.number, SIGCONT)
            return try site.outcome(of: started.wait(), undisturbed, documented: [73: [], 74: []])
        }
        #expect(complaints == [])
    }

    @Test("the private copy that a killed extract leaves is removed by the next, that of a living process is not")
    func staleCopies() throws {
        let folder = try TemporaryDirectory()
        let living = folder.appending("tmp/sitong-copy-\(getpid())-mine")
        try FileManager.default.createDirectory(atPath: living, withIntermediateDirectories: true)
        func copies() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.appending("tmp"))
        }
        func extract(fault: String? = nil) throws -> Int32 {
            var environment = ["TMPDIR": folder.appending("tmp")]
            environment["SITONG_FAULT"] = fault
            let source = try BadInput.province.get() + "/sources/yu1702.yaml"
            return try SitongProcess.run(
                ["extract", "--source", source, "--to", "out", "--full"], in: folder.path, environment: environment
            ).status
        }
        #expect(try extract(fault: "extract.afterPrivateCopy") == -SIGKILL)
        #expect(try copies().count == 2)
        #expect(try extract() == 0)
        #expect(try copies() == ["sitong-copy-\(getpid())-mine"])
    }

    // MARK: The bytes of a batch

    @Test("a byte of each class of a batch is flipped: status 65, nothing loaded, and the mended batch loads")
    func bytesAreFlipped() throws {
        let folder = try TemporaryDirectory()
        let library = try BadInput.library()
        let batch = try BadInput.copyBatch(to: folder.path)
        let before = try BadInput.state(of: library)
        let files = BadInput.files(in: batch).map { String($0.prefix { $0 != " " }) }
        let part = try #require(files.first { $0.hasSuffix(".csv.zst") })
        for flip in try ByteFlip.all(manifest: batch + "/manifest.json", part: "\(batch)/\(part)") {
            let whole = try #require(FileManager.default.contents(atPath: flip.file))
            for mask: UInt8 in [0x01, 0x80] {
                var bytes = [UInt8](whole)
                bytes[flip.place] ^= mask
                try Data(bytes).write(to: URL(fileURLWithPath: flip.file))
                let load = try SitongProcess.run(["load", batch, "--library", library], in: folder.path)
                #expect(load.status == 65, "\(flip.name) ^ \(mask): \(load.status) \(load.errors)")
                // Whoever decompresses may meet the damage before the digest does.
                let codes = ["error[batch-", "error[compressed-damaged]"]
                #expect(codes.contains(where: load.errors.contains), "\(flip.name) ^ \(mask): \(load.errors)")
                #expect(load.errors.contains(BadInput.batchName), "\(flip.name) ^ \(mask): \(load.errors)")
            }
            try whole.write(to: URL(fileURLWithPath: flip.file))
        }
        #expect(try BadInput.state(of: library) == before)
        let load = try SitongProcess.run(["load", batch, "--library", library, "--json"], in: folder.path)
        #expect(load.status == 0, "\(load.errors)")
        #expect(try BadInput.state(of: library) != before)
    }
}

/// A place in a batch where a byte is flipped.
private struct ByteFlip {
    var name: String
    var file: String
    var place: Int

    /// Whatever a batch consists of.
    static func all(manifest: String, part: String) throws -> [ByteFlip] {
        let text = [UInt8](FileManager.default.contents(atPath: manifest) ?? Data())
        let body = [UInt8](FileManager.default.contents(atPath: part) ?? Data())
        func place(after mark: String) throws -> Int {
            let found = try #require(Data(text).range(of: Data(mark.utf8)), "the manifest has no \(mark)")
            return text.distance(from: text.startIndex, to: found.upperBound)
        }
        let inManifest = [
            ("the manifest's first byte", 0), ("its last", text.count - 1),
            ("its checksum", try place(after: "\"checksum\":\"")),
            ("its format", try place(after: "sitong-batch/")), ("its id", try place(after: "\"id\":\"")),
            ("a digest of a part", try place(after: "\"sha256\":\"")),
            ("a digest of a part's text", try place(after: "\"rawSha256\":\"")),
            ("a path", try place(after: "\"path\":\"")),
        ]
        let inPart = [
            ("a part's magic number", 0), ("its frame header", 4), ("its first block's header", 6),
            ("the literals of a block", 16), ("its body", body.count / 4), ("its middle", body.count / 2),
            ("its last block", body.count * 9 / 10), ("its checksum", body.count - 4),
            ("its last byte", body.count - 1),
        ]
        return inManifest.map { ByteFlip(name: $0.0, file: manifest, place: $0.1) }
            + inPart.map { ByteFlip(name: $0.0, file: part, place: $0.1) }
    }
}

extension BrokenRunSite {
    /// What there is to complain of when something failed: the run ended as if nothing had, or with one of the documented
    /// statuses and a message that names one of its codes; resumed, it leaves what an undisturbed run leaves.
    func outcome(
        of run: SitongProcess, _ undisturbed: UndisturbedRun, documented: [Int32: [String]]
    ) throws -> [String] {
        var found: [String] = []
        if run.status != undisturbed.status {
            if let codes = documented[run.status] {
                let said = codes.isEmpty ? ["error["] : codes.map { "error[\($0)]" }
                if !said.contains(where: run.errors.contains) { found.append("did not say why: \(run.errors)") }
            } else {
                found.append("ended with \(run.status): \(run.errors)")
            }
        }
        return found + (try differences(from: undisturbed, status: resume().status))
    }
}

extension SitongProcess.Started {
    /// Waits until it stands still; false when it ended before.
    func waitUntilStopped() -> Bool {
        wait {
            let line = (try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)) ?? ""
            // Behind the name in brackets, which may hold anything.
            return line.drop { $0 != ")" }.dropFirst(2).first == "T"
        }
    }
}
