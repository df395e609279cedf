import Columnar
import DataAccess
import DelimitedText
import Diagnostics

/// The CSV reader: the same bytes read whole and in pieces of many sizes give the same rows and the same malformed records.
struct CSVTarget: FuzzTarget {
    let dictionary = [
        "\"", "\"\"", ",", "\n", "\r\n", "\r", "\u{FEFF}", "\u{0}", "a,b,c\n", "\",\"", "\n\"", "\"\n", "，", "案",
        "NULL", ";", "\t", "\"x\"y", "\n\n", ",,",
    ]

    func run(_ input: [UInt8]) -> String {
        let whole = Reading(input, pieces: nil)
        // A record that is not whole yet is scanned again with every piece: small pieces are for small inputs.
        for size in [1, 2, 7, 64, 65] where size < input.count && input.count < 500 * size {
            let pieces = Reading(input, pieces: size)
            precondition(pieces == whole, "reading by \(size) bytes differs from reading at once")
        }
        return whole.kind
    }

    /// All that a reader says about one file.
    private struct Reading: Equatable {
        var columns: [String] = []
        var rows: [[String?]] = []
        var rowNumbers: [Int] = []
        var malformed: [MalformedRecord] = []
        var notices: [CSVNotice] = []
        var recordCount = 0
        var failure: String?

        init(_ input: [UInt8], pieces: Int?) {
            do {
                let options = CSVOptions(
                    delimiter: input.first == UInt8(ascii: ";") ? UInt8(ascii: ";") : UInt8(ascii: ","),
                    nullText: input.last == UInt8(ascii: "L") ? "NULL" : nil)
                let reader = try CSVReader(Pieces(input, size: pieces), file: "input", options: options)
                columns = reader.columns
                while let block = try reader.next() {
                    precondition(block.columns.allSatisfy { $0.count == block.rowCount }, "columns of unequal length")
                    for row in 0..<block.rowCount {
                        rows.append(block.columns.map { $0[row] })
                        rowNumbers.append(block.firstRow + row)
                    }
                    malformed += reader.takeMalformed()
                }
                malformed += reader.takeMalformed()
                notices = reader.notices
                recordCount = reader.recordCount
                let numbers = (rowNumbers + malformed.map(\.row)).sorted()
                precondition(numbers == Array(1..<(recordCount + 1)), "a record has no number, or two have the same")
            } catch let error as OperationError {
                failure = error.code
            } catch {
                preconditionFailure("an error of no known kind: \(error)")
            }
        }

        var kind: String {
            let kinds = malformed.map(\.kind.rawValue).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
            let shape = rows.prefix(6).map { $0.map { $0 == nil ? "n" : $0 == "" ? "e" : "t" }.joined() }
            return "\(failure ?? "") \(columns.count) \(kinds.prefix(6)) \(notices) \(shape) \(min(rows.count, 10))"
        }
    }

    /// Hands out a few bytes at a time.
    private struct Pieces: ByteSource {
        private var rest: ArraySlice<UInt8>
        private let size: Int

        init(_ bytes: [UInt8], size: Int?) {
            rest = bytes[...]
            self.size = size ?? max(1, bytes.count)
        }

        mutating func read(into buffer: inout [UInt8]) -> Bool {
            guard !rest.isEmpty else { return false }
            buffer.append(contentsOf: rest.prefix(size))
            rest = rest.dropFirst(size)
            return true
        }
    }
}
