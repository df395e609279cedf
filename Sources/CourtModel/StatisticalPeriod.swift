public import Columnar

/// 统计周期: a label such as `2026-10`, with its first and last day (both inclusive).
///
/// `2026-10` month · `2026-10@20` 21 September to 20 October · `2026Q3` · `2026H1` · `2026` · `2026-10ytd` year to date.
public struct StatisticalPeriod: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case month
        case month20 = "month-20"
        case quarter
        case half
        case year
        case yearToDate = "year-to-date"
    }

    public let kind: Kind
    public let label: String
    /// 期初.
    public let firstDay: CivilDate
    /// 期末.
    public let lastDay: CivilDate

    /// Nil when the label is of no known kind.
    public init?(_ label: String) {
        let bytes = Array(label.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
            return Int(
                label.utf8.dropFirst(range.lowerBound).prefix(range.count).map { Int($0) - 48 }.reduce(0) {
                    $0 * 10 + $1
                })
        }
        guard let year = number(0..<4), year >= 1 else { return nil }
        let rest = label.utf8.count > 4 ? String(label.dropFirst(4)) : ""
        func make(_ kind: Kind, _ first: CivilDate?, _ lastMonth: Int) -> (Kind, CivilDate, CivilDate)? {
            guard let first,
                let last = CivilDate(
                    year: year, month: lastMonth, day: CivilDate.lastDay(ofMonth: lastMonth, year: year))
            else { return nil }
            return (kind, first, last)
        }
        let made: (Kind, CivilDate, CivilDate)?
        switch rest {
        case "": made = make(.year, CivilDate(year: year, month: 1, day: 1), 12)
        case "Q1", "Q2", "Q3", "Q4":
            let quarter = Int(bytes[5]) - 48
            made = make(.quarter, CivilDate(year: year, month: quarter * 3 - 2, day: 1), quarter * 3)
        case "H1", "H2":
            let half = Int(bytes[5]) - 48
            made = make(.half, CivilDate(year: year, month: half * 6 - 5, day: 1), half * 6)
        default:
            guard bytes.count >= 7, bytes[4] == 45, let month = number(5..<7), (1...12).contains(month) else {
                return nil
            }
            switch String(label.dropFirst(7)) {
            case "": made = make(.month, CivilDate(year: year, month: month, day: 1), month)
            case "ytd": made = make(.yearToDate, CivilDate(year: year, month: 1, day: 1), month)
            case "@20":
                guard let last = CivilDate(year: year, month: month, day: 20),
                    let first = last.adding(months: -1)?.adding(days: 1)
                else { return nil }
                made = (.month20, first, last)
            default: return nil
            }
        }
        guard let made else { return nil }
        self.label = label
        (kind, firstDay, lastDay) = made
    }

    public func contains(_ date: CivilDate) -> Bool { firstDay <= date && date <= lastDay }
}

extension StatisticalPeriod: CustomStringConvertible {
    public var description: String { label }
}
