import Diagnostics
import FormEngine
import RuleLanguage
import Schema

/// Forms, figures and rules made by chance from a seed; the same seed makes the same.
struct RandomForms {
    struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// 甲 over 乙 and 丙, 乙 over 丁 and 戊; 己 is not among them.
    static let courts = ["甲", "乙", "丁", "戊", "丙"]
    static let parents = ["乙": "甲", "丙": "甲", "丁": "乙", "戊": "乙"]
    static let periods = ["2026-10", "2026-09", "2025-10", "2026年度"]

    var numbers: Numbers

    init(seed: UInt64) { numbers = Numbers(state: seed) }

    mutating func chance(_ one: Int, in all: Int) -> Bool { Int.random(in: 1...all, using: &numbers) <= one }
    mutating func pick<Element>(_ all: [Element]) -> Element { all[Int.random(in: 0..<all.count, using: &numbers)] }

    // MARK: Forms and figures

    static let schema: StandardSchema = {
        func form(_ name: String, rows: Int, columns: Int, ratio: Bool) -> FormDefinition {
            var form = FormDefinition(
                name: name, title: "报表\(name)",
                columns: (1...columns).map { .init(code: "c\($0)", title: "栏\($0)", measure: .given) },
                rows: (1...rows).map { .init(code: "r\($0)", title: "第\($0)行的名称比十五个字节长", selection: .given) })
            if ratio {
                form.columns[1].measure = .ratio(of: ExpressionText("c1"), to: ExpressionText("c3"), scale: 2)
            }
            return form
        }
        return StandardSchema(
            codelists: ["court": CodeList(name: "court", entries: courts.map { .init(code: $0) }, isTree: true)],
            hierarchies: ["court": Hierarchy(name: "court", title: "法院", codelist: "court", parents: parents)],
            forms: [
                form("F1", rows: 4, columns: 5, ratio: true), form("F2", rows: 6, columns: 3, ratio: false),
                form("F3", rows: 1, columns: 4, ratio: false),
            ])
    }()

    private mutating func value() -> CellValue {
        switch Int.random(in: 0..<40, using: &numbers) {
        case 0...2: .absent
        case 3...4: .blank
        case 5...6: .number(ExactDecimal(unscaled: Int128(Int.random(in: -300...300, using: &numbers)), scale: 2))
        case 7: .number(ExactDecimal(unscaled: Int128(Int.random(in: 0...99, using: &numbers)) * 10, scale: 1))
        case 8 where chance(1, in: 3):
            // At the edges of 64 bits and of 38 digits.
            .number(
                ExactDecimal(
                    pick([
                        "9223372036854775807", "-9223372036854775808", "9223372036854775806.5", "4611686018427387904",
                        "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999",
                        "50000000000000000000000000000000000000", "0.00000000000000000000000000000000000001",
                    ])) ?? .zero)
        default: .number(ExactDecimal(Int.random(in: -1...4, using: &numbers)))
        }
    }

    /// Figures of most courts, periods and forms; some sheets are missing.
    mutating func figures() -> [Figure] {
        var figures: [Figure] = []
        for form in Self.schema.forms {
            for court in Self.courts + ["己"] {
                for period in Self.periods where !chance(1, in: 6) {
                    for row in form.rows {
                        for column in form.columns {
                            let (value, own) = (value(), value())
                            guard value != .absent || own != .absent else { continue }
                            figures.append(
                                Figure(
                                    form: form.name, court: court, period: period, row: row.code, column: column.code,
                                    value: value, own: own))
                        }
                    }
                }
            }
        }
        return figures
    }

    // MARK: Rules

    private mutating func selector(_ axis: Axis, _ form: FormDefinition, wild: Bool = true) -> String {
        let codes = axis == .row ? form.rows.map { ($0.code, $0.title) } : form.columns.map { ($0.code, $0.title) }
        func name(_ place: Int) -> String { chance(1, in: 4) ? codes[place].1 : codes[place].0 }
        if wild, chance(1, in: 2) { return "*" }
        if wild, chance(1, in: 5), codes.count > 2 { return "\(codes[0].0)..\(codes[codes.count - 2].0)" }
        return name(Int.random(in: 0..<codes.count, using: &numbers))
    }

    private mutating func period() -> String {
        switch Int.random(in: 0..<12, using: &numbers) {
        case 0: " @ 上期"
        case 1: " @ 上年同期"
        case 2: " @ 2026-09"
        default: ""
        }
    }

