import Diagnostics

/// From the courts' own sums to the figures of their jurisdictions, and the ratios of both.
struct RollUp {
    let form: CompiledForms.Form
    let totals: FormTotals
    let indexes: [String: Int]
    let period: String

    init(form: CompiledForms.Form, totals: FormTotals, courts: [String], period: String) {
        self.form = form
        self.totals = totals
        self.period = period
        indexes = Dictionary(courts.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func write(
        to figures: inout FigureTable, form target: Int, jurisdictions: Jurisdictions, unknown: [String]
    ) throws(OperationError) {
        var sums: [String: [Int128]] = [:]
        // Upper courts stand before their lower ones, so from the end each court's children are done.
        for court in jurisdictions.courts.reversed() {
            var sum = own(court)
            for child in jurisdictions.children(of: court) {
                guard let part = sums[child] else { continue }
                for index in sum.indices {
                    let (total, overflow) = sum[index].addingReportingOverflow(part[index])
                    guard !overflow else { throw .figureTooLarge() }
                    sum[index] = total
                }
            }
            sums[court] = sum
        }
        for court in jurisdictions.courts + unknown {
            let own = own(court)
            let value = sums[court] ?? own
            for (row, test) in form.rows.enumerated() {
                if case .given = test { continue }
                for column in form.columns.indices {
                    figures.set(
                        FigureTable.Cell(
                            value: try cell(value, row, column), own: try cell(own, row, column)),
                        form: target, court: court, period: period, row: row, column: column)
                }
            }
        }
    }

    private func own(_ court: String) -> [Int128] { totals.values(ofCourt: indexes[court]) }

    private func cell(_ sums: [Int128], _ row: Int, _ column: Int) throws(OperationError) -> CellValue {
        switch form.columns[column] {
        case .count, .sum: return .number(number(sums, row, column))
        case .given: return .absent
        case .ratio(let ratio):
            let dividend = try total(ratio.dividend, sums, row).multiplied(by: ExactDecimal(ratio.factor))
            let divisor = try total(ratio.divisor, sums, row)
            return try dividend.divided(by: divisor, scale: ratio.scale).map { .number($0) } ?? .blank
        }
    }

    private func number(_ sums: [Int128], _ row: Int, _ column: Int) -> ExactDecimal {
        var scale = 0
        if case .sum(_, let digits, _) = form.columns[column] { scale = digits }
        return ExactDecimal(unscaled: sums[row * totals.columns + column], scale: scale)
    }

    private func total(
        _ terms: [CompiledForms.Ratio.Term], _ sums: [Int128], _ row: Int
    ) throws(OperationError) -> ExactDecimal {
        var total = ExactDecimal.zero
        for term in terms {
            let value = number(sums, row, term.column)
            total = try term.isNegative ? total.subtracting(value) : total.adding(value)
        }
        return total
    }
}
