public import Diagnostics

/// What a roll-up that does not hold looks like: a known mistake, or none.
///
/// A suspicion from the numbers alone, not the truth: the pattern is named only when it accounts for every cell of the
/// sheet, those that agree among them.
public struct RollUpExplanation: Sendable, Hashable {
    public enum Pattern: String, Sendable, CaseIterable {
        /// A court below was left out of the sum.
        case omittedCourt = "omitted-court"
        /// A court below was added twice.
        case doubledCourt = "doubled-court"
        /// Two figures of the upper court stand in each other's place.
        case swappedFigures = "swapped-figures"
        /// Two neighbouring digits of a figure stand in each other's place.
        case swappedDigits = "swapped-digits"
        /// A unit of ten thousand (万) against one.
        case tenThousand = "ten-thousand"
        /// The figures of rows stand one column beside.
        case shiftedColumns = "shifted-columns"
        /// The sheet is that of the period before.
        case stale
        case none
    }

    public var rule: String
    public var form: String
    public var court: String
    public var period: String
    public var pattern: Pattern
    /// The courts below at which the pattern points, several when it fits each of them; empty: the upper court itself.
    public var courts: [String]
    /// Codes of rows and columns that do not add up.
    public var cells: [Cell]
    /// 归因 of each of those cells that could be split over the courts, in their order.
    public var attributions: [RollUpAttribution] = []
    /// Why the first of the others could not.
    public var obstacle: RollUpAttribution.Obstacle?

    public struct Cell: Sendable, Hashable {
        public var row: String
        public var column: String

        public init(row: String, column: String) {
            self.row = row
            self.column = column
        }
    }

    public var message: LocalizedText {
        let place = LocalizedText(
            en: "\(form) of \(court) in \(period): \(cells.count) cells do not add up; ",
            zh: "\(court) \(period) 的报表\(form)有 \(cells.count) 格与下级之和不符；")
        let (en, zh) = (courts.joined(separator: " or "), courts.joined(separator: "或"))
        let cause =
            switch pattern {
            case .omittedCourt: LocalizedText(en: "it looks as if \(en) was left out", zh: "疑似漏加\(zh)")
            case .doubledCourt: LocalizedText(en: "it looks as if \(en) was added twice", zh: "疑似重复加了\(zh)")
            case .swappedFigures: LocalizedText(en: "two figures look exchanged", zh: "疑似两个数字互换了位置")
            case .swappedDigits: LocalizedText(en: "two digits of a figure look exchanged", zh: "疑似数字内相邻两位颠倒")
            case .tenThousand where courts.isEmpty:
                LocalizedText(en: "the figures look given in another unit (ten thousand)", zh: "疑似单位相差一万（万与个）")
            case .tenThousand:
                LocalizedText(
                    en: "the figures of \(en) look given in another unit (ten thousand)", zh: "\(zh)的数字疑似单位相差一万（万与个）")
            case .shiftedColumns where courts.isEmpty:
                LocalizedText(en: "the figures look shifted by a column", zh: "疑似数字错了一栏")
            case .shiftedColumns:
                LocalizedText(en: "the figures of \(en) look shifted by a column", zh: "\(zh)的数字疑似错了一栏")
            case .stale where courts.isEmpty:
                LocalizedText(en: "the figures are those of the period before", zh: "疑似误用上期数字")
            case .stale:
                LocalizedText(
                    en: "it looks as if \(en) was added with the figures of the period before", zh: "疑似\(zh)按上期数字计入")
            case .none: LocalizedText(en: "this follows no known pattern", zh: "不符合任何已知的差错模式")
            }
        return LocalizedText(en: place.en + cause.en, zh: place.zh + cause.zh)
    }
}
