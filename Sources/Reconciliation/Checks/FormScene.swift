import FormEngine
import RuleLanguage

/// What a machine's lanes stand for: some courts of one period, each with the same run of bindings.
///
/// Lane = place of the court × number of bindings + place of the binding.
struct FormScene {
    let store: FigureStore
    /// Numbers of the periods that a cell may name.
    let periods: FormPeriods
    /// By court number: those directly below, -1 for one without any figure.
    let children: [[Int]]
    var usesOwn = false
    var courts: ArraySlice<Int> = []
    var bindings: Range<Int> = 0..<0

    var laneCount: Int { courts.count * bindings.count }
}

/// The periods that the cells of a rule mean, seen from the one that is judged.
struct FormPeriods {
    enum Place: Equatable {
        case number(Int)
        /// No figures of that period.
        case absent
        /// The period's label is opaque, or out of the calendar: nobody knows which period is meant.
        case unknown
    }

    let current: Int
    let previous: Place
    let samePeriodLastYear: Place
    let store: FigureStore

    func place(_ period: CellPeriod) -> Place {
        switch period {
        case .current: .number(current)
        case .previous: previous
        case .samePeriodLastYear: samePeriodLastYear
        case .label(let label): store.periodNames.find(label).map(Place.number) ?? .absent
        }
    }
}
