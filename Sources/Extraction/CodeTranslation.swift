import Columnar

/// 代码转换 of one column: the source's codes become the standard's.
///
/// NULL and the empty text are no codes and stay. A code without an entry is kept as `?` and the code, and counted: a
/// finding, not a guess.
struct CodeTranslation {
    /// By code: how many rows; no more than `limit` codes, the rest under `…`.
    private(set) var untranslated: [String: Int] = [:]
    private let codes: TextIndex
    /// In the order of `codes`.
    private let translations: [[UInt8]]
    private static let limit = 200
    private static let longestShown = 40

    init(_ map: [String: String]) {
        let sorted = map.sorted { $0.key < $1.key }
        codes = TextIndex(sorted.map(\.key))
        translations = sorted.map { Array($0.value.utf8) }
    }

    mutating func translate(_ column: TextColumn) -> TextColumn {
        var result = TextColumn()
        result.bytes.reserveCapacity(column.bytes.count)
        result.offsets.reserveCapacity(column.offsets.count)
        for row in 0..<column.count {
            if column.isNull(row) {
                result.appendNull()
                continue
            }
            let range = column.range(row)
            if let number = column.withBytes(row, { codes.find($0) }) {
                result.bytes.append(contentsOf: translations[number])
            } else if !range.isEmpty {
                result.bytes.append(UInt8(ascii: "?"))
                result.bytes.append(contentsOf: column.bytes[range])
                count(column, row)
            }
            result.finishValue()
        }
        return result
    }

    private mutating func count(_ column: TextColumn, _ row: Int) {
        let code = column[row] ?? ""
        // A column that was mapped wrongly may hold anything; a code is short.
        let shown = code.count <= Self.longestShown ? code : "…"
        untranslated[untranslated.count < Self.limit || untranslated[shown] != nil ? shown : "…", default: 0] += 1
    }
}

/// How many rows each court has, counted by the bytes of the court column.
struct CourtCount {
    private var courts = TextIndex()
    private var counts: [Int] = []
    private static let limit = 10_000

    mutating func add(_ column: TextColumn) {
        for row in 0..<column.count where !column.isNull(row) {
            column.withBytes(row) { text in
                if let number = courts.find(text) {
                    counts[number] += 1
                } else if courts.count < Self.limit {
                    courts.insert(text)
                    names.append(String(decoding: text, as: UTF8.self))
                    counts.append(1)
                }
            }
        }
    }

    private var names: [String] = []

    /// Rows without a court, and those beyond ten thousand courts, are in none.
    var rowsPerCourt: [String: Int] { Dictionary(uniqueKeysWithValues: zip(names, counts)) }
}
