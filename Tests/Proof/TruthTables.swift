import ReferenceInterpreter
import RuleLanguage
import Schema

/// Every operator over edge values of every type it takes, over NULL and over errors: one row for each combination.
///
/// Four rules pin down what an engine makes of each row: that the predicate fails, that it fails or is undecided, that
/// its negation fails, and, for values, that they equal what the reference interpreter found.
public enum TruthTables {
    /// An expression over columns `a`, `b`, `c` of these types, and whether it is a predicate.
    public struct Operation: Sendable, CustomStringConvertible {
        public var text: String
        var types: [ValueType]

        public var description: String { "\(text) of \(types)" }
    }

    // MARK: - Operations

    private static let short = ValueType.text(maxLength: 40)
    private static let dec9 = ValueType.decimal(precision: 9, scale: 2)
    private static let dec18 = ValueType.decimal(precision: 18, scale: 4)
    private static let dec38 = ValueType.decimal(precision: 38, scale: 10)
    private static let code = ValueType.code(.list("flat"))
    private static let all: [ValueType] = [.int, dec9, dec18, dec38, short, code, .date, .timestamp, .bool]

    public static var operations: [Operation] {
        comparisons + connectives + choices + arithmetic + texts + dates + sets
    }

    private static func each(_ texts: [String], _ types: [ValueType]...) -> [Operation] {
        texts.flatMap { text in types.map { Operation(text: text, types: $0) } }
    }

    private static var comparisons: [Operation] {
        each(["a = b", "a <> b"], [.bool, .bool])
            + each(
                Comparison.allCases.map { "a \($0.rawValue) b" }, [.int, .int], [.int, dec38], [dec9, dec18],
                [dec38, .int],
                [.decimal(precision: 38, scale: 0), .decimal(precision: 38, scale: 38)], [short, short], [code, short],
                [.date, .date], [.timestamp, .timestamp])
            + each(
                ["a between b and c", "not a between c and b"], [.int, .int, dec18], [dec38, dec38, dec38],
                [short, code, short],
                [.date, .date, .date], [.timestamp, .timestamp, .timestamp])
            + all.flatMap {
                each(["a is null", "present(a)", "missing(a)", "a = a", "a = null", "a is not null"], [$0])
            }
    }

    private static var connectives: [Operation] {
        each(["a and b", "a or b", "not a", "not (a and b) or b"], [.bool, .bool])
            + each(
                ["a and b and c", "a or b or c", "a and (b or c)", "if a then b else c end"], [.bool, .bool, .bool])
    }

    private static var choices: [Operation] {
        all.flatMap { each(["coalesce(a, b)", "coalesce(b, null, a)"], [$0, $0]) }
            + all.flatMap { each(["if a then b else c end", "if a then b end"], [.bool, $0, $0]) }
            + all.filter { $0 != .bool }.flatMap { each(["min(a, b)", "max(a, b)"], [$0, $0]) }
            + each(["coalesce(a, b)", "min(a, b)", "max(b, a)"], [.int, dec18], [dec9, dec38])
            + each(["if a then b else c end"], [.bool, .int, dec18], [.bool, short, code])
    }

    private static var arithmetic: [Operation] {
        each(
            ["a + b", "a - b", "b - a"], [.int, .int], [.int, dec9], [dec18, dec18],
            [.decimal(precision: 36, scale: 3), dec18])
            + each(
                ["a * b"], [.int, .int], [.int, dec9], [dec18, dec18], [dec9, .decimal(precision: 29, scale: 12)])
            + each(["-a", "abs(a)", "sign(a)"], [.int], [dec9], [dec18], [dec38])
            + each(["mod(a, b)"], [.int, .int], [dec18, .int], [.int, dec9], [dec38, dec18], [dec9, dec38])
            + each(["div(a, b, 0)", "div(a, b, 3)"], [.int, .int], [dec18, dec9], [.int, dec9], [dec9, dec18])
            + each(["div(a, b, 18)"], [.int, .int]) + each(["div(a, b, 0)"], [.decimal(precision: 36, scale: 1), .int])
            + ["-40", "-19", "-3", "-1", "0", "1", "2", "3", "9"].filter { $0 != "-40" }
            .flatMap { each(["round(a, \($0))"], [.int], [dec18], [.decimal(precision: 36, scale: 10)]) }
    }

