import FormEngine

/// The smallest sets of cells whose change satisfies all checks of a sheet, exactly.
///
/// A set is tried by solving the checks that read its cells, the others fixed. Where that fails, some checks cannot hold
/// together, so every set that succeeds changes one more of their cells: the search goes on with each of these in turn,
/// for sets of one cell, of two, and so on.
struct SmallestChange {
    struct Outcome {
        /// By place the new number, one set after the other, all of the same size; empty when none was found.
        var sets: [[Int: ExactDecimal]] = []
        /// No smaller set than this succeeds.
        var leastSize = 1
        /// Whether the search was ended by its time, or by numbers that need more than 128 bits.
        var isCutShort = false
        /// Whether there are more sets of that size than were kept.
        var hasMore = false
    }

    private let checks: [LinearCheck]
    private let cells: [CellValue]
    /// Digits after the point, by cell.
    private let scales: [Int: Int]
    /// Present numbers in units of their last digit, by cell.
    private let units: [Int: Int128]
    /// Checks by the cells that they read.
    private let readers: [Int: [Int]]
    /// The present weighted sum of each check.
    private let sums: [Fraction]
    /// Checks that do not hold at present.
    let broken: [Int]
    private let deadline: ContinuousClock.Instant
    private var outcome = Outcome()
    private var size = 0
    /// Whether some branch ended because the set was full.
    private var isSizeTheLimit = false

    /// Sets that are kept.
    private static let mostSets = 8

    /// - Parameter cells: of the sheet, by place.
    init(_ checks: [LinearCheck], cells: [CellValue], deadline: ContinuousClock.Instant) throws {
        self.checks = checks
        self.cells = cells
        self.deadline = deadline
        var scales: [Int: Int] = [:]
        var units: [Int: Int128] = [:]
        var readers: [Int: [Int]] = [:]
        var sums: [Fraction] = []
        var broken: [Int] = []
        for (index, check) in checks.enumerated() {
            var sum = Fraction.zero
            for (place, weight) in check.terms {
                let number = cells[place].number ?? .zero
                scales[place] = number.scale
                units[place] = number.unscaled
                readers[place, default: []].append(index)
                sum = try sum.adding(try weight.multiplied(by: try Fraction(number)))
            }
            sums.append(sum)
            let isLow = try check.lower.map { bound throws in try sum.isLess(than: bound) } ?? false
            let isHigh = try check.upper.map { bound throws in try bound.isLess(than: sum) } ?? false
            if isLow || isHigh { broken.append(index) }
        }
        (self.scales, self.units, self.readers, self.sums, self.broken) = (scales, units, readers, sums, broken)
    }

    mutating func search() -> Outcome {
        guard !broken.isEmpty else { return outcome }
        repeat {
            size += 1
            outcome.leastSize = size
            isSizeTheLimit = false
            extend([], without: [])
        } while outcome.sets.isEmpty && isSizeTheLimit && !outcome.isCutShort
        return outcome
    }

    /// Tries a set, then each that has one cell more.
    private mutating func extend(_ set: [Int], without excluded: Set<Int>) {
        guard !outcome.hasMore else { return }
        guard ContinuousClock.now < deadline else {
            outcome.isCutShort = true
            return
        }
        let contradiction: Set<Int>
        do {
            switch try solve(set, without: excluded) {
            case .satisfied(let values):
                guard outcome.sets.count < Self.mostSets else {
                    outcome.hasMore = true
                    return
                }
                outcome.sets.append(
                    Dictionary(
                        uniqueKeysWithValues: zip(set, values).map { place, value in
                            (place, ExactDecimal(unscaled: value, scale: scales[place] ?? 0))
                        }))
                return
            case .contradiction(let found): contradiction = found
            }
        } catch {
            // Nothing is known of this set, so that smaller ones cannot be ruled out.
            outcome.isCutShort = true
            return
        }
        let candidates = Set(contradiction.flatMap { checks[$0].terms.map(\.place) })
            .subtracting(excluded).subtracting(set)
        guard !candidates.isEmpty else { return }
        guard set.count < size, leastChanges(beside: set, without: excluded) <= size - set.count else {
            isSizeTheLimit = true
            return
        }
        // Cells that more broken checks read are the likelier ones.
        let isBroken = Set(broken)
        let ordered = candidates.map { place in (place, readers[place]?.count { isBroken.contains($0) } ?? 0) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        var excluded = excluded
        for (place, _) in ordered {
            extend(set + [place], without: excluded)
            excluded.insert(place)
        }
    }

    private func solve(_ set: [Int], without excluded: Set<Int>) throws -> LinearSystem.Answer {
        let chosen = Set(set)
        // A broken check that reads none of the cells stays broken; the one with the fewest cells leaves least to try.
        let untouched = broken.filter { index in !checks[index].terms.contains { chosen.contains($0.place) } }
        func freedom(_ index: Int) -> Int { checks[index].terms.count { !excluded.contains($0.place) } }
        if let hardest = untouched.min(by: { freedom($0) < freedom($1) }) { return .contradiction([hardest]) }
        let touched = Set(set.flatMap { readers[$0] ?? [] }).sorted()
        let places = Dictionary(uniqueKeysWithValues: set.enumerated().map { ($1, $0) })
        var constraints: [LinearSystem.Constraint] = []
        for index in touched {
            var coefficients = Array(repeating: Fraction.zero, count: set.count)
            // What the cells that stay as they are add to the sum.
            var rest = sums[index]
            for (place, weight) in checks[index].terms {
                guard let variable = places[place] else { continue }
                let unit = try Fraction(1, over: try Fraction.power(scales[place] ?? 0))
                coefficients[variable] = try weight.multiplied(by: unit)
                rest = try rest.subtracting(
                    try coefficients[variable].multiplied(by: Fraction(units[place] ?? 0)))
            }
            constraints.append(
                LinearSystem.Constraint(
                    coefficients: coefficients,
                    lower: try checks[index].lower.map { bound throws in try bound.subtracting(rest) },
                    upper: try checks[index].upper.map { bound throws in try bound.subtracting(rest) }))
        }
        let start = set.map { Fraction(units[$0] ?? 0) }
        // A count is not made negative to satisfy a rule.
        let system = try LinearSystem(
            constraints, start: start, minimum: start.map { $0.isNegative ? nil : Fraction.zero })
        switch try system.integers() {
        case .satisfied(let values): return .satisfied(values)
        case .contradiction(let rows): return .contradiction(Set(rows.map { touched[$0] }))
        }
    }

    /// At least so many cells more: broken checks without a cell in common each need one of their own.
    private func leastChanges(beside set: [Int], without excluded: Set<Int>) -> Int {
        let chosen = Set(set)
        var used: Set<Int> = []
        var count = 0
        for index in broken {
            let places = checks[index].terms.map(\.place)
            guard !places.contains(where: chosen.contains) else { continue }
            let open = places.filter { !excluded.contains($0) }
            guard !open.contains(where: used.contains) else { continue }
            used.formUnion(open)
            count += 1
        }
        return count
    }
}
