import Columnar
import CourtModel

/// All that is invented for one court, case by case; the same for the same seed, whatever takes the cases.
struct InventedCourt {
    private var inventor: CaseInventor
    private var planter: Planter
    private var counter: FigureCounter
    /// Of the period before; nil when there is none.
    private var counterBefore: FigureCounter?
    private var nextIndex = 0
    private let caseCount: Int
    /// Rows so far, by table of the standard.
    private(set) var rows: [String: Int] = [:]
    /// The second instances so far, by case type, in the order of filing.
    private(set) var secondInstances: [String: [SecondInstance]] = [:]

    init(
        _ court: CourtRow, index: Int, of courts: [CourtRow], layout: VendorLayout, _ options: DemonstrationOptions,
        above: [String: [SecondInstance]]
    ) {
        let period = options.period
        caseCount = options.cases / courts.count + (index < options.cases % courts.count ? 1 : 0)
        let firstDay = period.firstDay.adding(months: 1 - Demonstration.months) ?? period.firstDay
        var random = RandomSource(seed: options.seed, part: index)
        let kinds = Self.kinds(
            court: index, of: courts.count, layout: layout, isUpper: court.level != "基层", caseCount: caseCount,
            random: &random)
        inventor = CaseInventor(
            court: court, isUpper: court.level != "基层", firstDay: firstDay, lastDay: period.lastDay,
            caseCount: caseCount, secondInstances: above, random: random)
        planter = Planter(court: court, layout: layout, period: period, kinds: kinds, caseCount: caseCount)
        counter = FigureCounter(period: period)
        counterBefore = period.previous.map { FigureCounter(period: $0) }
    }

    var truth: [TruthItem] { planter.truth }
    var figures: [FigureRow] { counter.counts }
    var figuresBefore: [FigureRow]? { counterBefore?.counts }

    /// Nil when the court has all its cases.
    mutating func next() -> PlantedCase? {
        guard nextIndex < caseCount else { return nil }
        let planted = planter.next(nextIndex, from: &inventor)
        nextIndex += 1
        counter.count(planted)
        counterBefore?.count(planted)
        let record = planted.record
        if record.type.hasSuffix("02"), record.type != "1002", !planted.isQuarantined, let number = record.number,
            let filed = record.filed
        {
            // Of two cases with one number the earlier one is meant.
            let isNew = secondInstances[record.type]?.contains { $0.number == number } != true
            if isNew { secondInstances[record.type, default: []].append(SecondInstance(number: number, filed: filed)) }
        }
        rows["anjian", default: 0] += planted.isDoubled ? 2 : 1
        rows["dangshiren", default: 0] += record.parties.count + planted.orphanParties.count
        rows["shenxianbiangeng", default: 0] += record.limitChanges.count + planted.orphanLimitChanges.count
        rows["shangsukangsu", default: 0] += record.appeals.count + planted.orphanAppeals.count
        return planted
    }

    /// What is planted in a court: each kind in every third court, so that every kind is somewhere, and more often
    /// where there are more cases.
    private static func kinds(
        court: Int, of courts: Int, layout: VendorLayout, isUpper: Bool, caseCount: Int, random: inout RandomSource
    ) -> [PlantedKind] {
        var settled: [PlantedKind] = []
        var atPeriod: [PlantedKind] = []
        for (index, kind) in PlantedKind.allCases.enumerated() where kind.isPossible(in: layout) {
            switch kind {
            // Only an upper court hears second instances; the form is to break at one court alone.
            case .secondInstanceUpheld: if isUpper { settled.append(kind) }
            case .closedBeforeFiledAcrossPeriod: if court == min(1, courts - 1) { atPeriod.append(kind) }
            default:
                guard courts < 6 || (index + court) % 3 == 0 else { continue }
                if kind.isAtPeriod { atPeriod.append(kind) } else { settled.append(kind) }
            }
        }
        let rounds = max(1, caseCount / 2000)
        var planned: [PlantedKind] = []
        for _ in 0..<rounds {
            var round = settled
            for index in round.indices.reversed() { round.swapAt(index, random.below(index + 1)) }
            planned += round
        }
        return planned + atPeriod
    }
}
