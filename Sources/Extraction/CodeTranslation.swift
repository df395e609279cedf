import Columnar
import DelimitedText

/// 代码转换 of one column: the source's codes become the standard's.
///
/// NULL and the empty text are no codes and stay. A code without an entry is kept as `?` and the code, and counted: a
/// finding, not a guess.
struct CodeTranslation {
    /// By code: how many rows; no more than `limit` codes, the rest under `…`.
    private(set) var untranslated: [String: Int] = [:]
    private let codes: TextIndex
    /// In the order of `codes`.
    private let translations: [(bytes: [UInt8], count: Int)]
    private static let limit = 200
    private static let longestShown = 40

    init(_ map: [String: String]) {
        let sorted = map.sorted { $0.key < $1.key }
        codes = TextIndex(sorted.map(\.key))
        translations = sorted.map { Self.padded(Array($0.value.utf8)) }
    }

    /// Appends the translation of a code; when asked for, also counts it as a court.
    mutating func append(
        _ code: UnsafeBufferPointer<UInt8>, to records: CSVRecords, counting isCourt: Bool, _ courts: inout CourtCount
    ) {
        if let number = codes.find(code) {
            let (padded, count) = translations[number]
            padded.withUnsafeBufferPointer {
                let text = UnsafeBufferPointer(rebasing: $0[..<count])
                records.append(text)
                if isCourt { courts.add(text) }
            }
        } else if code.isEmpty {
            records.append(code)
        } else {
            let (padded, count) = CodeTranslation.padded([UInt8(ascii: "?")] + Array(code))
            padded.withUnsafeBufferPointer {
                let text = UnsafeBufferPointer(rebasing: $0[..<count])
                records.append(text)
                if isCourt { courts.add(text) }
            }
            self.count(code)
        }
    }

    /// With readable bytes behind the end, as `CSVRecords` wants them.
    static func padded(_ bytes: [UInt8]) -> (bytes: [UInt8], count: Int) {
        (bytes + [UInt8](repeating: 0, count: CellBlock.padding), bytes.count)
    }

    private mutating func count(_ code: UnsafeBufferPointer<UInt8>) {
        let text = String(decoding: code, as: UTF8.self)
        // A column that was mapped wrongly may hold anything; a code is short.
        let shown = text.count <= Self.longestShown ? text : "…"
        untranslated[untranslated.count < Self.limit || untranslated[shown] != nil ? shown : "…", default: 0] += 1
    }
}

/// How many rows each court has, counted by the bytes of the court column.
struct CourtCount {
    private var courts = TextIndex()
    private var counts: [Int] = []
    private static let limit = 10_000

    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        if let number = courts.find(text) {
            counts[number] += 1
        } else if courts.count < Self.limit {
            courts.insert(text)
            names.append(String(decoding: text, as: UTF8.self))
            counts.append(1)
        }
    }

    private var names: [String] = []

    /// Rows without a court, and those beyond ten thousand courts, are in none.
    var rowsPerCourt: [String: Int] { Dictionary(uniqueKeysWithValues: zip(names, counts)) }
}
