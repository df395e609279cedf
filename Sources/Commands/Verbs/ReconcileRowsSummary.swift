import Diagnostics
import RowReconciliation
import Schema

/// `reconcile rows --json`.
struct RowsSummary: Encodable {
    struct Side: Encodable {
        /// `left`, `right`, or as `--side` calls it.
        var name: String
        var kind: String
        var place: String
        /// When the state that was compared was the current one, UTC.
        var time: String
        /// When the oldest of what was compared was, in a run that was gone on with.
        var since: String?
        var rows: Int
        var hashing: String
    }

    struct Column: Encodable {
        struct Pair: Encodable {
            @Nullable var left: String?
            @Nullable var right: String?
            var rows: Int
        }

        var column: String
        var title: String
        var differing: Int
        var causes: [String: Int]
        /// The most frequent pairs of values; none for columns that tell of persons, unless they are revealed.
        var pairs: [Pair]
    }

    struct Group: Encodable {
        var values: [String?]
        var differences: Int
    }

    struct LeftOut: Encodable {
        var column: String
        var side: String
    }

    var format = "sitong.reconcile-rows/1"
    var table: String
    var key: [String]
    var columns: [String]
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var not_compared: [LeftOut]
    var left: Side
    var right: Side
    var seconds: Double
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var cpu_seconds = ResourceUse.cpuSeconds
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var peak_memory_bytes = ResourceUse.peakMemoryBytes
    var buckets: Int
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var differing_buckets: Int
    var streamed: Bool
    var differences: Int
    var unexplained: Int
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var by_kind: [String: Int]
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var by_cause: [String: Int]
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var by_column: [Column]
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var group_columns: [String]
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var by_group: [Group]
    var revealed: Bool
    var status: Int32

    private static let shownPairs = 5

    var exitStatus: ExitStatus { unexplained == 0 ? .ok : .findings }

    init(
        _ plan: RowPlan, _ left: NamedRowSide, _ right: NamedRowSide, _ result: RowComparisonResult, reveal: Bool,
        seconds: Double
    ) {
        table = plan.table.name
        key = plan.key.map { plan.table.columns[$0].name }
        columns = plan.columns.map { plan.table.columns[$0].name }
        not_compared = plan.leftOut.map { LeftOut(column: $0.column, side: $0.side.rawValue) }
        self.left = Side(left, rows: result.leftRows)
        self.right = Side(right, rows: result.rightRows)
        self.seconds = seconds
        buckets = result.buckets
        differing_buckets = result.differingBuckets
        streamed = result.isStreamed
        differences = result.differences
        unexplained = result.unexplained
        by_kind = Dictionary(uniqueKeysWithValues: result.kinds.map { ($0.key.rawValue, $0.value) })
        by_cause = Dictionary(uniqueKeysWithValues: result.causes.map { ($0.key.rawValue, $0.value) })
        by_column = plan.columns.compactMap { index in
            let definition = plan.table.columns[index]
            guard let column = result.columns[definition.name] else { return nil }
            let isShown = definition.personal == nil || reveal
            let pairs = column.pairs.sorted { a, b in
                a.value != b.value
                    ? a.value > b.value : (a.key.left ?? "", a.key.right ?? "") < (b.key.left ?? "", b.key.right ?? "")
            }
            return Column(
                column: definition.name, title: definition.title, differing: column.differing,
                causes: Dictionary(uniqueKeysWithValues: column.causes.map { ($0.key.rawValue, $0.value) }),
                pairs: isShown
                    ? pairs.prefix(Self.shownPairs).map {
                        Column.Pair(left: $0.key.left, right: $0.key.right, rows: $0.value)
                    } : [])
        }
        group_columns = result.groupNames
        let grouping = result.groupNames.map { plan.table.column($0) }
        by_group = result.groups
            .map { values, differences in
                let shown = zip(values, grouping).map { RowOutput.shown($0, $1, reveal: reveal) }
                return Group(values: shown, differences: differences)
            }
            .sorted { a, b in
                a.differences != b.differences
                    ? a.differences > b.differences
                    : a.values.map { $0 ?? "" }.lexicographicallyPrecedes(b.values.map { $0 ?? "" })
            }
        revealed = reveal
        status = unexplained == 0 ? ExitStatus.ok.rawValue : ExitStatus.findings.rawValue
    }

