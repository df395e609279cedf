import ReferenceInterpreter
public import RuleLanguage
import Schema

/// Makes a question on which engines disagree as small as it can while they still do.
struct Shrinker {
    private let disagree: (ProofCase) -> Bool

    /// - Parameter limit: how long it may take; what is smallest by then has to do.
    init(limit: Duration, disagree: @escaping (ProofCase) -> Bool) {
        let end = ContinuousClock.now + limit
        self.disagree = { ContinuousClock.now < end && disagree($0) }
    }

    /// The question has one rule.
    func shrink(_ question: ProofCase) -> ProofCase {
        var best = withoutTables(question)
        if best.period != nil { best = first([with(best) { $0.period = nil }]) ?? best }
        for _ in 0..<6 {
            let before = size(best)
            best = shrinkLets(shrinkRule(shrinkRows(best)))
            best = shrinkLists(shrinkCells(best))
            if size(best) == before { break }
        }
        return best
    }

    private func size(_ question: ProofCase) -> Int {
        question.cells.values.reduce(0) { $0 + $1.reduce(0) { $0 + 1 + $1.count { $0 != nil } } }
            + texts(question.rules.rules[0]).reduce(0) { $0 + $1.utf8.count }
    }

    private func texts(_ rule: RuleDefinition) -> [String] {
        var texts = rule.when.map { [$0.text] } ?? []
        switch rule.body {
        case .check(let text), .share(let text): texts.append(text.text)
        case .unique(let names): texts += names
        case .depends(let from, let to): texts += from + to
        default: break
        }
        return texts
    }

    private func first(_ candidates: some Sequence<ProofCase>) -> ProofCase? {
        candidates.first { disagree($0) }
    }

    private func with(_ question: ProofCase, _ change: (inout ProofCase) -> Void) -> ProofCase {
        var changed = question
        change(&changed)
        return changed
    }

    private func withoutTables(_ question: ProofCase) -> ProofCase {
        var best = question
        for table in question.cells.keys.sorted() {
            let smaller = with(best) { $0.cells[table] = [] }
            if disagree(smaller) { best = smaller }
        }
        return best
    }

    // MARK: - Rows

    private func shrinkRows(_ question: ProofCase) -> ProofCase {
        var best = question
        for table in best.cells.keys.sorted() {
            var piece = max(1, (best.cells[table]?.count ?? 0) / 2)
            while piece >= 1 {
                var start = 0
                while start < best.cells[table]?.count ?? 0 {
                    let smaller = with(best) { changed in
                        let count = changed.cells[table]?.count ?? 0
                        changed.cells[table]?.removeSubrange(start..<min(count, start + piece))
                    }
                    if disagree(smaller) { best = smaller } else { start += piece }
                }
                piece /= 2
            }
        }
        return best
    }

    private func shrinkCells(_ question: ProofCase) -> ProofCase {
        var best = question
        for table in best.cells.keys.sorted() {
            for row in (best.cells[table] ?? []).indices {
                for column in (best.cells[table]?[row] ?? []).indices where best.cells[table]?[row][column] != nil {
                    let smaller = with(best) { $0.cells[table]?[row][column] = nil }
                    if disagree(smaller) { best = smaller }
                }
            }
        }
        return best
    }

    private func shrinkLists(_ question: ProofCase) -> ProofCase {
        var best = question
        for list in best.schema.codelists.keys.sorted() {
            for index in (best.schema.codelists[list]?.entries ?? []).indices.reversed() {
                let smaller = with(best) { _ = $0.schema.codelists[list]?.entries.remove(at: index) }
                if disagree(smaller) { best = smaller }
            }
        }
        return best
    }

    // MARK: - The rule

    private func shrinkLets(_ question: ProofCase) -> ProofCase {
        var best = question
        for index in best.rules.lets.indices.reversed() {
            let smaller = with(best) { _ = $0.rules.lets.remove(at: index) }
            if disagree(smaller) { best = smaller }
        }
        return best
    }

