import Batches
import Columnar
import CourtModel
import Definitions

/// Counts rows by month and case numbers by series while they pass by, to tell what did not come.
///
/// Only of a table that is read as a whole: changes alone have gaps by nature. No string is made for a value.
struct CompletenessCount {
    private let number: Int?
    private let date: Int?
    /// By year × 12 + month.
    private var months: [Int: Int] = [:]
    private var series = TextIndex()
    private var names: [String] = []
    /// By series, a bit for each number that a case has.
    private var numbers: [[UInt64]] = []
    private var scratch: [UInt8] = []
    /// A court has some ten thousand cases of a kind in a year; what is beyond is no number to count from 1 to.
    private static let highestNumber: Int64 = 1_000_000
    private static let seriesLimit = 20_000
    private static let gapLimit = 100
    private static let rangeLimit = 20

    init(_ columns: SourceDefinition.Completeness?, _ plan: ColumnPlan, readsAll: Bool) {
        func place(_ column: String?) -> Int? {
            guard readsAll, let column, let place = plan.columns.firstIndex(of: column),
                case .offered(let offered) = plan.origins[place]
            else { return nil }
            return offered
        }
        number = place(columns?.number)
        date = place(columns?.date)
    }

    mutating func add(_ block: CellBlock) {
        guard number != nil || date != nil else { return }
        block.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<block.rowCount {
                let first = row * block.columnCount
                if let date { addMonth(UnsafeBufferPointer(rebasing: bytes[block.cells[first + date].range])) }
                if let number { addNumber(UnsafeBufferPointer(rebasing: bytes[block.cells[first + number].range])) }
            }
        }
    }

    /// `2026-10-…` or `202610…`; what is neither is in no month.
    private mutating func addMonth(_ text: UnsafeBufferPointer<UInt8>) {
        let start = text.count > 4 && text[4] == UInt8(ascii: "-") ? 5 : 4
        guard text.count >= start + 2 else { return }
        var month = 0
        for index in [0, 1, 2, 3, start, start + 1] {
            let digit = Int(text[index]) - 48
            guard (0...9).contains(digit) else { return }
            month = month * 10 + digit
        }
        guard (1...12).contains(month % 100) else { return }
        months[month, default: 0] += 1
    }

    private mutating func addNumber(_ text: UnsafeBufferPointer<UInt8>) {
        guard let caseNumber = CaseNumber(text), caseNumber.number >= 1, caseNumber.number <= Self.highestNumber else {
            return
        }
        scratch.removeAll(keepingCapacity: true)
        var year = caseNumber.year
        for _ in 0..<4 {
            scratch.insert(UInt8(48 + year % 10), at: 0)
            year /= 10
        }
        scratch += text[caseNumber.court]
        scratch += text[caseNumber.type]
        let found: Int? = scratch.withUnsafeBufferPointer { series.find($0) }
        if found == nil {
            guard names.count < Self.seriesLimit else { return }
            scratch.withUnsafeBufferPointer { _ = series.insert($0) }
            names.append(String(decoding: scratch, as: UTF8.self))
            numbers.append([])
        }
        let place = found ?? names.count - 1
        let word = Int(caseNumber.number) >> 6
        if numbers[place].count <= word {
            numbers[place] += repeatElement(0, count: word + 1 - numbers[place].count)
        }
        numbers[place][word] |= 1 << UInt64(caseNumber.number & 63)
    }

    func result(
        table: String, extra: [String], missing: [String], widened: [BatchManifest.WidenedColumn]
    ) -> BatchManifest.Completeness {
        let gaps = zip(names, numbers).compactMap(Self.gap).sorted {
            ($1.missing, $0.series) < ($0.missing, $1.series)
        }
        return BatchManifest.Completeness(
            table: table, extraColumns: extra, missingColumns: missing, widenedColumns: widened,
            rowsPerMonth: date == nil
                ? nil
                : Dictionary(
                    uniqueKeysWithValues: months.map { month, rows in
                        let digits = String(month + 10_000_00).dropFirst()
                        return ("\(digits.prefix(4))-\(digits.suffix(2))", rows)
                    }),
            gaps: number == nil ? nil : Array(gaps.prefix(Self.gapLimit)))
    }

    /// Nil when every number up to the highest has a case.
    private static func gap(_ series: String, _ bits: [UInt64]) -> BatchManifest.Gap? {
        guard let last = bits.lastIndex(where: { $0 != 0 }) else { return nil }
        let highest = last << 6 + 63 - bits[last].leadingZeroBitCount
        let missing = highest - bits.reduce(0) { $0 + $1.nonzeroBitCount }
        guard missing > 0 else { return nil }
        var ranges: [String] = []
        var number = 1
        while number <= highest, ranges.count < rangeLimit {
            let start = number
            while bits[number >> 6] >> UInt64(number & 63) & 1 == 0 { number += 1 }
            if number > start { ranges.append(number - start == 1 ? "\(start)" : "\(start)-\(number - 1)") }
            number += 1
        }
        return BatchManifest.Gap(
            series: series, highest: highest, missing: missing, numbers: ranges.joined(separator: " "))
    }
}
