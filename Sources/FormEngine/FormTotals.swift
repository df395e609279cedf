import Diagnostics

/// The sums of one form in one period: for each court a table of rows × columns, flat.
struct FormTotals: Sendable {
    let rows: Int
    let columns: Int
    /// Counted cases, by court, row, column.
    var counts: [Int] = []
    /// Sums of amounts, in the same order; empty where no column adds any up.
    var sums: [Int128] = []
    /// Distinct cases that some cell could not decide, by court.
    var undecidedCases: [Int] = []
    private let hasSums: Bool

    init(_ form: CompiledForms.Form) {
        rows = form.rows.count
        columns = form.columns.count
        hasSums = form.columns.contains { if case .sum = $0 { true } else { false } }
    }

    var size: Int { rows * columns }

    mutating func makeRoom(forCourts count: Int) {
        guard count > undecidedCases.count else { return }
        counts.append(contentsOf: repeatElement(0, count: count * size - counts.count))
        if hasSums { sums.append(contentsOf: repeatElement(0, count: count * size - sums.count)) }
        undecidedCases.append(contentsOf: repeatElement(0, count: count - undecidedCases.count))
    }

    /// Adds an amount to a cell, by its place among all.
    mutating func add(_ amount: Int128, at cell: Int) throws(OperationError) {
        let (sum, overflow) = sums[cell].addingReportingOverflow(amount)
        guard !overflow else { throw .figureTooLarge() }
        sums[cell] = sum
    }

    /// Adds another's sums, whose courts are `courts` here.
    mutating func add(_ other: FormTotals, courts: [Int]) throws(OperationError) {
        for (court, target) in courts.enumerated() where court < other.undecidedCases.count {
            undecidedCases[target] += other.undecidedCases[court]
            for place in 0..<size {
                counts[target * size + place] += other.counts[court * size + place]
                if hasSums { try add(other.sums[court * size + place], at: target * size + place) }
            }
        }
    }

    /// Adds a court's sums to another's.
    mutating func add(court: Int, to target: Int) throws(OperationError) {
        for place in 0..<size {
            counts[target * size + place] += counts[court * size + place]
            if hasSums { try add(sums[court * size + place], at: target * size + place) }
        }
    }
}
