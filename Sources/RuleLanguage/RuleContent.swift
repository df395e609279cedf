import Columnar
import Diagnostics
import Schema

/// What a rule says, apart from how it is written: the same for other blanks, full-width punctuation and keywords of the
/// other language, different when the rule would judge otherwise. Titles, messages, examples and the like do not count.
extension RuleSet {
    /// 128 bits of the canonical text, in hexadecimal digits.
    public func contentHash(of rule: RuleDefinition) -> String {
        var fingerprint = Fingerprint()
        fingerprint.mix(canonicalText(of: rule))
        return fingerprint.hexadecimal
    }

    /// One line for each part: what is judged, how, when, and the lets that it uses.
    public func canonicalText(of rule: RuleDefinition) -> String {
        var lines = rule.table.map { ["on \($0)"] } ?? []
        lines += rule.forms.map { "form \($0)" }
        var used: [String] = []
        func expression(_ key: String, _ text: ExpressionText?) {
            guard let text else { return }
            let (canonical, names) = RuleSet.canonical(text)
            lines.append("\(key) \(canonical)")
            used += names
        }
        expression("when", rule.when)
        switch rule.body {
        case .check(let text), .formCheck(let text): expression("check", text)
        case .share(let text):
            if let share = try? Parser.parseShare(text) {
                let sign = share.isPercent ? "%" : ""
                lines.append(
                    "share \(Printer.text(of: share.predicate)) \(share.comparison.rawValue) \(share.limit)\(sign)")
                used += share.predicate.names
            } else {
                lines.append("share \(text.text)")
            }
        case .unique(let columns): lines.append("unique \(columns.joined(separator: ", "))")
        case .depends(let from, let to):
            lines.append("depends \(from.joined(separator: ", ")) -> \(to.joined(separator: ", "))")
        case .rollup(let cells, let along, let own):
            expression("rollup", cells)
            lines.append("along \(along)\(own ? ", own" : "")")
        }
        let options = rule.formOptions
        for (key, value) in [
            ("blank", options.blank), ("absent", options.absent), ("tolerance", options.tolerance),
            ("figures", options.figures), ("from", rule.effectiveFrom?.description),
            ("until", rule.effectiveUntil?.description),
        ] {
            if let value { lines.append("\(key) \(value)") }
        }
        lines += [
            "null \(rule.nullPolicy.rawValue)", "severity \(rule.severity.rawValue)", "action \(rule.action.rawValue)",
        ]
        lines += rule.exceptions.map { exception in
            "except \(exception.key.joined(separator: ", "))\(exception.until.map { " until \($0)" } ?? "")"
        }
        if rule.disabledReason != nil { lines.append("disabled") }
        return (lines + letLines(used, of: rule)).joined(separator: "\n")
    }

    /// The lets that are used, and those which these use, in the order of their names.
    private func letLines(_ used: [String], of rule: RuleDefinition) -> [String] {
        var waiting = used
        var found: [String: String] = [:]
        while let name = waiting.popLast() {
            guard found[name] == nil,
                let definition = lets.first(where: { $0.name == name && $0.file == rule.location?.file })
            else { continue }
            let (canonical, names) = RuleSet.canonical(definition.expression)
            found[name] = "let \(name) on \(definition.table) \(canonical)"
            waiting += names
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    /// A text that cannot be read stands as it is written.
    private static func canonical(_ text: ExpressionText) -> (text: String, names: [String]) {
        guard let syntax = try? Parser.parse(text) else { return (text.text, []) }
        return (Printer.text(of: syntax), syntax.names)
    }
}

extension Syntax {
    /// The bare names in it, which may be those of lets; in the order of the text.
    var names: [String] {
        if case .name(let name) = kind { return [name] }
        return parts.flatMap(\.names)
    }
}
