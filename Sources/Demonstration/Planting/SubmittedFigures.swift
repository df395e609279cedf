import CourtModel

/// The figures of F01 as the courts submit them: those that were counted, with a few mistakes of the kinds that people
/// make; and what these mistakes and the planted cases must lead to.
struct SubmittedFigures {
    struct Court {
        var mark: String
        var upperMark: String?
        /// 本级数, row by row.
        var own: [FigureRow]
        /// 辖区数.
        var value: [FigureRow]
    }

    let period: StatisticalPeriod
    /// In the order of the demonstration's courts, upper courts first.
    private(set) var courts: [Court]
    private(set) var truth: [TruthItem] = []

    static let form = "F01"

    init(period: StatisticalPeriod, counted: [(court: CourtRow, own: [FigureRow])]) {
        self.period = period
        courts = Self.rolledUp(counted)
        // Computed figures add up in every way but one: a case closed before it was filed unbalances its rows.
        expectUnbalancedRows(.finding, kind: PlantedKind.closedBeforeFiledAcrossPeriod.rawValue)
        let counted = courts
        makeMistakes()
        expectMismatches(with: counted)
        expectUnbalancedRows(.submittedFinding, kind: "figure-differs")
        expectWrongTotals()
        expectWrongRollUps()
    }

    /// Sound figures, of each court alone and of its jurisdiction.
    static func rolledUp(_ counted: [(court: CourtRow, own: [FigureRow])]) -> [Court] {
        var courts = counted.map {
            Court(mark: $0.court.mark, upperMark: $0.court.upperMark, own: $0.own, value: $0.own)
        }
        // From the lowest courts upwards, since a court stands behind its upper court.
        for lower in courts.indices.reversed() {
            guard let upper = courts.firstIndex(where: { $0.mark == courts[lower].upperMark }) else { continue }
            for row in courts[upper].value.indices { courts[upper].value[row].add(courts[lower].value[row]) }
        }
        return courts
    }

    private mutating func expect(
        _ kind: String, _ outcome: TruthItem.Outcome, _ rule: String, _ court: Court, row: Int, column: Int,
        note: String = ""
    ) {
        truth.append(
            TruthItem(
                kind: kind, outcome: outcome, rule: rule, court: court.mark, table: Self.form,
                key: "\(court.mark)|\(FigureCounter.rows[row].code)|\(FigureRow.columns[column])", note: note))
    }

    // MARK: - What the figures must lead to

    private mutating func expectUnbalancedRows(_ outcome: TruthItem.Outcome, kind: String) {
        for court in courts {
            for (row, figures) in court.value.enumerated() where !figures.isBalanced {
                expect(kind, outcome, "F01.balance", court, row: row, column: 0)
            }
        }
    }

    /// Submitted columns whose total is not the sum of the families' rows.
    private mutating func expectWrongTotals() {
        for court in courts {
            var sum = FigureRow()
            for (index, row) in FigureCounter.rows.enumerated() where row.isFamily { sum.add(court.value[index]) }
            for column in sum.counts.indices where sum.counts[column] != court.value[0].counts[column] {
                expect("figure-differs", .submittedFinding, "F01.total-is-sum-of-rows", court, row: 0, column: column)
            }
        }
    }

    /// Submitted cells of a court that are not its own figure and those of its lower courts together.
    private mutating func expectWrongRollUps() {
        for court in courts {
            for row in court.value.indices {
                var sum = court.own[row]
                for lower in courts where lower.upperMark == court.mark { sum.add(lower.value[row]) }
                for column in sum.counts.indices where sum.counts[column] != court.value[row].counts[column] {
                    expect("figure-differs", .submittedFinding, "F01.rollup", court, row: row, column: column)
                }
            }
        }
    }

    private mutating func makeMistakes() {
        guard let civil = FigureCounter.rows.firstIndex(where: { $0.code == FigureCounter.civilFirstInstance }),
            !courts.isEmpty
        else { return }
        // The upper court adds up one too many.
        courts[0].value[civil].received += 1
        // A court exchanges two cells.
        if let index = courts.indices.dropFirst().first(where: {
            courts[$0].own[civil].closed != courts[$0].own[civil].open
        }) {
            courts[index].own[civil].exchangeClosedAndOpen()
            courts[index].value[civil].exchangeClosedAndOpen()
        }
        // A court forgets a case that came in and is still open; the upper court adds up what it was told.
        if let index = courts.indices.dropFirst(2).first(where: {
            courts[$0].own[civil].received > 0 && courts[$0].own[civil].open > 0
        }) {
            let affected = FigureCounter.rows.indices.filter { FigureCounter.rows[$0].types?.contains("0301") ?? true }
            for row in affected {
                courts[index].own[row].received -= 1
                courts[index].own[row].open -= 1
            }
            var place: Int? = index
            while let court = place {
                for row in affected {
                    courts[court].value[row].received -= 1
                    courts[court].value[row].open -= 1
                }
                place = courts.firstIndex { $0.mark == courts[court].upperMark }
            }
        }
    }

    private mutating func expectMismatches(with counted: [Court]) {
        for (index, court) in courts.enumerated() {
            for row in court.value.indices {
                let pairs = zip(court.value[row].texts, counted[index].value[row].texts)
                // A rate that is blank for want of cases says the same as a rate of nought.
                for (column, pair) in pairs.enumerated()
                where pair.0 != pair.1 && Set([pair.0, pair.1]) != ["", "0.00"] {
                    expect(
                        "figure-differs", .mismatch, "", court, row: row, column: column,
                        note: "submitted \(pair.0), counted \(pair.1)")
                }
            }
        }
    }

    /// The lines of the file, without its header.
    var lines: [[String?]] { Self.lines(of: courts, in: period) }

    static func lines(of courts: [Court], in period: StatisticalPeriod) -> [[String?]] {
        courts.flatMap { court in
            FigureCounter.rows.indices.flatMap { row in
                zip(court.value[row].texts, court.own[row].texts).enumerated().map { column, pair in
                    [
                        form, court.mark, period.label, FigureCounter.rows[row].code, FigureRow.columns[column],
                        pair.0.isEmpty ? nil : pair.0, pair.1.isEmpty ? nil : pair.1,
                    ]
                }
            }
        }
    }

    static let header = ["form", "court", "period", "row", "column", "value", "own"]
}
