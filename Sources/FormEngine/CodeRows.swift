import Schema

/// The rows that `each` made from a code list: which of them count a case of a given code, itself or one below it.
///
/// One look-up for a case instead of a test for every row.
struct CodeRows: Sendable {
    /// The table's column of codes.
    let column: Int
    let list: String
    /// The parents of each code, of all its versions.
    private let parents: [String: [String]]
    private var rowOfCode: [String: Int] = [:]
    private let known: Set<String>

    init(column: Int, list: CodeList) {
        self.column = column
        self.list = list.name
        known = Set(list.entries.map(\.code))
        parents = Dictionary(grouping: list.entries.filter { $0.parent != nil }, by: \.code)
            .mapValues { $0.compactMap(\.parent) }
    }

    mutating func add(row: Int, of code: String) { rowOfCode[code] = row }

    var hasRows: Bool { !rowOfCode.isEmpty }
    func has(row: Int) -> Bool { rowOfCode.values.contains(row) }

    /// The rows of the code and of those above it; none for a code that the list does not have.
    func rows(of code: String) -> [Int] {
        guard known.contains(code) else { return [] }
        var rows: [Int] = []
        var seen: Set<String> = []
        var open = [code]
        while let next = open.popLast() {
            guard seen.insert(next).inserted else { continue }
            if let row = rowOfCode[next] { rows.append(row) }
            open += parents[next] ?? []
        }
        return rows
    }
}
