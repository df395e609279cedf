import Columnar
import RuleLanguage
import Schema

/// `in`: literals and code lists, and the attributes of codes. Lists stand in the statement as arrays, which the server
/// hashes, and as objects of JSON, which it searches by halves.
extension RowTerms {
    func memberOf(_ set: LiteralSet, _ operand: SQLTerm) -> SQLTerm {
        switch set {
        case .texts(let texts): return member(operand, of: texts.map { .text($0.string) })
        case .numbers(let values, let scale):
            let type = ExpressionType.number(precision: 38, scale: scale)
            return member(operand, of: values.map { SQLTerm.number($0, type).value })
        case .words(let words):
            if operand.type == .boolean { return member(operand, of: words.map { .bool($0 != 0) }) }
            return member(
                operand,
                of: words.map { .typed(.date, CivilDate(days: Int32(truncatingIfNeeded: $0)).description) })
        }
    }

    private func member(_ operand: SQLTerm, of members: [SQLExpression]) -> SQLTerm {
        guard members.isEmpty else { return [operand].strict(.boolean, .isIn(operand.value, members)) }
        return [operand].strict(.boolean, .when(.isNotNull(operand.value), .bool(false)))
    }

    private func member(_ operand: SQLTerm, ofCodes codes: [String]) -> SQLTerm {
        guard !codes.isEmpty else { return member(operand, of: []) }
        return [operand].strict(.boolean, .isAny(operand.value, .textArray(codes)))
    }

    func inCodelist(_ name: String, _ root: String?, _ operands: [SQLTerm]) -> SQLTerm {
        guard let list = schema.codelists[name] else { return .null(.bool) }
        let entries = list.entries(under: root)
        guard operands.count > 1 else {
            return member(operands[0], ofCodes: Self.distinct(entries.map(\.code)))
        }
        return inCodelist(entries, bound(operands[0]), on: bound(operands[1]))
    }

    /// As of a day: the codes of each validity together, or, where nearly every code has its own, each code's days.
    private func inCodelist(_ entries: [CodeList.Entry], _ code: SQLTerm, on day: SQLTerm) -> SQLTerm {
        let given = SQLExpression.and([.isNotNull(code.value), .isNotNull(day.value)])
        let groups = Dictionary(grouping: entries) { Validity(since: $0.since, until: $0.until) }
        if groups.count <= 16 {
            let tests = groups.sorted { $0.key < $1.key }.map { validity, entries in
                let codes = Self.distinct(entries.map(\.code))
                return SQLExpression.and(
                    [.isAny(code.value, .textArray(codes))] + validity.tests(day.value))
            }
            return [code, day].strict(.boolean, .when(given, .or(tests)))
        }
        let versions = Dictionary(grouping: entries) { ExactText($0.code) }.mapValues { entries in
            "{" + entries.map { Validity(since: $0.since, until: $0.until).range }.joined(separator: ",") + "}"
        }
        let valid = SQLExpression.cast(lookUp(code.value, versions), .dateMultirange)
        let test = SQLExpression.call("coalesce", [.infix("@>", [valid, day.value]), .bool(false)])
        return [code, day].strict(.boolean, .when(given, test))
    }

    private struct Validity: Hashable, Comparable {
        var since: CivilDate?
        var until: CivilDate?

        static func < (left: Validity, right: Validity) -> Bool {
            (left.since?.days ?? .min, left.until?.days ?? .max)
                < (right.since?.days ?? .min, right.until?.days ?? .max)
        }

        func tests(_ day: SQLExpression) -> [SQLExpression] {
            [
                since.map { .infix(">=", [day, .typed(.date, $0.description)]) },
                until.map { .infix("<=", [day, .typed(.date, $0.description)]) },
            ].compactMap { $0 }
        }

        /// `[2016-01-01,2020-12-31]`.
        var range: String {
            (since.map { "[\($0)" } ?? "(") + "," + (until.map { "\($0)]" } ?? ")")
        }
    }

    /// An attribute of each code's latest version.
    func attribute(_ name: String, _ index: Int, _ operand: SQLTerm) -> SQLTerm {
        guard let list = schema.codelists[name] else { return .null(.text) }
        var latest: [ExactText: CodeList.Entry] = [:]
        for entry in list.entries {
            let code = ExactText(entry.code)
            let old = latest[code]
            if old == nil || (entry.since?.days ?? .min) >= (old?.since?.days ?? .min) { latest[code] = entry }
        }
        let values = latest.compactMapValues { index < $0.values.count ? $0.values[index] : nil }
        return [operand].strict(.text, lookUp(operand.value, values))
    }

    private func lookUp(_ code: SQLExpression, _ values: [ExactText: String]) -> SQLExpression {
        let pairs = values.sorted { Self.precedes($0.key.string, $1.key.string) }.map {
            "\(Self.json($0.key.string)): \(Self.json($0.value))"
        }
        return .infix("->>", [.typed(.jsonb, "{" + pairs.joined(separator: ", ") + "}"), code])
    }

    /// Each text once, by its bytes: a letter and an accent are not the accented letter.
    static func distinct(_ texts: [String]) -> [String] {
        Set(texts.map { ExactText($0) }).map(\.string).sorted(by: precedes)
    }

    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default:
                if scalar.value < 0x20 {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

extension CodeList {
    /// All entries, or those of a code and of whatever lies below it.
    fileprivate func entries(under root: String?) -> [Entry] {
        guard let root else { return entries }
        let children = Dictionary(grouping: entries.filter { $0.parent != nil }) { ExactText($0.parent ?? "") }
        var found: Set<ExactText> = []
        var open = [ExactText(root)]
        while let code = open.popLast() {
            guard found.insert(code).inserted else { continue }
            open.append(contentsOf: (children[code] ?? []).map { ExactText($0.code) })
        }
        return entries.filter { found.contains(ExactText($0.code)) }
    }
}
