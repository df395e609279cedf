/// What stands in a cell of a report form: nothing was reported, it was left blank, or a number.
public enum CellValue: Sendable, Hashable {
    /// 未报: the cell is not in the source at all.
    case absent
    /// 空白: the cell is there without a value; also a ratio whose divisor is 0.
    case blank
    case number(ExactDecimal)

    public var number: ExactDecimal? {
        if case .number(let value) = self { value } else { nil }
    }
}

/// 报表数: one cell of one form for one court and period.
public struct Figure: Sendable, Hashable {
    /// Codes, except that rows and columns read from elsewhere may be titles until a `FigureTable` places them.
    public var form: String
    public var court: String
    /// The period's label, such as `2026-10`.
    public var period: String
    public var row: String
    public var column: String
    /// 辖区数: of the court's whole jurisdiction.
    public var value: CellValue
    /// 本级数: of the court alone; absent when the source does not tell.
    public var own: CellValue

    public init(
        form: String, court: String, period: String, row: String, column: String, value: CellValue,
        own: CellValue = .absent
    ) {
        self.form = form
        self.court = court
        self.period = period
        self.row = row
        self.column = column
        self.value = value
        self.own = own
    }
}
