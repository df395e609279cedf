import ArgumentParser
import Diagnostics
import Foundation

/// How much of the machine a verb may use.
struct ResourceOptions: ParsableArguments {
    @Option(help: help("Threads that work at once. Default: as many as there are processors.", "并行线程数，默认与处理器数相同。"))
    var jobs: Int?

    @Option(
        help: help(
            "What may be kept in memory of all rows, as 512MB or 2GB; beyond it, disk is used.",
            "对全部行需记住的数据最多占用的内存，如 512MB、2GB；超出部分写入磁盘。"))
    var memory = ByteSize(bytes: 512 << 20)

    @Option(help: help("Where that disk is. Default: the system's folder for temporary files.", "溢出数据的目录，默认为系统临时目录。"))
    var spillDir: String?

    func validate() throws {
        if let jobs, !(1...1024).contains(jobs) {
            throw ValidationError(say("--jobs is 1 to 1024", "--jobs 应为 1 至 1024"))
        }
        if memory.bytes < 16 << 20 {
            throw ValidationError(say("--memory is at least 16MB", "--memory 至少为 16MB"))
        }
    }

    var threads: Int { jobs ?? ProcessInfo.processInfo.activeProcessorCount }
    var spillDirectory: String { spillDir ?? NSTemporaryDirectory() }
}

/// A number of bytes: `512MB`, `2GB`, `1048576`; units are powers of 1,024.
struct ByteSize: ExpressibleByArgument {
    var bytes: Int

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let units = [("KB", 10), ("MB", 20), ("GB", 30), ("TB", 40), ("K", 10), ("M", 20), ("G", 30), ("T", 40)]
        let upper = argument.uppercased()
        let unit = units.first { upper.hasSuffix($0.0) }
        guard let number = Int(upper.dropLast(unit?.0.count ?? 0)), number > 0 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (unit?.1 ?? 0))
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String { "\(bytes >> 20)MB" }
}