    private static var texts: [Operation] {
        each(
            [
                "len(a)", "strip(a)", "strip(a, 'cjk')", "upper(a)", "lower(a)", "int(a)", "dec(a, 5, 1)",
                "dec(a, 38, 38)", "dec(a, 38, 0)", "date(a)",
            ],
            [short], [code])
            + each(["a & b", "startswith(a, b)", "endswith(a, b)", "contains(a, b)"], [short, short], [code, short])
            + each(
                ["left(a, b)", "right(a, b)", "mid(a, b, 1)", "mid(a, 1, b)", "mid(a, b, b)"], [short, .int],
                [code, .int])
            + each(["mid(a, b, c)"], [short, .int, .int])
            + each(["left(a, 0)", "right(a, 1)", "mid(a, 2, 0)", "mid(a, 2, 3)"], [short])
            + [
                "a*", "[a-z]+", "[^a]{2}", "(a|ab)*b?", "[一-龥]+", "案由?", "[0-9]{4}", "(\\-|\\+)?[0-9]+", "[^\u{1}]*",
                "a\\.b|x", "[\u{10000}-\u{10FFFF}]+a?",
                "e\u{301}", "é", "[ \u{3000}]*[^ ]*", "a{2,255}", "(a?b?){0,3}", "", "[\r\n]+", "'", "[^x]*\n",
            ].flatMap { pattern in each(["a matches '\(pattern == "'" ? "''" : pattern)'"], [short], [code]) }
            + ["year", "number", "court", "type", "special", "suffix", "style"].flatMap {
                each(["caseno(a, '\($0)')"], [short], [code])
            }
            + each(
                [
                    "idcard18_valid(a)", "uscc_valid(a)",
                    "a matches '（(19|20)[0-9]{2}）[一-龥]([0-9]{4}|[0-9]{2})?[一-龥]{1,4}[1-9][0-9]{0,6}号'",
                ], [short], [code])
    }

    private static var dates: [Operation] {
        each(["year(a)", "month(a)", "day(a)"], [.date]) + each(["date(a)"], [.timestamp])
            + each(["days(a, b)", "workdays(a, b)"], [.date, .date])
            + each(["addmonths(a, b)", "addyears(a, b)"], [.date, .int], [.date, .decimal(precision: 38, scale: 0)])
            + each(["a in period", "a >= period-begin", "a < period-end"], [.date])
    }

    private static var sets: [Operation] {
        each(["a in ('a', 'e\u{301}', '', 'x y', '\u{1F600}', '\r\n')", "not a in ('é')"], [short], [code])
            + each(
                ["a in (0, 1, -1, 9223372036854775807, 0.5, 5)", "a in (-0.05, 2.50, 99.990)"], [.int], [dec9], [dec18],
                [dec38])
            + each(["a in (0.0000000000000000000000000000000000001)"], [dec38], [.int])
            + each(["a in (2024-02-29, 0001-01-01, 9999-12-31)"], [.date]) + each(["a in (true)"], [.bool])
            + each(
                ["a in codelist flat", "a in codelist tree under '豫17'", "a in codelist tree", "a in codelist dates"],
                [short], [code])
            + each(
                ["a in codelist dates by b", "a in codelist dates by b under '豫17'", "a in codelist flat by b"],
                [short, .date], [code, .date])
            + each(["a.dz", "a.名称"], [code], [.code(.list("tree"))], [.code(.list("dates"))])
            + each(["b.dz"], [short, .code(.by(column: "a", lists: ["a": "tree", "案": "dates"], otherwise: "flat"))])
    }

    // MARK: - Questions

    /// Cells of a type: its edges, NULL, and texts that do not parse.
    private static func cells(_ type: ValueType, of count: Int) -> [String?] {
        func few<C: Collection<String>>(_ texts: C, _ most: Int) -> [String?] {
            // Of three operands a third is enough; what is left out comes with fewer.
            let step = max(1, (texts.count + most - 1) / most)
            return texts.enumerated().filter { $0.offset % step == 0 }.map { $0.element }
        }
        let most = count == 1 ? 1000 : count == 2 ? 24 : 8
        switch type {
        case .int: return few(Edges.ints, most) + ["7", "x", nil]
        case .decimal(let precision, let scale):
            let largest = Edges.largest(precision: precision, scale: scale)
            let smallest = Edges.smallest(scale: scale)
            let fitting = Edges.decimals.filter {
                Number(Array($0.unicodeScalars))?.fits(precision: precision, scale: scale) == true
            }
            return [largest, "-" + largest, smallest, "-" + smallest] + few(fitting, most) + ["1,5", nil]
        case .date: return few(Edges.dates, most) + ["2023-02-29", nil]
        case .timestamp: return few(Edges.timestamps, most) + ["2024-01-31", nil]
        case .bool: return ["t", "f", "2", nil]
        case .code: return few(UniverseGenerator.codes + Edges.texts, count == 1 ? 1000 : most) + [nil]
        case .text:
            let special = count == 1 ? Edges.caseNumbers + Edges.idCards : []
            return few(Edges.texts + special, most) + [String(repeating: "x", count: 41), nil]
        }
    }

    /// The question that pins an operation down.
    public static func question(_ operation: Operation) throws -> ProofCase {
        var universe = UniverseGenerator(random: RandomSource(seed: 7))
        var schema = universe.schema()
        schema.caseNumberTypes = ("types", "dz")
        var rows: [[String?]] = [[]]
        for type in operation.types {
            rows = rows.flatMap { row in cells(type, of: operation.types.count).map { row + [$0] } }
        }
        var columns = zip(["a", "b", "c"], operation.types).map { ColumnDefinition(name: $0, type: $1) }
        let period = UniverseGenerator.period("2024-02")
        func question(_ rules: [RuleDefinition]) -> ProofCase {
            schema.tables = [TableDefinition(name: "t", columns: columns)]
            return ProofCase(schema: schema, rules: RuleSet(rules: rules), period: period, cells: ["t": rows])
        }
        let results = try ReferenceEngine().values(of: operation.text, on: "t", question([]))
        var texts = [operation.text]
        let found = results.filter { !$0.isNull && !$0.isError }
        let typed = try TypeChecker(schema: schema, table: TableDefinition(name: "t", columns: columns)).check(
            ExpressionText(operation.text))
        if typed.type != .bool {
            // What the reference found is one more column, which the operation must equal.
            let type: ValueType =
                switch typed.type {
                case .number:
                    .decimal(
                        precision: 38,
                        scale: found.map { if case .number(let number) = $0 { number.scale } else { 0 } }.max() ?? 0)
                case .date: .date
                case .timestamp: .timestamp
                default: .text(maxLength: nil)
                }
            columns.append(ColumnDefinition(name: "expected", type: type))
            rows = zip(rows, results).map { $0 + [$1.cellText] }
            texts = ["(\(operation.text)) is null", "(\(operation.text)) = expected"]
        }
        var rules: [RuleDefinition] = []
        for text in texts {
            rules.append(RuleDefinition(id: "r\(rules.count)", table: "t", body: .check(ExpressionText(text))))
            rules.append(
                RuleDefinition(id: "r\(rules.count)", table: "t", body: .check(ExpressionText(text)), nullPolicy: .fail)
            )
            rules.append(
                RuleDefinition(id: "r\(rules.count)", table: "t", body: .check(ExpressionText("not (\(text))"))))
        }
        return question(rules)
    }

    /// The first disagreement between an engine and the reference interpreter about an operation; nil when they agree.
    public static func disagreement(_ operation: Operation, _ engine: any Engine) throws -> String? {
        let question = try question(operation)
        let expected = try ReferenceEngine().judge(question)
        let answers = try engine.judge(question)
        for (index, rule) in question.rules.rules.enumerated() where answers[index] != expected[index] {
            let (found, wanted) = (answers[index]?.violations ?? [], expected[index]?.violations ?? [])
            let only = Set(found).subtracting(wanted).sorted()
            let missing = Set(wanted).subtracting(found).sorted()
            let row = (only + missing).first.flatMap { question.cells["t"]?[$0 - 1] }
            return
                "\(rule.body) null \(rule.nullPolicy): \(engine.name) \(summary(answers[index])), reference \(summary(expected[index])), "
                + "violations only there \(only.prefix(5)), missing there \(missing.prefix(5)), such as \(row ?? [])"
        }
        return nil
    }

    private static func summary(_ verdict: Verdict?) -> String {
        verdict.map { "true \($0.isTrue) false \($0.isFalse) undecided \($0.undecided) error \($0.error)" } ?? "not run"
    }
}
