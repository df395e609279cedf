import Columnar
import CourtModel

/// The periods that `@ 上期` and `@ 上年同期` mean. An opaque label has no neighbours.
extension StatisticalPeriod {
    /// 上期: the period of the same kind just before; for year-to-date the one that ends a month earlier.
    var previous: StatisticalPeriod? {
        let year = self.lastDay.yearMonthDay.year
        let month = self.lastDay.yearMonthDay.month
        func monthLabel(_ suffix: String) -> String {
            month == 1
                ? Self.label(year - 1, "-12\(suffix)") : Self.label(year, "-\(Self.twoDigits(month - 1))\(suffix)")
        }
        switch kind {
        case .month: return StatisticalPeriod(monthLabel(""))
        case .month20: return StatisticalPeriod(monthLabel("@20"))
        case .yearToDate: return StatisticalPeriod(monthLabel("ytd"))
        case .quarter:
            let quarter = (month + 2) / 3
            return StatisticalPeriod(
                quarter == 1 ? Self.label(year - 1, "Q4") : Self.label(year, "Q\(quarter - 1)"))
        case .half: return StatisticalPeriod(month <= 6 ? Self.label(year - 1, "H2") : Self.label(year, "H1"))
        case .year: return StatisticalPeriod(Self.label(year - 1, ""))
        }
    }

    /// 上年同期.
    var samePeriodLastYear: StatisticalPeriod? {
        StatisticalPeriod(Self.label(lastDay.yearMonthDay.year - 1, String(label.dropFirst(4))))
    }

    private static func twoDigits(_ month: Int) -> String { month < 10 ? "0\(month)" : String(month) }

    private static func label(_ year: Int, _ rest: String) -> String {
        let digits = String(year)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits + rest
    }
}
