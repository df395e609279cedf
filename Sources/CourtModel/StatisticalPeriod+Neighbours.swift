public import Columnar

/// The periods that rules and pipelines name relative to another: 上期, 上年同期, previous-month.
extension StatisticalPeriod {
    /// 上期: the period of the same kind just before; for year to date, up to the month before (none in January).
    public var previous: StatisticalPeriod? {
        switch kind {
        case .month, .month20: shifted(months: -1)
        case .quarter: shifted(months: -3)
        case .half: shifted(months: -6)
        case .year: shifted(months: -12)
        case .yearToDate: lastDay.yearMonthDay.month == 1 ? nil : shifted(months: -1)
        }
    }

    /// 上年同期: the same period a year before.
    public var samePeriodLastYear: StatisticalPeriod? { shifted(months: -12) }

    /// The words of pipeline files: `previous-month`, `this-month`, `previous-quarter`, `previous-year`.
    ///
    /// - Parameter today: the day in Asia/Shanghai.
    public init?(relative word: String, today: CivilDate) {
        let (year, month, _) = today.yearMonthDay
        let thisMonth = StatisticalPeriod(Self.monthLabel(year: year, month: month))
        let found: StatisticalPeriod?
        switch word {
        case "this-month": found = thisMonth
        case "previous-month": found = thisMonth?.previous
        case "previous-quarter": found = StatisticalPeriod("\(Self.padded(year, 4))Q\((month + 2) / 3)")?.previous
        case "previous-year": found = StatisticalPeriod(Self.padded(year - 1, 4))
        default: found = nil
        }
        guard let found else { return nil }
        self = found
    }

    private func shifted(months: Int) -> StatisticalPeriod? {
        // The last month names every kind; its first day moves without clamping.
        let (lastYear, lastMonth, _) = lastDay.yearMonthDay
        guard let moved = CivilDate(year: lastYear, month: lastMonth, day: 1)?.adding(months: months) else {
            return nil
        }
        let (year, month, _) = moved.yearMonthDay
        let label =
            switch kind {
            case .month: Self.monthLabel(year: year, month: month)
            case .month20: Self.monthLabel(year: year, month: month) + "@20"
            case .yearToDate: Self.monthLabel(year: year, month: month) + "ytd"
            case .quarter: "\(Self.padded(year, 4))Q\((month + 2) / 3)"
            case .half: "\(Self.padded(year, 4))H\((month + 5) / 6)"
            case .year: Self.padded(year, 4)
            }
        return StatisticalPeriod(label)
    }

    private static func monthLabel(year: Int, month: Int) -> String { "\(padded(year, 4))-\(padded(month, 2))" }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