    private mutating func cell(_ own: FormDefinition) -> String {
        let form = chance(1, in: 4) ? pick(Self.schema.forms) : own
        let name = form.name == own.name ? "" : form.name
        return "\(name)[\(selector(.row, form)), \(selector(.column, form))]\(period())"
    }

    private mutating func axisSum(_ own: FormDefinition) -> String {
        let form = chance(1, in: 4) ? pick(Self.schema.forms) : own
        let name = form.name == own.name ? "" : form.name
        if chance(1, in: 2) {
            let which = chance(1, in: 3) ? "*" : "r1, \(selector(.row, form, wild: false))"
            return "合计 行 (\(which)) \(name)[行, \(selector(.column, form))]\(period())"
        }
        return "合计 列 (c1..c3) \(name)[\(selector(.row, form)), 列]\(period())"
    }

    private mutating func amount(_ own: FormDefinition, depth: Int) -> String {
        guard depth > 0 else { return chance(1, in: 5) ? pick(["0", "1", "2.50", "0.5", "3"]) : cell(own) }
        func inner() -> String { amount(own, depth: depth - 1) }
        switch Int.random(in: 0..<16, using: &numbers) {
        case 0...2: return "\(inner()) + \(inner())"
        case 3: return "\(inner()) - (\(inner()))"
        case 4: return "(\(inner())) * (\(inner()))"
        case 5: return "-(\(inner()))"
        case 6: return "abs(\(inner()))"
        case 7: return "min(\(inner()), \(inner()))"
        case 8: return "max(\(inner()), \(inner()), 1)"
        case 9: return "coalesce(\(inner()), \(inner()))"
        case 10: return "round(\(inner()), \(pick(["0", "1"])))"
        case 11: return "div(\(inner()), \(inner()), 2)"
        case 12: return "如果 \(condition(own, depth: 0)) 那么 \(inner()) 否则 \(inner()) 结束"
        case 13...14: return axisSum(own)
        default: return cell(own)
        }
    }

    private mutating func condition(_ own: FormDefinition, depth: Int) -> String {
        let side = depth > 0 ? 1 : 0
        switch Int.random(in: 0..<(depth > 0 ? 12 : 7), using: &numbers) {
        case 0: return "\(cell(own)) 为空"
        case 1: return "有值(\(cell(own)))"
        case 2: return "\(cell(own)) 介于 0 和 3"
        case 3: return "\(cell(own)) 属于 (1, 2, 3)"
        case 7...8: return "(\(condition(own, depth: depth - 1)) 且 \(condition(own, depth: depth - 1)))"
        case 9: return "(\(condition(own, depth: depth - 1)) 或 \(condition(own, depth: depth - 1)))"
        case 10: return "非 (\(condition(own, depth: depth - 1)))"
        case 11:
            return
                "如果 \(condition(own, depth: 0)) 那么 \(condition(own, depth: 0)) 否则 \(condition(own, depth: 0)) 结束"
        default:
            let sign = pick(["=", "=", "<=", "<", ">", ">=", "<>"])
            return "\(amount(own, depth: side)) \(sign) \(amount(own, depth: side))"
        }
    }

    /// A check or a roll-up over one form.
    mutating func rule(_ number: Int) -> RuleDefinition {
        let form = pick(Self.schema.forms)
        let options = RuleDefinition.FormOptions(
            blank: pick([nil, nil, "null", "zero"]), absent: pick([nil, nil, "undecided", "zero", "fail"]),
            tolerance: pick([nil, nil, nil, "1", "0.5", "10%", "rounding(0.5)"]),
            figures: pick([nil, nil, "own", "both", "value"]))
        let body: RuleDefinition.Body
        if chance(1, in: 6) {
            body = .rollup(
                cells: ExpressionText("[\(selector(.row, form)), \(selector(.column, form))]"), along: "法院",
                own: chance(1, in: 2))
        } else if chance(2, in: 3) {
            let sign = pick(["=", "=", "<=", "<", ">", ">=", "<>"])
            body = .formCheck(ExpressionText("\(amount(form, depth: 2)) \(sign) \(amount(form, depth: 2))"))
        } else {
            body = .formCheck(ExpressionText(condition(form, depth: 2)))
        }
        return RuleDefinition(
            id: "R\(number)", forms: [form.name],
            when: chance(1, in: 3) ? ExpressionText(condition(form, depth: 1)) : nil, body: body,
            nullPolicy: pick([.undecided, .undecided, .fail, .pass]), formOptions: options)
    }
}
