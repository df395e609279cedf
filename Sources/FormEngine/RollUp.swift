import Diagnostics
import Schema

/// From the courts' own sums of one form in one period to those of their jurisdictions, and the ratios of both.
struct RollUp: Sendable {
    let form: CompiledForms.Form
    let period: String
    /// The courts of the jurisdictions, then those of cases that they do not have.
    let courts: [String]
    private let own: FormTotals
    private let value: FormTotals

    /// - Parameters:
    ///   - totals: by the courts of `names`.
    ///   - unknown: courts that have cases but are in no jurisdiction; their figures are their own alone.
    ///
    /// Throws when a sum or a ratio no longer fits; `cell` cannot fail then.
    init(
        form: CompiledForms.Form, totals: FormTotals, names: [String], period: String, jurisdictions: Jurisdictions,
        unknown: [String]
    ) throws(OperationError) {
        self.form = form
        self.period = period
        courts = jurisdictions.courts + unknown
        let places = Dictionary(courts.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var own = FormTotals(form)
        own.makeRoom(forCourts: courts.count)
        // Every court of a case is among them; the totals may know fewer.
        try own.add(totals, courts: names.map { places[$0] ?? 0 })
        var value = own
        // Upper courts stand before their lower ones, so from the end each court's children are done.
        for court in jurisdictions.courts.reversed() {
            guard let parent = jurisdictions.parent(of: court), let above = places[parent], let place = places[court]
            else { continue }
            try value.add(court: place, to: above)
        }
        self.own = own
        self.value = value
        for case .ratio(let ratio) in form.columns {
            for court in courts.indices {
                for row in form.rows.indices {
                    _ = try quotient(ratio, value, court, row)
                    _ = try quotient(ratio, own, court, row)
                }
            }
        }
    }

    /// Rows that have figures, in their order.
    var rows: [Int] {
        form.rows.indices.filter { if case .given = form.rows[$0] { false } else { true } }
    }

    func cell(court: Int, row: Int, column: Int) -> FigureTable.Cell {
        FigureTable.Cell(value: cell(value, court, row, column), own: cell(own, court, row, column))
    }

    func write(to figures: inout FigureTable, form target: Int) {
        for (place, court) in courts.enumerated() {
            for row in rows {
                for column in form.columns.indices {
                    figures.set(
                        cell(court: place, row: row, column: column), form: target, court: court, period: period,
                        row: row, column: column)
                }
            }
        }
    }

    private func cell(_ totals: FormTotals, _ court: Int, _ row: Int, _ column: Int) -> CellValue {
        switch form.columns[column] {
        case .count, .sum: return .number(number(totals, court, row, column))
        case .given: return .absent
        case .ratio(let ratio):
            // Tried for every cell when this was made.
            guard let quotient = try? quotient(ratio, totals, court, row) else { return .blank }
            return .number(quotient)
        }
    }

    private func number(_ totals: FormTotals, _ court: Int, _ row: Int, _ column: Int) -> ExactDecimal {
        let place = (court * totals.rows + row) * totals.columns + column
        guard case .sum(_, let digits, _) = form.columns[column] else { return ExactDecimal(totals.counts[place]) }
        return ExactDecimal(unscaled: totals.sums[place], scale: digits)
    }

    /// Nil when the divisor is 0.
    private func quotient(
        _ ratio: CompiledForms.Ratio, _ totals: FormTotals, _ court: Int, _ row: Int
    ) throws(OperationError) -> ExactDecimal? {
        let dividend = try total(ratio.dividend, totals, court, row).multiplied(by: ExactDecimal(ratio.factor))
        return try dividend.divided(by: try total(ratio.divisor, totals, court, row), scale: ratio.scale)
    }

    private func total(
        _ terms: [CompiledForms.Ratio.Term], _ totals: FormTotals, _ court: Int, _ row: Int
    ) throws(OperationError) -> ExactDecimal {
        var total = ExactDecimal.zero
        for term in terms {
            let value = number(totals, court, row, term.column)
            total = try term.isNegative ? total.subtracting(value) : total.adding(value)
        }
        return total
    }
}
