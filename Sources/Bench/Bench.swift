import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import Foundation
import PostgresClient

/// `make bench-copy`: what reading a query's rows costs this side, by COPY as text and as binary, in turn.
///
/// CPU seconds (user + system) of this process alone for a million rows; the server works in others. Both forms are read
/// to the same end, cells of a block, and the digests of all cells are compared: a fast wrong answer is no answer.
@main
struct Bench {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 3, let rounds = Int(arguments[2]), rounds > 0 else {
            throw OperationError(
                .usage, code: "bench-arguments",
                LocalizedText(en: "the arguments are CONNINFO, QUERY and ROUNDS", zh: "参数依次为：连接串、查询、轮数"))
        }
        let connection = try PostgresConnection(arguments[0], applicationName: "sitong bench")
        let columns = try BinaryCopyShape(of: arguments[1], on: connection).columns
        var uses: [Form: [Double]] = [:]
        var totals: Set<Total> = []
        for _ in 0..<rounds {
            for form in Form.allCases {
                var total = Total()
                let seconds = try ownCPU { total = try read(form, arguments[1], columns, connection) }
                uses[form, default: []].append(seconds / Double(max(total.rows, 1)) * 1e6)
                totals.insert(total)
            }
        }
        guard totals.count == 1, let total = totals.first else {
            throw OperationError(
                .internalError, code: "bench-differs",
                LocalizedText(en: "the two forms give different cells", zh: "两种方式读出的内容不同"))
        }
        print("\(total.rows) rows, \(total.bytes / 1_000_000) MB of text, \(columns.count) columns, \(rounds) rounds")
        for form in Form.allCases {
            let sorted = (uses[form] ?? []).sorted()
            let range = "\(Self.text(sorted[0]))–\(Self.text(sorted[sorted.count - 1]))"
            print("  COPY \(form.rawValue): \(Self.text(sorted[sorted.count / 2])) CPU s / million rows (\(range))")
        }
    }

    enum Form: String, CaseIterable {
        case text, binary
    }

    /// What was read, so far as two ways of reading must agree in it.
    struct Total: Hashable {
        var rows = 0
        var bytes = 0
        var nulls = 0
        var digest: UInt64 = 0
    }

    static func read(
        _ form: Form, _ query: String, _ columns: [String], _ connection: PostgresConnection
    ) throws -> Total {
        switch form {
        case .text:
            let source = try connection.copyOut("COPY (\(query)) TO STDOUT (FORMAT csv)")
            return try drain(
                BlockCells(CSVReader(source, file: "server", options: CSVOptions(columns: columns))))
        case .binary: return try drain(BinaryCopyReader(connection, select: query))
        }
    }

    static func drain(_ reader: some CellReader) throws -> Total {
        var reader = reader
        var block = CellBlock()
        var total = Total()
        while try reader.next(into: &block) {
            total.rows += block.rowCount
            for cell in block.cells.prefix(block.rowCount * block.columnCount) {
                total.nulls += cell.isNull ? 1 : 0
                total.bytes += cell.count
                // The ends of a value tell enough of it, and cost next to nothing.
                if cell.count > 0 {
                    let (first, last) = (block.bytes[Int(cell.start)], block.bytes[Int(cell.end) - 1])
                    total.digest = (total.digest &* 31) &+ UInt64(first) &* 257 &+ UInt64(last)
                }
            }
        }
        return total
    }

    private static func ownCPU(_ body: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var usage = rusage()
            getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
            func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
            return seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        let before = now()
        try body()
        return now() - before
    }

    private static func text(_ seconds: Double) -> String { String(format: "%.2f", seconds) }
}
