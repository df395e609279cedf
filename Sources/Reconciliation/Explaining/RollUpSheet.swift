import FormEngine

/// The figures of one roll-up that does not hold, cell by cell, and what pattern they follow.
///
/// Cells lie row by row; only those are looked at in which the upper court and all its parts have a number.
struct RollUpSheet {
    typealias Pattern = RollUpExplanation.Pattern

    let columnCount: Int
    /// The upper court's figures; nil where some part has none.
    let actual: [ExactDecimal?]
    /// The sums of the courts below and the own figures.
    let expected: [ExactDecimal?]
    /// By court below, in order.
    let parts: [[ExactDecimal?]]
    /// The same of the period before; nil where there is no such sheet.
    let actualBefore: [ExactDecimal?]?
    let partsBefore: [[ExactDecimal?]?]
    /// Actual − expected.
    private let differences: [ExactDecimal?]
    /// Places of the cells that do not add up.
    let broken: [Int]

    init(
        columnCount: Int, actual: [ExactDecimal?], expected: [ExactDecimal?], parts: [[ExactDecimal?]],
        actualBefore: [ExactDecimal?]?, partsBefore: [[ExactDecimal?]?]
    ) {
        self.columnCount = columnCount
        self.actual = actual
        self.expected = expected
        self.parts = parts
        self.actualBefore = actualBefore
        self.partsBefore = partsBefore
        let differences = zip(actual, expected).map { Self.difference($0, $1) }
        self.differences = differences
        broken = differences.indices.filter { differences[$0].map { !$0.isZero } ?? false }
    }

    /// A difference that needs too many digits is none: no pattern is named for it.
    private static func difference(_ left: ExactDecimal?, _ right: ExactDecimal?) -> ExactDecimal? {
        guard let left, let right else { return nil }
        return try? left.subtracting(right)
    }

    /// The first pattern that accounts for the whole sheet, and the places of the parts that it fits; none are the upper
    /// court's own.
    func pattern() -> (Pattern, parts: [Int]) {
        guard !broken.isEmpty else { return (.none, []) }
        let ofParts: [(Pattern, (Int, Int) -> ExactDecimal?)] = [
            (.omittedCourt, { part, cell in parts[part][cell]?.negated }),
            (.doubledCourt, { part, cell in parts[part][cell] }),
            (.stale, { part, cell in partsBefore[part].flatMap { Self.difference($0[cell], parts[part][cell]) } }),
            (.shiftedColumns, { part, cell in moved(parts[part], cell, by: 1) }),
            (.shiftedColumns, { part, cell in moved(parts[part], cell, by: -1) }),
        ]
        // A single cell may be off by a court's figure by chance; several are not.
        if broken.count > 1 {
            for (pattern, change) in ofParts {
                let found = parts.indices.filter { part in agree { change(part, $0) } }
                if !found.isEmpty { return (pattern, found) }
            }
            if let actualBefore, actual.indices.allSatisfy({ actual[$0] == nil || actual[$0] == actualBefore[$0] }) {
                return (.stale, [])
            }
            if isShifted(by: 1) || isShifted(by: -1) { return (.shiftedColumns, []) }
            if areSwapped { return (.swappedFigures, []) }
        }
        if broken.allSatisfy(isTenThousandfold) { return (.tenThousand, []) }
        let inTenThousands = parts.indices.filter { part in
            broken.allSatisfy { cell in
                guard let figure = parts[part][cell], !figure.isZero else { return false }
                return differences[cell] == (try? figure.multiplied(by: ExactDecimal(9999)))
            }
        }
        if !inTenThousands.isEmpty { return (.tenThousand, inTenThousands) }
        if broken.count == 1, areDigitsSwapped(broken[0]) { return (.swappedDigits, []) }
        return (.none, [])
    }

    /// Whether every difference is the one that a pattern makes.
    private func agree(_ change: (Int) -> ExactDecimal?) -> Bool {
        differences.indices.allSatisfy { cell in differences[cell].map { $0 == change(cell) } ?? true }
    }

    // MARK: Columns

    /// What a part adds to the difference when its figures stand `step` columns to the right of where they belong, in the
    /// rows that do not add up.
    private func moved(_ figures: [ExactDecimal?], _ cell: Int, by step: Int) -> ExactDecimal? {
        guard brokenRows.contains(cell / columnCount) else { return .zero }
        let source = cell % columnCount + step
        // What was pushed over the edge is not known.
        guard (0..<columnCount).contains(source) else { return differences[cell] }
        return Self.difference(figures[cell + step], figures[cell])
    }

    private var brokenRows: Set<Int> { Set(broken.map { $0 / columnCount }) }

    /// Whether, in every row that does not add up, each figure is the sum of the column beside.
    private func isShifted(by step: Int) -> Bool {
        guard columnCount > 2 else { return false }
        return brokenRows.allSatisfy { row in
            (0..<columnCount).allSatisfy { column in
                guard (0..<columnCount).contains(column - step) else { return true }
                let cell = row * columnCount + column
                guard let figure = actual[cell], let beside = expected[cell - step] else { return false }
                return figure == beside
            }
        }
    }

    private var areSwapped: Bool {
        guard broken.count == 2 else { return false }
        let (first, second) = (broken[0], broken[1])
        return actual[first] == expected[second] && actual[second] == expected[first]
    }

    // MARK: Figures

    /// Whether a figure is ten thousand times what it should be, or what it should be in ten thousands, rounded as the
    /// figure is. Small figures agree by chance.
    private func isTenThousandfold(_ cell: Int) -> Bool {
        guard let figure = actual[cell], let sum = expected[cell], !sum.isZero else { return false }
        let tenThousand = ExactDecimal(10000)
        if (try? sum.multiplied(by: tenThousand)) == figure { return true }
        guard figure.unscaled.magnitude >= 100 else { return false }
        return (try? sum.divided(by: tenThousand, scale: figure.scale)) == figure
    }

    /// Whether the figure is the sum with two neighbouring digits exchanged.
    private func areDigitsSwapped(_ cell: Int) -> Bool {
        guard let figure = actual[cell], let sum = expected[cell] else { return false }
        let (given, right) = (Array(figure.description.utf8), Array(sum.description.utf8))
        guard given.count == right.count else { return false }
        let different = given.indices.filter { given[$0] != right[$0] }
        guard different.count == 2, different[1] == different[0] + 1 else { return false }
        return given[different[0]] == right[different[1]] && given[different[1]] == right[different[0]]
    }
}
