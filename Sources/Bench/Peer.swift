import Foundation

/// Another program doing the same work, with what the kernel says it cost.
enum Peer {
    static func find(_ name: String) -> String? {
        ["/usr/bin/", "/usr/local/bin/"].map { $0 + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func run(_ program: String, _ arguments: [String], input: String = "") throws -> (output: String, use: Use) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let stem = NSTemporaryDirectory() + "/sitong-peer-\(getpid())"
        try Data(input.utf8).write(to: URL(fileURLWithPath: stem + ".in"))
        defer { for suffix in [".in", ".out"] { unlink(stem + suffix) } }
        posix_spawn_file_actions_addopen(&actions, 0, stem + ".in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, stem + ".out", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var child: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        guard posix_spawn(&child, program, &actions, nil, &words, environ) == 0 else {
            throw CocoaError(.fileNoSuchFile)
        }
        var status: Int32 = 0
        var usage = rusage()
        wait4(child, &status, 0, &usage)
        guard status == 0 else { throw CocoaError(.featureUnsupported) }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        let output = String(decoding: FileManager.default.contents(atPath: stem + ".out") ?? Data(), as: UTF8.self)
        return (
            output,
            Use(cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), peakMemoryBytes: usage.ru_maxrss * 1024)
        )
    }
}

/// The benchmark's rules as one query over an imported table; NULL is the empty field, as in our CSV.
enum SQLitePeer {
    static func script(_ file: String) -> String {
        """
        .import \(file) raw
        CREATE TABLE methods(code TEXT PRIMARY KEY) WITHOUT ROWID;
        INSERT INTO methods VALUES ('01'), ('02'), ('03'), ('04'), ('05');
        .mode list
        .separator ,
        WITH c AS (SELECT nullif(number, '') number, nullif(court, '') court, nullif(method, '') method,
                          nullif(filed, '') filed, nullif(closed, '') closed, cast(nullif(amount, '') AS REAL) amount,
                          cast(nullif(days, '') AS INTEGER) days FROM raw),
             d AS (SELECT number FROM c WHERE number IS NOT NULL GROUP BY number HAVING count(*) > 1)
        SELECT sum(closed < filed), sum(closed IS NOT NULL AND method IS NULL),
               sum(method IS NOT NULL AND method NOT IN (SELECT code FROM methods)), sum(amount < 0),
               sum(length(number) NOT BETWEEN 10 AND 30), sum(days <> julianday(closed) - julianday(filed)),
               sum(court = ''), sum(number IN (SELECT number FROM d)) FROM c;
        """
    }
}
