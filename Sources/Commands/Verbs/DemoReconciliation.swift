import Definitions
import Demonstration
import Diagnostics
import RowReconciliation
import RuleEngine
import RuleLanguage
import Schema

/// The demonstration's last step: every trial database against the library, row by row (逐行比对).
///
/// The library has to lack the rows that it set aside, and to have those once that came twice; nothing else may differ.
struct DemoReconciliation {
    /// Databases that were compared.
    private(set) var sources = 0
    private(set) var differences = 0
    private(set) var missing: [DemoSummary.Item] = []
    private(set) var unexpected: [DemoSummary.Item] = []

    private static let caseTable = "anjian"

    /// - Parameter truth: what was planted.
    init(_ schema: StandardSchema, truth: [TruthItem], session: Session) throws {
        guard let table = schema.table(Self.caseTable), let courtColumn = table.courtPath else { return }
        for file in try FileNames.expand(["sources/*.yaml"], what: LocalizedText(en: "source", zh: "来源定义")) {
            let source = try DefinitionLoader.loadSource(file: file, schema: schema)
            guard let court = source.court else { continue }
            let filter = try RowPlan.filter(
                ExpressionText("\(courtColumn) = '\(court)'"), table: table, schema: schema)
            let sides = RowSides(table: table, schema: schema, library: try .none, session: session)
            var found: Set<String> = []
            try sides.withMapped(file, at: nil, connections: 1) { left, codes in
                let right = try sides.side("library", .right)
                let plan = try RowPlan(
                    table: table, schema: schema, filter: filter, left: left.columns, right: right.columns)
                _ = try RowComparison(plan, codes: codes).run(left, right) { difference in
                    let key = FindingText.key(difference.key)
                    if difference.kind == .missingRight && difference.cause == .quarantined
                        || difference.kind == .duplicate && difference.rightRows == 1
                    {
                        found.insert(key)
                    } else {
                        unexpected.append(DemoSummary.Item("difference", difference.kind.rawValue, table.name, key))
                    }
                }
            }
            let planted = Set(
                truth.filter {
                    $0.table == table.name && $0.court == court && [.quarantine, .superseded].contains($0.outcome)
                }.map(\.key))
            sources += 1
            differences += found.count
            missing += planted.subtracting(found).sorted().map { DemoSummary.Item("difference", "", table.name, $0) }
            unexpected += found.subtracting(planted).sorted().map { DemoSummary.Item("difference", "", table.name, $0) }
        }
    }

    var text: LocalizedText {
        LocalizedText(
            en: "\(sources) trial databases against the library, row by row: \(differences) differences of cases, "
                + (missing.isEmpty && unexpected.isEmpty ? "exactly those planted" : "not those planted"),
            zh: "\(sources) 个审判库与标准库逐行比对：案件差异 \(differences) 处，"
                + (missing.isEmpty && unexpected.isEmpty ? "与预埋完全一致" : "与预埋不一致"))
    }
}
