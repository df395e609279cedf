import Schema

/// The figures of a computation, one after the other: by form as defined, period, court, row and column.
///
/// A province has millions of them, so that they are made as they are asked for; what is kept are numbers by place.
public struct ComputedFigures: Sequence, Sendable {
    let rollUps: [RollUp]

    /// Those of one period.
    public func of(period: String) -> ComputedFigures {
        ComputedFigures(rollUps: rollUps.filter { $0.period == period })
    }

    public var count: Int { rollUps.reduce(0) { $0 + $1.courts.count * $1.rows.count * $1.form.columns.count } }
    /// Forms × courts × periods.
    public var sheetCount: Int { rollUps.reduce(0) { $0 + $1.courts.count } }

    /// Puts all into `figures`, which must know the forms.
    public func write(to figures: inout FigureTable) {
        for rollUp in rollUps {
            guard let target = figures.formIndex(rollUp.form.definition.name) else { continue }
            rollUp.write(to: &figures, form: target)
        }
    }

    public func makeIterator() -> Iterator { Iterator(rollUps: rollUps) }

    public struct Iterator: IteratorProtocol {
        private let rollUps: [RollUp]
        private var rows: [Int]
        private var (sheet, court, row, column) = (0, 0, 0, 0)

        fileprivate init(rollUps: [RollUp]) {
            self.rollUps = rollUps
            rows = rollUps.first?.rows ?? []
        }

        public mutating func next() -> Figure? {
            while sheet < rollUps.count {
                let rollUp = rollUps[sheet]
                if column == rollUp.form.columns.count { (column, row) = (0, row + 1) }
                if row >= rows.count { (column, row, court) = (0, 0, court + 1) }
                guard court < rollUp.courts.count, !rows.isEmpty, !rollUp.form.columns.isEmpty else {
                    (sheet, court, row, column) = (sheet + 1, 0, 0, 0)
                    rows = sheet < rollUps.count ? rollUps[sheet].rows : []
                    continue
                }
                defer { column += 1 }
                let definition = rollUp.form.definition
                let cell = rollUp.cell(court: court, row: rows[row], column: column)
                return Figure(
                    form: definition.name, court: rollUp.courts[court], period: rollUp.period,
                    row: definition.rows[rows[row]].code, column: definition.columns[column].code, value: cell.value,
                    own: cell.own)
            }
            return nil
        }
    }
}
