import Diagnostics
import RuleEngine
import RuleLanguage
import RulePlan
import SQLGeneration
import Schema

/// What is read of a row with a finding: its key, its court, and what messages tell.
struct RowDetails {
    private let plan: TablePlan
    private let court: Int?
    private let options: QualityCheck.Options
    /// In the order in which the statement gives them.
    private(set) var list: [TableJudgement.Detail] = []

    init(_ plan: TablePlan, court: Int?, options: QualityCheck.Options) {
        self.plan = plan
        self.court = court
        self.options = options
        for column in keyColumns { add(.text(column)) }
        if let court { add(.step(court)) }
    }

    private var keyColumns: [Int] { plan.table.key.compactMap { plan.table.columnIndex($0) } }

    mutating func add(_ detail: TableJudgement.Detail) {
        if !list.contains(detail) { list.append(detail) }
    }

    mutating func add(_ part: MessageTemplate.Part) {
        switch part {
        case .literal: break
        case .column(let column): add(.text(column))
        case .step(let step, _): add(.step(step))
        }
    }

    func text(_ detail: TableJudgement.Detail, _ texts: [String?]) -> String? {
        list.firstIndex(of: detail).flatMap { texts[$0] }
    }

    /// A value as it was read, masked where it tells of a person.
    private func shown(_ column: Int, _ texts: [String?]) -> String? {
        guard let text = text(.text(column), texts) else { return nil }
        guard let kind = plan.table.columns[column].personal, !options.revealsPersonal else { return text }
        return FindingText.masked(text, kind)
    }

    func isExcepted(_ texts: [String?], by exceptions: [RuleDefinition.Exception]) -> Bool {
        let key = keyColumns.map { text(.text($0), texts) }
        return exceptions.contains { $0.key.elementsEqual(key) { $0 == $1 } }
    }

    func message(_ rule: CompiledRule, _ texts: [String?]) -> String {
        guard let template = rule.message else { return rule.definition.title ?? rule.definition.id }
        return template.parts.map { part in
            switch part {
            case .literal(let text): return text
            case .column(let column): return shown(column, texts) ?? ""
            case .step(let step, let kind):
                let text = text(.step(step), texts) ?? ""
                guard let kind, !options.revealsPersonal else { return text }
                return FindingText.masked(text, kind)
            }
        }.joined()
    }

    /// Keeps a finding about the row.
    func append(
        number: String?, _ texts: [String?], message: String, to source: Int, of collector: FindingCollector
    ) throws {
        try collector.append(
            row: number.flatMap { Int($0) } ?? 0, key: FindingText.key(keyColumns.map { shown($0, texts) }),
            court: court.flatMap { text(.step($0), texts) }, message: message, to: source)
    }
}
