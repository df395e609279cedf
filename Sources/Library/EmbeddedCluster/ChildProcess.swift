import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs a program of the server's distribution to its end: `initdb`, `pg_ctl`, `postgres --single`.
///
/// The program sees no environment but a plain one, no descriptors but its own, and `/` as its working directory.
struct ChildProcess {
    /// Nil when a signal ended it.
    var exitStatus: Int32?
    /// What it printed, both streams.
    var output: String

    /// - Throws: `OperationError` 74 when the program cannot be started.
    init(_ arguments: [String], input: String = "") throws {
        var inputEnds: [Int32] = [-1, -1]
        var outputEnds: [Int32] = [-1, -1]
        guard pipe(&inputEnds) == 0 else { throw OperationError.unableToRun(arguments[0], errno) }
        guard pipe(&outputEnds) == 0 else {
            let reason = errno
            inputEnds.forEach { close($0) }
            throw OperationError.unableToRun(arguments[0], reason)
        }
        (inputEnds + outputEnds).forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputEnds[0], 0)
        posix_spawn_file_actions_adddup2(&actions, outputEnds[1], 1)
        posix_spawn_file_actions_adddup2(&actions, outputEnds[1], 2)
        // A server outlives us: it must not hold our sockets and files open, whatever their flags.
        for descriptor in 3...Self.highestDescriptor() { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        sigdelset(&all, SIGXFSZ)  // Ignored by us: a file beyond the limit is to be told as an error, not to kill.
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", "TZ=Asia/Shanghai"]
        // The shell is there to change the working directory, which posix_spawn cannot everywhere.
        let shell = ["/bin/sh", "-c", "cd / && exec \"$0\" \"$@\""] + arguments
        var argumentStrings: [UnsafeMutablePointer<CChar>?] = shell.map { strdup($0) } + [nil]
        var environmentStrings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { (argumentStrings + environmentStrings).forEach { free($0) } }
        var process = pid_t()
        let code = posix_spawn(
            &process, shell[0], &actions, &attributes, &argumentStrings, &environmentStrings)
        close(inputEnds[0])
        close(outputEnds[1])
        guard code == 0 else {
            close(inputEnds[1])
            close(outputEnds[0])
            throw OperationError.unableToRun(arguments[0], code)
        }

        // What is sent is a line or two, far less than a pipe holds, so that writing first cannot block.
        _ = input.withCString { write(inputEnds[1], $0, strlen($0)) }
        close(inputEnds[1])
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(outputEnds[0], &piece, piece.count)
            if count > 0 {
                bytes.append(contentsOf: piece[..<count])
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        close(outputEnds[0])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        exitStatus = status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
        output = String(decoding: bytes, as: UTF8.self)
    }

    /// At least 64 beyond those open now, for what other threads open meanwhile.
    private static func highestDescriptor() -> Int32 {
        let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(probe) }
        var highest = max(probe, 3)
        if let folder = opendir("/proc/self/fd") {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if let number = Int32(name) { highest = max(highest, number) }
            }
            closedir(folder)
        }
        return highest + 64
    }
}
