public import Diagnostics
public import FormEngine
import RuleLanguage
import Schema

/// 期初与上期期末: a rule that says that a column begins where another one ended, `[*, 旧存] = [*, 未结] @ 上期`.
public struct OpeningBalance: Sendable, Hashable {
    public var rule: String
    public var form: String
    /// Codes of columns: the balance that opens the period, and the one that closed the period before.
    public var opening: String
    public var closing: String
}

extension FormRuleCheck {
    /// The rules within one form that compare a row's column with another one of the period before.
    public var openingBalances: [OpeningBalance] {
        compiled.compactMap { rule in
            let columns = schema.forms[rule.form].columns
            guard case .compare(.equal, .cell(let now), .cell(let before)) = rule.check, now.form == rule.form,
                before.form == rule.form, now.period == .current, before.period == .previous, now.row == before.row,
                case .fixed(let opening) = now.column, case .fixed(let closing) = before.column
            else { return nil }
            return OpeningBalance(
                rule: rule.definition.id, form: schema.forms[rule.form].name, opening: columns[opening].code,
                closing: columns[closing].code)
        }
    }
}

/// 期初差异: the cases for which a balance does not begin where it ended.
public struct OpeningExplanation: Sendable, Hashable {
    public enum Reason: String, Sendable, CaseIterable {
        /// No cell of the form counted it when the period before was closed, though it was filed by then: it came later.
        case backDated = "back-dated"
        /// It was another court's.
        case movedIn = "moved-in"
        /// It is another court's now.
        case movedAway = "moved-away"
        /// The library has it no longer.
        case deleted
        /// It is the same court's, but its dates or its type are others now.
        case changed
    }

    public struct Case: Sendable, Hashable {
        /// The values of its table's key.
        public var key: [String]
        public var reason: Reason
        /// Whether the opening balance has it, and the closing one had not; else the other way round.
        public var isMore: Bool
        /// Where it came from or went to.
        public var otherCourt: String?
    }

    /// What a closing kept of a case: its court, and whether the balance counted it.
    public struct Kept: Sendable, Hashable {
        public var court: String
        public var isCounted: Bool

        public init(court: String, isCounted: Bool) { (self.court, self.isCounted) = (court, isCounted) }
    }

    public var rule: String
    public var form: String
    public var court: String
    public var period: String
    public var row: String
    public var difference: ExactDecimal?
    /// By key; nil where nobody kept which cases were counted before.
    public var cases: [Case]?

    public init(_ finding: FormFinding, cases: [Case]?) {
        (rule, form, court) = (finding.rule, finding.form, finding.court)
        (period, row, difference) = (finding.period, finding.row, finding.difference)
        self.cases = cases
    }

    /// The cases in which two balances of a court differ.
    ///
    /// - Parameters:
    ///   - opening: the cases that the opening balance counts, of whatever court, with their courts.
    ///   - kept: every case that some cell of the form counted when the period before was closed.
    ///   - jurisdiction: the court and those below it.
    ///   - courtNow: the court of a case as it is now; nil where the library has no such case.
    public static func cases(
        opening: [[String]: String], kept: [[String]: Kept], jurisdiction: Set<String>,
        courtNow: ([String]) throws -> String?
    ) rethrows -> [Case] {
        var cases: [Case] = []
        for (key, court) in opening where jurisdiction.contains(court) {
            guard let before = kept[key] else {
                cases.append(Case(key: key, reason: .backDated, isMore: true))
                continue
            }
            guard jurisdiction.contains(before.court) else {
                cases.append(Case(key: key, reason: .movedIn, isMore: true, otherCourt: before.court))
                continue
            }
            if !before.isCounted { cases.append(Case(key: key, reason: .changed, isMore: true)) }
        }
        for (key, before) in kept where before.isCounted && jurisdiction.contains(before.court) {
            if let court = opening[key], jurisdiction.contains(court) { continue }
            guard let now = try courtNow(key) else {
                cases.append(Case(key: key, reason: .deleted, isMore: false))
                continue
            }
            cases.append(
                jurisdiction.contains(now)
                    ? Case(key: key, reason: .changed, isMore: false)
                    : Case(key: key, reason: .movedAway, isMore: false, otherCourt: now))
        }
        return cases.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    public var message: LocalizedText {
        guard let cases else {
            return LocalizedText(
                en: "the cases that were counted before were not kept, so it cannot be told which make the difference",
                zh: "上期未关账，当时计入的案件没有留存，无法说明差在哪些案件")
        }
        guard !cases.isEmpty else {
            return LocalizedText(
                en: "the cases are the same: the figure itself is another than the one that was kept",
                zh: "案件相同：数字本身与关账时不同")
        }
        let named = cases.prefix(5).map(\.message)
        let more = cases.count - named.count
        return LocalizedText(
            en: named.map(\.en).joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""),
            zh: named.map(\.zh).joined(separator: "，") + (more > 0 ? "，另有 \(more) 件" : ""))
    }
}

extension OpeningExplanation.Case {
    fileprivate var message: LocalizedText {
        let sign = isMore ? "+" : "−"
        let name = key.joined(separator: " ")
        let other = otherCourt ?? ""
        return switch reason {
        case .backDated: LocalizedText(en: "\(sign)\(name) back-dated", zh: "\(sign)\(name) 补录（倒签）")
        case .movedIn: LocalizedText(en: "\(sign)\(name) came from \(other)", zh: "\(sign)\(name) 由\(other)移入")
        case .movedAway: LocalizedText(en: "\(sign)\(name) went to \(other)", zh: "\(sign)\(name) 移至\(other)")
        case .deleted: LocalizedText(en: "\(sign)\(name) deleted", zh: "\(sign)\(name) 已删除")
        case .changed: LocalizedText(en: "\(sign)\(name) changed", zh: "\(sign)\(name) 已修改")
        }
    }
}
