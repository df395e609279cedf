import Columnar
import DataAccess
import Diagnostics

/// The first record of a file, which names the columns.
struct CSVHeader {
    private(set) var columns: [String]
    /// At which the first record after it begins.
    private(set) var line = 1
    private(set) var hasByteOrderMark = false
    /// Whether a line end stands after it; nil when the file has no header.
    private(set) var hasLineEnd: Bool?

    /// Throws `csv-header` (65) when there is none that can be used. `exact` has scanned it last.
    init<Source>(
        _ feed: inout ByteFeed<Source>, _ exact: inout RecordScanner, file: String, options: CSVOptions,
        tuning: ScanTuning
    ) throws {
        columns = options.columns ?? []
        var block = CellBlock()
        var filled = try feed.fill(&block.bytes, from: 0, upTo: 3)
        hasByteOrderMark = block.bytes[..<filled] == [0xEF, 0xBB, 0xBF]
        if !hasByteOrderMark { feed.giveBack(block.bytes[..<filled]) }
        guard options.columns == nil else { return }
        filled = 0
        var asked = tuning.chunk
        while true {
            filled = try feed.fill(&block.bytes, from: filled, upTo: asked)
            asked = filled * 2
            let visible = min(filled, tuning.longestRecord + 1)
            let result = block.bytes.withUnsafeBufferPointer {
                exact.scan(
                    UnsafeBufferPointer(rebasing: $0[..<visible]), from: 0,
                    isLast: feed.isAtEnd && filled <= tuning.longestRecord)
            }
            switch result {
            case .incomplete where visible <= tuning.longestRecord: continue
            case .incomplete: throw OperationError.csvHeader(file, "it does not end", "表头没有结束")
            case .badQuote, .openQuote:
                throw OperationError.csvHeader(file, "a quote in it does not close", "其中的引号没有闭合")
            case .record(0, _): throw OperationError.csvHeader(file, "the file is empty", "文件为空")
            case .record(let end, let next):
                guard !exact.hasZero else { throw OperationError.csvHeader(file, "a zero byte in it", "其中有零字节") }
                guard block.bytes[..<end].isValidUTF8(level: tuning.level) else {
                    throw OperationError.csvHeader(
                        file, "it is not UTF-8, nor in an encoding that was named (--encoding)",
                        "不是 UTF-8 编码，也不是指定的编码（--encoding）")
                }
                hasLineEnd = next > end
                line += 1 + exact.innerLines
                feed.giveBack(block.bytes[next..<filled])
                takeNames(&block, exact, free: filled)
                try checkNames(file)
                return
            }
        }
    }

    private mutating func takeNames(_ block: inout CellBlock, _ exact: RecordScanner, free: Int) {
        var free = free
        block.columnCount = exact.fields.count
        block.append(exact, start: 0, nullText: [], end: &free)
        columns = (0..<block.columnCount).map { block.text(row: 0, column: $0) ?? "" }
    }

    private func checkNames(_ file: String) throws {
        var names: Set<String> = []
        for name in columns where !names.insert(name).inserted {
            throw OperationError.csvHeader(file, "column '\(name)' comes twice", "列“\(name)”出现两次")
        }
    }
}
