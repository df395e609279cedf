public import FormEngine
public import Schema

/// One form of a court and period as up to three sides have it, cell by cell, through the runs that are kept.
public enum SideComparison {
    /// The sheet of one side as a run left it.
    public struct Snapshot: Sendable {
        public var run: String
        /// When the run began; nil when that is not known.
        public var startedAt: String?
        public var side: FigureSide
        /// Of one form, court and period.
        public var figures: [Figure]

        public init(run: String, startedAt: String?, side: FigureSide, figures: [Figure]) {
            (self.run, self.startedAt, self.side, self.figures) = (run, startedAt, side, figures)
        }
    }

    public struct Result: Sendable {
        /// Sides that have the sheet, in their order; what a single one says is compared with nothing.
        public var sides: [FigureSide] = []
        public var comparedCells = 0
        /// By row and column as defined.
        public var differences: [SideDifference] = []
    }

    /// Compares what the latest snapshots say; the earlier ones tell since when they differ.
    ///
    /// A blank agrees with 0. A column of which a side has nothing at all is left out for that side.
    ///
    /// - Parameters:
    ///   - snapshots: of one court and period, in the order of their runs; those of one run side by side.
    public static func compare(_ snapshots: [Snapshot], of form: FormDefinition) -> Result {
        let history = SheetHistory(snapshots, of: form)
        var result = Result()
        result.sides = FigureSide.allCases.filter { side in snapshots.contains { $0.side == side } }
        guard result.sides.count > 1 else { return result }
        for row in form.rows.indices {
            for column in form.columns.indices {
                let states = history.states(row: row, column: column)
                guard let now = states.last?.values, now.count > 1, now.values.contains(where: { $0 != .absent }) else {
                    continue
                }
                result.comparedCells += 1
                guard !now.agree else { continue }
                result.differences.append(
                    SideDifference(
                        row: form.rows[row].code, column: form.columns[column].code, values: now,
                        since: SideDifference.Since(states), outlier: now.outlier))
            }
        }
        return result
    }
}

/// 差异: one cell in which the sides do not agree.
public struct SideDifference: Sendable, Hashable {
    /// Since when the sides have differed without a break.
    public enum Since: Sendable, Hashable {
        /// From the first run on in which two sides had the cell.
        case beginning(run: String, startedAt: String?)
        /// They agreed before; in this run these sides changed, or came with another figure.
        case moved(run: String, startedAt: String?, sides: [FigureSide])
    }

    /// Codes.
    public var row: String
    public var column: String
    /// Of the sides that have the column.
    public var values: [FigureSide: CellValue]
    public var since: Since
    /// The side that stands alone against two that agree.
    public var outlier: FigureSide?
}

extension [FigureSide: CellValue] {
    /// Whether all say the same number; what is blank or absent says 0.
    fileprivate var agree: Bool { Set(values.map { $0.number ?? .zero }).count < 2 }

    fileprivate var outlier: FigureSide? {
        guard count == 3 else { return nil }
        return keys.first { side in
            let rest = filter { $0.key != side }
            return rest.agree
        }
    }
}

/// What the sides said of a cell after each run.
struct SheetHistory {
    struct State {
        var run: String
        var startedAt: String?
        var values: [FigureSide: CellValue]
    }

    private let snapshots: [SideComparison.Snapshot]
    private let tables: [FigureTable]
    private let form: FormDefinition
    /// Columns of which each snapshot has something.
    private let columns: [Set<Int>]

    init(_ snapshots: [SideComparison.Snapshot], of form: FormDefinition) {
        self.snapshots = snapshots
        self.form = form
        tables = snapshots.map { snapshot in
            var table = FigureTable(forms: [form])
            for figure in snapshot.figures { _ = table.insert(figure) }
            return table
        }
        columns = zip(snapshots, tables).map { snapshot, table in
            guard let first = snapshot.figures.first else { return [] }
            return Set(
                form.columns.indices.filter { column in
                    form.rows.indices.contains { row in
                        table.cell(form: 0, court: first.court, period: first.period, row: row, column: column).value
                            != .absent
                    }
                })
        }
    }

    /// One for each run, in their order; later snapshots of a side take the place of its earlier ones.
    func states(row: Int, column: Int) -> [State] {
        var states: [State] = []
        var values: [FigureSide: CellValue] = [:]
        for (place, snapshot) in snapshots.enumerated() {
            if let first = snapshot.figures.first, columns[place].contains(column) {
                values[snapshot.side] =
                    tables[place].cell(form: 0, court: first.court, period: first.period, row: row, column: column)
                    .value
            } else {
                values[snapshot.side] = nil
            }
            let state = State(run: snapshot.run, startedAt: snapshot.startedAt, values: values)
            if states.last?.run == snapshot.run { states.removeLast() }
            states.append(state)
        }
        return states
    }
}

extension SideDifference.Since {
    /// From states of which the last one differs.
    init(_ states: [SheetHistory.State]) {
        let agreed = states.lastIndex { $0.values.count > 1 && $0.values.agree }
        if let agreed {
            let (before, after) = (states[agreed], states[agreed + 1])
            let moved = FigureSide.allCases.filter { side in
                guard let value = after.values[side] else { return false }
                return before.values[side].map { ($0.number ?? .zero) != (value.number ?? .zero) } ?? true
            }
            self = .moved(run: after.run, startedAt: after.startedAt, sides: moved)
            return
        }
        // The last state has two sides, so there is a first one that has.
        let first = states.first { $0.values.count > 1 } ?? states[0]
        self = .beginning(run: first.run, startedAt: first.startedAt)
    }
}
