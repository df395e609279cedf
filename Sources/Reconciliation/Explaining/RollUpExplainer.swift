public import FormEngine
import RuleLanguage
import Schema

extension FormRuleCheck {
    /// What each roll-up that does not hold looks like, and who caused it, a sheet (rule, form, period, court) at a time,
    /// in the order of the findings.
    ///
    /// - Parameters:
    ///   - findings: of `judge`, over the same figures; those of other rules are left alone.
    ///   - library: what the library yields, made with the same forms; nil when it is not there.
    ///   - jurisdictions: as in `judge`.
    public func explain(
        _ findings: [FormFinding], _ figures: FigureStore, library: FigureStore? = nil,
        jurisdictions: (_ hierarchy: String?, _ period: String) -> Jurisdictions
    ) -> [RollUpExplanation] {
        var explanations: [RollUpExplanation] = []
        for rule in compiled {
            guard let rollup = rule.rollup else { continue }
            let form = figures.forms[rule.form]
            let attributor = RollUpAttributor(rule: rule, figures: figures, library: library)
            let own = findings.filter { $0.rule == rule.definition.id && $0.form == form.name }
            for sheet in own.chunked(by: { $0.court == $1.court && $0.period == $1.period }) {
                guard let first = sheet.first, let period = figures.periodNames.find(first.period),
                    let court = figures.courtNames.find(first.court)
                else { continue }
                let children = jurisdictions(rollup.hierarchy, first.period).children(of: first.court)
                let before = FormStage.number(ofPeriodBefore: first.period, figures)
                let sheetOf = RollUpSheetReader(rule: rule, figures: figures)
                let numbers = children.compactMap { figures.courtNames.find($0) }
                guard numbers.count == children.count,
                    let found = sheetOf.sheet(court: court, children: numbers, period: period, before: before)
                else { continue }
                let (pattern, parts) = found.pattern()
                var explanation = RollUpExplanation(
                    rule: first.rule, form: first.form, court: first.court, period: first.period, pattern: pattern,
                    courts: parts.map { children[$0] },
                    cells: sheet.map { RollUpExplanation.Cell(row: $0.row, column: $0.column) })
                for finding in sheet {
                    switch attributor.attribution(of: finding, children: children) {
                    case .success(let attribution): explanation.attributions.append(attribution)
                    case .failure(let obstacle): explanation.obstacle = explanation.obstacle ?? obstacle
                    }
                }
                explanations.append(explanation)
            }
        }
        return explanations
    }
}

/// Reads what a roll-up adds up.
private struct RollUpSheetReader {
    let rule: CompiledFormRule
    let figures: FigureStore

    /// Nil when a court has no sheet, or a sum needs too many digits.
    func sheet(court: Int, children: [Int], period: Int, before: Int?) -> RollUpSheet? {
        guard let actual = numbers(court, period) else { return nil }
        var parts: [[ExactDecimal?]] = []
        var expected: [ExactDecimal?] = actual.map { _ in .zero }
        if rule.rollup?.own ?? false {
            guard let own = numbers(court, period, isOwn: true) else { return nil }
            expected = own
        }
        for child in children {
            guard let part = numbers(child, period) else { return nil }
            for cell in expected.indices {
                guard let sum = expected[cell], let figure = part[cell] else {
                    expected[cell] = nil
                    continue
                }
                guard let total = try? sum.adding(figure) else { return nil }
                expected[cell] = total
            }
            parts.append(part)
        }
        return RollUpSheet(
            columnCount: rule.columnBindings?.count ?? 1, actual: actual, expected: expected, parts: parts,
            actualBefore: before.flatMap { numbers(court, $0) },
            partsBefore: children.map { child in before.flatMap { numbers(child, $0) } })
    }

    /// The figures of the rule's cells; nil when the court has none in the period.
    private func numbers(_ court: Int, _ period: Int, isOwn: Bool = false) -> [ExactDecimal?]? {
        // The last cell of a roll-up's program is the one that is added up; before it come those of `when`.
        guard let cells = rule.program.cells.last,
            let sheet = figures.sheet(form: rule.form, period: period, court: court)
        else { return nil }
        return cells.offsets.map { offset in
            let cell = figures.cell(sheet, Int(offset))
            return (isOwn ? cell.own : cell.value).number
        }
    }
}

extension Array {
    /// Runs of neighbours that belong together.
    fileprivate func chunked(by belongs: (Element, Element) -> Bool) -> [[Element]] {
        reduce(into: []) { runs, element in
            if let last = runs.last?.last, belongs(last, element) {
                runs[runs.count - 1].append(element)
            } else {
                runs.append([element])
            }
        }
    }
}
