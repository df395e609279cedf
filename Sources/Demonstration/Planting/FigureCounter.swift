import Columnar
import CourtModel

/// What form F01 (收结案情况总表) ought to show, counted case by case while they are invented.
///
/// Written apart from the form engine on purpose: it is the other side of the comparison.
struct FigureCounter {
    /// A row of the form and the case types (案件类型) that it counts; nil counts all.
    struct Row {
        var code: String
        var types: Set<String>?
        /// Whether the total is the sum of this row and its like.
        var isFamily: Bool { code.utf8.count == 2 }
    }

    /// Every row that the form has; those of types that the demonstration does not invent stay at nought.
    static let rows: [Row] =
        [
            Row(code: "1", types: nil),
            Row(code: "11", types: ["0201", "0202"]),
            Row(code: "111", types: ["0201"]),
            Row(code: "112", types: ["0202"]),
            Row(code: "12", types: ["0301", "0302"]),
            Row(code: civilFirstInstance, types: ["0301"]),
            Row(code: "122", types: ["0302"]),
            Row(code: "13", types: ["0401", "0402"]),
            Row(code: "131", types: ["0401"]),
            Row(code: "132", types: ["0402"]),
            Row(code: "15", types: ["1002"]),
            Row(code: "151", types: ["1002"]),
        ]
        + [
            "113", "114", "119", "123", "124", "129", "133", "134", "139", "14", "141", "142", "143", "144", "149",
            "152",
            "153", "159", "16", "19",
        ].map { Row(code: $0, types: []) }

    /// The row of civil cases of first instance, where the defects of the form are planted.
    static let civilFirstInstance = "121"

    let period: StatisticalPeriod
    private(set) var counts = [FigureRow](repeating: FigureRow(), count: rows.count)

    init(period: StatisticalPeriod) { self.period = period }

    mutating func count(_ planted: PlantedCase) {
        guard !planted.isQuarantined, planted.record.court != CaseRecord.unknownCode, let filed = planted.record.filed
        else { return }
        let closed = planted.record.closed
        var one = FigureRow()
        if filed < period.firstDay, closed.map({ $0 >= period.firstDay }) ?? true { one.carriedOver = 1 }
        if period.contains(filed) { one.received = 1 }
        if let closed, period.contains(closed) { one.closed = 1 }
        if filed <= period.lastDay, closed.map({ $0 > period.lastDay }) ?? true { one.open = 1 }
        for (index, row) in Self.rows.enumerated() where row.types?.contains(planted.record.type) ?? true {
            counts[index].add(one)
        }
    }
}

/// 旧存, 新收, 已结, 未结 of one row of the form.
struct FigureRow: Equatable {
    var carriedOver = 0
    var received = 0
    var closed = 0
    var open = 0

    static let columns = ["jc", "xs", "yj", "wj", "jal"]

    mutating func add(_ other: FigureRow) {
        carriedOver += other.carriedOver
        received += other.received
        closed += other.closed
        open += other.open
    }

    mutating func add(_ other: FigureRow, times: Int) {
        counts = zip(counts, other.counts).map { $0 + times * $1 }
    }

    mutating func exchangeClosedAndOpen() { (closed, open) = (open, closed) }

    /// 旧存 + 新收 = 已结 + 未结.
    var isBalanced: Bool { carriedOver + received == closed + open }

    /// In the order of `columns`, without the rate.
    var counts: [Int] {
        get { [carriedOver, received, closed, open] }
        set { (carriedOver, received, closed, open) = (newValue[0], newValue[1], newValue[2], newValue[3]) }
    }

    /// As texts in the order of `columns`; the rate is empty when there was nothing to close.
    var texts: [String] { counts.map(String.init) + [rate] }

    /// 结案率: closed of all that were there, in percent with two decimals, half away from zero.
    private var rate: String {
        let all = carriedOver + received
        guard all > 0 else { return "" }
        let hundredths = (closed * 20_000 + all) / (2 * all)
        return "\(hundredths / 100).\(IdentityNumbers.padded(hundredths % 100, 2))"
    }
}