    var text: LocalizedText {
        let rows = (Format.count(left.rows), Format.count(right.rows))
        var en = [
            "\(table): \(rows.0) rows left, \(rows.1) right, \(Format.count(differences)) differ, "
                + "\(Format.count(unexplained)) unexplained, \(Format.seconds(seconds))"
        ]
        var zh = [
            "\(table)：左侧 \(rows.0) 行，右侧 \(rows.1) 行，差异 \(Format.count(differences)) 处，"
                + "其中原因不明 \(Format.count(unexplained)) 处，用时 \(Format.seconds(seconds))"
        ]
        for side in [left, right] {
            en.append("  \(side.name): \(side.kind) \(side.place) as of \(side.time)")
            zh.append(
                "  \(RowSideName(rawValue: side.name).title.zh)：\(side.kind) \(side.place)，截至 \(side.time)")
        }
        for (kind, count) in by_kind.sorted(by: { $0.key < $1.key }) {
            en.append("\(Format.padded(count, 10))  \(kind)")
            zh.append("\(Format.padded(count, 10))  \(RowDifference.Kind(rawValue: kind)?.title.zh ?? kind)")
        }
        for column in by_column {
            let causes = column.causes.sorted { $0.key < $1.key }
            en.append(
                "\(Format.padded(column.differing, 10))  \(column.column): "
                    + causes.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
            zh.append(
                "\(Format.padded(column.differing, 10))  \(column.title)："
                    + causes.map { "\(DifferenceCause(rawValue: $0.key)?.title.zh ?? $0.key) \($0.value)" }
                    .joined(separator: "，"))
        }
        return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
    }
}

extension RowsSummary.Side {
    init(_ named: NamedRowSide, rows: Int) {
        name = named.name.rawValue
        let side = named.side
        kind = side.kind
        place = side.place
        time = side.time
        since = side.since
        hashing = side.hashing
        self.rows = rows
    }
}

extension RowDifference.Kind {
    var title: LocalizedText {
        switch self {
        case .missingLeft: LocalizedText(en: rawValue, zh: "左侧缺失")
        case .missingRight: LocalizedText(en: rawValue, zh: "右侧缺失")
        case .changed: LocalizedText(en: rawValue, zh: "内容不同")
        case .duplicate: LocalizedText(en: rawValue, zh: "主键重复")
        }
    }
}

extension DifferenceCause {
    var title: LocalizedText {
        switch self {
        case .nullAgainstEmpty: LocalizedText(en: rawValue, zh: "空值与空文本")
        case .trailingBlank: LocalizedText(en: rawValue, zh: "末尾空格")
        case .width: LocalizedText(en: rawValue, zh: "全角半角")
        case .precision: LocalizedText(en: rawValue, zh: "精度")
        case .timeZone: LocalizedText(en: rawValue, zh: "时区")
        case .timeCut: LocalizedText(en: rawValue, zh: "时间被截去")
        case .encoding: LocalizedText(en: rawValue, zh: "编码")
        case .sameCode: LocalizedText(en: rawValue, zh: "同义代码")
        case .keyChurn: LocalizedText(en: rawValue, zh: "主键变更")
        case .stale: LocalizedText(en: rawValue, zh: "旧版本")
        case .quarantined: LocalizedText(en: rawValue, zh: "隔离中")
        case .inFlight: LocalizedText(en: rawValue, zh: "变更途中")
        case .unexplained: LocalizedText(en: rawValue, zh: "原因不明")
        }
    }
}
