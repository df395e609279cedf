public import Diagnostics
public import FormEngine
import Schema

/// 归因: the difference of one cell that does not add up, split exactly over the courts that caused it.
///
/// With P the upper court's figure, c the figure of each court below and e what the library yields for it (the upper
/// court's own row among them), d = P − Σc = (P − Σe) − Σ(c − e). So `difference` is `upper.amount` and the amounts of
/// all terms added up; one that does not is never made.
public struct RollUpAttribution: Sendable, Hashable {
    /// What one court contributes.
    public struct Term: Sendable, Hashable {
        /// The upper court itself for its own row (本级).
        public var court: String
        public var isOwn: Bool
        /// c, as submitted; 0 where the rule reads a missing one so.
        public var figure: ExactDecimal
        /// e, as the library yields it.
        public var library: ExactDecimal
        /// −(c − e).
        public var amount: ExactDecimal

        /// Nil when the difference needs more than 38 digits.
        init?(court: String, isOwn: Bool, figure: ExactDecimal, library: ExactDecimal) {
            guard let amount = try? library.subtracting(figure).normalized else { return nil }
            (self.court, self.isOwn, self.figure, self.library) = (court, isOwn, figure, library)
            self.amount = amount
        }
    }

    /// What the upper court contributes by adding up otherwise than the library.
    public struct Upper: Sendable, Hashable {
        /// P.
        public var figure: ExactDecimal
        /// Σe.
        public var library: ExactDecimal
        /// P − Σe.
        public var amount: ExactDecimal
    }

    /// Codes.
    public var row: String
    public var column: String
    /// d: the upper court's figure less those below and its own.
    public var difference: ExactDecimal
    public var upper: Upper
    /// The upper court's own row first, where the rule adds it; then the courts below in their order, those without a
    /// part in the difference among them.
    public var terms: [Term]

    /// Nil when the terms do not add up to the difference that was found, or need too many digits.
    init?(row: String, column: String, difference: ExactDecimal, figure: ExactDecimal, terms: [Term]) {
        var library = ExactDecimal.zero
        for term in terms {
            guard let sum = try? library.adding(term.library) else { return nil }
            library = sum
        }
        guard let amount = try? figure.subtracting(library).normalized else { return nil }
        var total = amount
        for term in terms {
            guard let sum = try? total.adding(term.amount) else { return nil }
            total = sum
        }
        guard total == difference else { return nil }
        (self.row, self.column, self.difference) = (row, column, difference)
        upper = Upper(figure: figure, library: library.normalized, amount: amount)
        self.terms = terms
    }

    /// Who has a part in the difference, the upper court first, then the largest.
    public var message: LocalizedText {
        var en: [String] = []
        var zh: [String] = []
        if !upper.amount.isZero {
            en.append("upper court \(Self.signed(upper.amount)) (\(upper.figure) instead of \(upper.library))")
            zh.append("上级法院汇总 \(Self.signed(upper.amount))（报\(upper.figure)，按标准库应为\(upper.library)）")
        }
        let parts = terms.filter { !$0.amount.isZero }
            .sorted { ($1.amount.magnitude, $0.court) < ($0.amount.magnitude, $1.court) }
        for part in parts.prefix(5) {
            let names = part.isOwn ? (en: "own figure", zh: "本级") : (en: part.court, zh: part.court)
            en.append("\(names.en) \(Self.signed(part.amount)) (\(part.figure) instead of \(part.library))")
            zh.append("\(names.zh) \(Self.signed(part.amount))（报\(part.figure)，按标准库应为\(part.library)）")
        }
        if parts.count > 5 {
            en.append("\(parts.count - 5) more courts")
            zh.append("另有 \(parts.count - 5) 个法院")
        }
        return LocalizedText(
            en: "\(Self.signed(difference)) = \(en.joined(separator: ", "))",
            zh: "\(Self.signed(difference)) = \(zh.joined(separator: "，"))")
    }

