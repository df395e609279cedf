public import ReferenceInterpreter

/// How often each operator met NULL, an edge value and an error of each type that it takes.
public final class Coverage {
    public enum Condition: String, CaseIterable, Sendable {
        case null, edge, error
    }

    private struct Cell: Hashable {
        var operation: String
        var family: Family
        var condition: Condition
    }

    private var counts: [Cell: Int] = [:]
    /// How often whole rules of each kind came out in each way.
    private var features: [String: [Truth: Int]] = [:]

    public init() {}

    // MARK: - What there is to cover

    private static let numbers: [Family] = [.int, .dec]
    private static let texts: [Family] = [.text, .code]
    private static let ordered: [Family] = [.int, .dec, .text, .code, .date, .timestamp]
    private static let all: [Family] = ordered + [.bool]

    /// Every operator with the types that it takes, in the order of rule-language.md.
    public static let operations: [(name: String, families: [Family])] =
        [("and", [.bool]), ("or", [.bool]), ("not", [.bool]), ("=", all), ("<>", all)]
        + ["<", "<=", ">", ">=", "between"].map { ($0, ordered) }
        + ["is null", "present", "missing", "coalesce"].map { ($0, all) }
        + [("if condition", [.bool]), ("if", all), ("in (…)", [.int, .dec, .text, .code, .date, .bool])]
        + [("in codelist", texts), ("in codelist under", texts), ("in period", [.date]), ("matches", texts)]
        + [("attribute", [.code])]
        + ["+", "-", "*", "-x", "abs", "sign", "mod", "round", "div"].map { ($0, numbers) }
        + [
            "&", "len", "left", "right", "mid", "startswith", "endswith", "contains", "strip", "strip cjk", "upper",
            "lower",
        ]
        .map { ($0, texts) }
        + ["int", "dec"].map { ($0, texts) } + [("date", [.text, .code, .timestamp])]
        + ["year", "month", "day", "days", "addmonths", "addyears", "workdays"].map { ($0, [.date]) }
        + ["min", "max"].map { ($0, ordered) }
        + ["idcard18_valid", "uscc_valid"].map { ($0, texts) }
        + ["year", "number", "court", "type", "special", "suffix", "style"].map { ("caseno \($0)", texts) }
        + [
            ("several related rows", [.bool]), ("relation.column", all), ("where", [.bool]),
            ("count(relation)", [.int]), ("exists(relation)", [.bool]),
        ]
        + [("sum(relation.column)", numbers), ("min(relation.column)", ordered), ("max(relation.column)", ordered)]

    public static let features = [
        "check", "check with when", "share", "share with when", "unique", "unique with when", "depends",
        "depends with when",
        "null: fail", "null: pass",
    ]

    /// Outcomes that a rule of a kind cannot have.
    private static let impossible: [String: Set<Truth>] = ["null: fail": [.undecided], "null: pass": [.undecided]]

    // MARK: - Counting

    public func observe(_ operation: String, _ family: Family, _ operands: [Value]) {
        func add(_ condition: Condition) {
            counts[Cell(operation: operation, family: family, condition: condition), default: 0] += 1
        }
        if operands.contains(where: \.isNull) { add(.null) }
        if operands.contains(where: \.isError) { add(.error) }
        // An aggregate over no row is one of its edges.
        if operands.isEmpty || operands.contains(where: Edges.isEdge) { add(.edge) }
    }

    public func observe(feature: String, _ verdict: Verdict) {
        for (truth, count) in [
            (Truth.isTrue, verdict.isTrue), (.isFalse, verdict.isFalse), (.undecided, verdict.undecided),
            (.error, verdict.error),
        ] { features[feature, default: [:]][truth, default: 0] += count }
    }

    // MARK: - The table

    public func count(_ operation: String, _ family: Family, _ condition: Condition) -> Int {
        counts[Cell(operation: operation, family: family, condition: condition)] ?? 0
    }

    /// The cells that nothing was counted in.
    public var gaps: [String] {
        var gaps: [String] = []
        for (operation, families) in Self.operations {
            for family in families {
                for condition in Condition.allCases where count(operation, family, condition) == 0 {
                    gaps.append("\(operation) × \(family.rawValue) × \(condition.rawValue)")
                }
            }
        }
        for feature in Self.features {
            for truth in Truth.allCases where features[feature]?[truth] ?? 0 == 0 {
                if Self.impossible[feature]?.contains(truth) != true { gaps.append("\(feature) × \(truth)") }
            }
        }
        return gaps
    }

    /// One line per operator and type.
    public var table: String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.unicodeScalars.count))
        }
        func right(_ number: Int) -> String {
            let text = String(number)
            return String(repeating: " ", count: max(1, 12 - text.utf8.count)) + text
        }
        var lines = [padded("operator", 22) + padded("type", 10) + "        null        edge       error"]
        for (operation, families) in Self.operations {
            for family in families {
                lines.append(
                    padded(operation, 22) + padded(family.rawValue, 10)
                        + Condition.allCases.map { right(count(operation, family, $0)) }.joined())
            }
        }
        lines.append("")
        lines.append(padded("rules", 32) + "        true       false   undecided       error")
        for feature in Self.features {
            lines.append(padded(feature, 32) + Truth.allCases.map { right(features[feature]?[$0] ?? 0) }.joined())
        }
        return lines.joined(separator: "\n")
    }
}