    private func shrinkRule(_ question: ProofCase) -> ProofCase {
        var best = question
        let simpler: [(inout RuleDefinition) -> Void] = [{ $0.when = nil }, { $0.nullPolicy = .undecided }]
        for change in simpler {
            let smaller = with(best) { change(&$0.rules.rules[0]) }
            if disagree(smaller) { best = smaller }
        }
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for candidate in candidates(best.rules.rules[0]) {
                let smaller = with(best) { $0.rules.rules[0] = candidate }
                guard disagree(smaller) else { continue }
                best = smaller
                isSmaller = true
                break
            }
        }
        return best
    }

    /// The rule with one of its texts made shorter.
    private func candidates(_ rule: RuleDefinition) -> [RuleDefinition] {
        func variants(_ text: ExpressionText, isShare: Bool) -> [String] {
            if isShare {
                guard let share = try? Parser.parseShare(text) else { return [] }
                let limit = "\(share.comparison.rawValue) \(share.limit)\(share.isPercent ? "%" : "")"
                return share.predicate.smaller.map { "(\(Printer.text(of: $0))) \(limit)" }
            }
            guard let syntax = try? Parser.parse(text) else { return [] }
            return syntax.smaller.map { Printer.text(of: $0) }
        }
        var result: [RuleDefinition] = []
        func add(_ change: (inout RuleDefinition) -> Void) {
            var changed = rule
            change(&changed)
            if texts(changed).reduce(0, { $0 + $1.utf8.count }) < texts(rule).reduce(0, { $0 + $1.utf8.count }) {
                result.append(changed)
            }
        }
        switch rule.body {
        case .check(let text):
            for variant in variants(text, isShare: false) { add { $0.body = .check(ExpressionText(variant)) } }
        case .share(let text):
            for variant in variants(text, isShare: true) { add { $0.body = .share(ExpressionText(variant)) } }
        case .unique(let names):
            for index in names.indices where names.count > 1 {
                add { $0.body = .unique(Array(names[..<index] + names[(index + 1)...])) }
            }
        case .depends(let from, let to):
            for index in from.indices where from.count > 1 {
                add { $0.body = .depends(from: Array(from[..<index] + from[(index + 1)...]), to: to) }
            }
            for index in to.indices where to.count > 1 {
                add { $0.body = .depends(from: from, to: Array(to[..<index] + to[(index + 1)...])) }
            }
        default: break
        }
        if let when = rule.when {
            for variant in variants(when, isShare: false) { add { $0.when = ExpressionText(variant) } }
        }
        return result
    }
}

extension Syntax {
    /// Its direct parts; inside `where` names mean something else, so conditions are not among them.
    public var parts: [Syntax] {
        switch kind {
        case .call(_, let parts), .and(let parts), .or(let parts): parts
        case .negate(let part), .not(let part), .isNull(let part), .matches(let part, _): [part]
        case .member(let part, .codelist(_, let by, _)): [part] + (by.map { [$0] } ?? [])
        case .member(let part, _): [part]
        case .arithmetic(_, let left, let right), .compare(_, let left, let right): [left, right]
        case .between(let value, let low, let high): [value, low, high]
        case .conditional(let condition, let first, let second): [condition, first] + (second.map { [$0] } ?? [])
        default: []
        }
    }

    /// The same with other parts.
    public func replacing(_ index: Int, with part: Syntax) -> Syntax {
        var all = parts
        all[index] = part
        let kind: Kind =
            switch self.kind {
            case .call(let name, _): .call(name, all)
            case .and: .and(all)
            case .or: .or(all)
            case .negate: .negate(all[0])
            case .not: .not(all[0])
            case .isNull: .isNull(all[0])
            case .matches(_, let pattern): .matches(all[0], pattern: pattern)
            case .member(_, .codelist(let name, let by, let under)):
                .member(all[0], of: .codelist(name, by: by == nil ? nil : all[1], under: under))
            case .member(_, let set): .member(all[0], of: set)
            case .arithmetic(let operation, _, _): .arithmetic(operation, all[0], all[1])
            case .compare(let comparison, _, _): .compare(comparison, all[0], all[1])
            case .between: .between(all[0], all[1], all[2])
            case .conditional(_, _, let second):
                .conditional(all[0], then: all[1], otherwise: second == nil ? nil : all[2])
            default: self.kind
            }
        return Syntax(kind, at: offset)
    }

    /// Simpler expressions: one of its parts for the whole, a part made smaller, a part left out, a literal for it.
    var smaller: [Syntax] {
        var result = parts
        switch kind {
        case .and(let all), .or(let all):
            for index in all.indices where all.count > 2 {
                let rest = Array(all[..<index] + all[(index + 1)...])
                if case .and = kind {
                    result.append(Syntax(.and(rest), at: 0))
                } else {
                    result.append(Syntax(.or(rest), at: 0))
                }
            }
        case .call(let name, let all) where ["coalesce", "min", "max"].contains(name):
            for index in all.indices where all.count > 2 {
                result.append(Syntax(.call(name, Array(all[..<index] + all[(index + 1)...])), at: 0))
            }
        case .conditional(let condition, let first, .some):
            result.append(Syntax(.conditional(condition, then: first, otherwise: nil), at: 0))
        case .member(let part, .codelist(let name, let by, let under)):
            if by != nil { result.append(Syntax(.member(part, of: .codelist(name, by: nil, under: under)), at: 0)) }
            if under != nil { result.append(Syntax(.member(part, of: .codelist(name, by: by, under: nil)), at: 0)) }
        case .member(let part, .literals(let all)):
            for index in all.indices where all.count > 1 {
                result.append(Syntax(.member(part, of: .literals(Array(all[..<index] + all[(index + 1)...]))), at: 0))
            }
        case .aggregate(let function, let relation, let column, let condition?):
            result.append(Syntax(.aggregate(function, relation: relation, column: column, condition: nil), at: 0))
            for smaller in condition.smaller {
                result.append(
                    Syntax(.aggregate(function, relation: relation, column: column, condition: smaller), at: 0))
            }
        default: break
        }
        for (index, part) in parts.enumerated() {
            for smaller in part.smaller { result.append(replacing(index, with: smaller)) }
            for literal: Kind in [
                .null, .bool(true), .bool(false), .number("0"), .number("1"), .string(""), .string("a"),
            ]
            where part.kind != literal {
                result.append(replacing(index, with: Syntax(literal, at: 0)))
            }
        }
        return result
    }
}