    private static func signed(_ value: ExactDecimal) -> String { value.isNegative ? "\(value)" : "+\(value)" }
}

extension RollUpAttribution {
    /// Why a difference was not split.
    public enum Obstacle: Error, Hashable {
        /// The library's figures were not given.
        case noLibrary
        /// The figures that were judged are the library's.
        case ownFigures
        /// The library yields nothing for these courts.
        case missing([String])
        /// The figures below cannot be read as the rule read them: one is missing, or a number needs too many digits.
        case unreadable

        public var message: LocalizedText {
            switch self {
            case .noLibrary:
                LocalizedText(
                    en: "not split over the courts: the library's figures are not there", zh: "未分解到各法院：没有标准库的数字")
            case .ownFigures:
                LocalizedText(
                    en: "not split over the courts: these are the library's own figures", zh: "未分解到各法院：所判即标准库的数字")
            case .missing(let courts):
                LocalizedText(
                    en: "not split over the courts: the library has no figure of \(courts.joined(separator: ", "))",
                    zh: "未分解到各法院：标准库没有 \(courts.joined(separator: "、")) 的数字")
            case .unreadable:
                LocalizedText(
                    en: "not split over the courts: a figure below is missing or too large", zh: "未分解到各法院：有下级数字缺失或过大")
            }
        }
    }
}

/// Splits the differences of one roll-up rule.
struct RollUpAttributor {
    let rule: CompiledFormRule
    let figures: FigureStore
    /// Nil when there is none.
    let library: FigureStore?

    /// - Parameter children: the courts directly below the finding's.
    func attribution(
        of finding: FormFinding, children: [String]
    ) -> Result<RollUpAttribution, RollUpAttribution.Obstacle> {
        guard let library else { return .failure(.noLibrary) }
        guard library !== figures else { return .failure(.ownFigures) }
        let form = figures.forms[rule.form]
        guard let rollup = rule.rollup, let row = form.rowIndex(finding.row),
            let column = form.columnIndex(finding.column), let difference = finding.difference,
            let figure = finding.actual
        else { return .failure(.unreadable) }
        let place = row * form.columns.count + column
        let courts = (rollup.own ? [(finding.court, true)] : []) + children.map { ($0, false) }
        var terms: [RollUpAttribution.Term] = []
        var missing: [String] = []
        for (court, isOwn) in courts {
            guard let submitted = read(figures, court, finding.period, place, isOwn) else {
                return .failure(.unreadable)
            }
            guard let found = cell(library, court, finding.period, place, isOwn)?.number else {
                missing.append(court)
                continue
            }
            guard
                let term = RollUpAttribution.Term(court: court, isOwn: isOwn, figure: submitted, library: found)
            else { return .failure(.unreadable) }
            terms.append(term)
        }
        guard missing.isEmpty else { return .failure(.missing(missing)) }
        let split = RollUpAttribution(
            row: finding.row, column: finding.column, difference: difference, figure: figure, terms: terms)
        return split.map { .success($0) } ?? .failure(.unreadable)
    }

    /// A figure as the rule read it; nil when it is missing and the rule does not take that for 0.
    private func read(
        _ store: FigureStore, _ court: String, _ period: String, _ place: Int, _ isOwn: Bool
    ) -> ExactDecimal? {
        switch cell(store, court, period, place, isOwn) ?? .absent {
        case .number(let number): number
        case .blank: rule.program.blank == .zero ? .zero : nil
        case .absent: rule.program.absent == .zero ? .zero : nil
        }
    }

    private func cell(
        _ store: FigureStore, _ court: String, _ period: String, _ place: Int, _ isOwn: Bool
    ) -> CellValue? {
        guard let court = store.courtNames.find(court), let period = store.periodNames.find(period),
            let sheet = store.sheet(form: rule.form, period: period, court: court)
        else { return nil }
        let cell = store.cell(sheet, place)
        return isOwn ? cell.own : cell.value
    }
}
