public import Diagnostics
public import FormEngine
import Schema

/// Compares submitted figures with those computed from the cases, cell by cell, and splits an upper court's difference
/// over the courts below that caused it.
public enum FigureComparison {
    public struct Result: Sendable {
        /// By form, court (upper ones first), row and column.
        public var mismatches: [FigureMismatch] = []
        /// Cells in which both sides had something to say.
        public var comparedCells = 0
        /// Courts of the hierarchy that submitted nothing of a form.
        public var missingSheets: [(form: String, court: String)] = []
        /// Courts that submitted figures but that the hierarchy does not have; they are compared all the same.
        public var unknownCourts: [String] = []
    }

    /// Both tables are made with the same forms. A blank agrees with 0. A column of which a court submitted nothing
    /// at all is not in its file and is left out.
    public static func compare(
        computed: FigureTable, submitted: FigureTable, period: String, jurisdictions: Jurisdictions
    ) throws(OperationError) -> Result {
        var result = Result()
        var unknown: Set<String> = []
        for form in submitted.forms.indices {
            let given = Set(submitted.courts(form: form, period: period))
            guard !given.isEmpty else { continue }
            let strangers = given.filter { !jurisdictions.contains($0) }.sorted()
            unknown.formUnion(strangers)
            result.missingSheets += jurisdictions.courts.filter { !given.contains($0) }
                .map { (form: submitted.forms[form].name, court: $0) }
            for court in jurisdictions.courts.filter(given.contains) + strangers {
                let sheet = Sheet(
                    computed: computed, submitted: submitted, form: form, court: court, period: period,
                    children: jurisdictions.children(of: court).filter(given.contains))
                try sheet.compare(into: &result)
            }
        }
        result.unknownCourts = unknown.sorted()
        return result
    }
}

private struct Sheet {
    let computed: FigureTable
    let submitted: FigureTable
    let form: Int
    let court: String
    let period: String
    let children: [String]

    func compare(into result: inout FigureComparison.Result) throws(OperationError) {
        let definition = submitted.forms[form]
        let columns = definition.columns.indices.filter { column in
            definition.rows.indices.contains { cell(submitted, court, $0, column) != .absent }
        }
        for row in definition.rows.indices {
            for column in columns {
                let (expected, actual) = (cell(computed, court, row, column), cell(submitted, court, row, column))
                guard expected != .absent || actual != .absent else { continue }
                result.comparedCells += 1
                let difference = try (actual.number ?? .zero).subtracting(expected.number ?? .zero)
                guard !difference.isZero else { continue }
                result.mismatches.append(
                    try mismatch(row: row, column: column, expected: expected, actual: actual, difference: difference))
            }
        }
    }

    private func cell(_ table: FigureTable, _ court: String, _ row: Int, _ column: Int) -> CellValue {
        table.cell(form: form, court: court, period: period, row: row, column: column).value
    }

    private func mismatch(
        row: Int, column: Int, expected: CellValue, actual: CellValue, difference: ExactDecimal
    ) throws(OperationError) -> FigureMismatch {
        let definition = submitted.forms[form]
        var shares: [FigureMismatch.Share] = []
        var remainder: ExactDecimal?
        // Ratios do not add up, so a difference of one cannot be split.
        var isAdditive = true
        if case .ratio = definition.columns[column].measure { isAdditive = false }
        if !children.isEmpty, isAdditive {
            var rest = difference
            for child in children {
                let amount = try (cell(submitted, child, row, column).number ?? .zero)
                    .subtracting(cell(computed, child, row, column).number ?? .zero)
                guard !amount.isZero else { continue }
                shares.append(FigureMismatch.Share(court: child, amount: amount))
                rest = try rest.subtracting(amount)
            }
            shares.sort { ($1.amount.magnitude, $0.court) < ($0.amount.magnitude, $1.court) }
            remainder = rest
        }
        let kind: FigureMismatch.Kind =
            switch (expected.number, actual.number) {
            case (_?, _?): .differs
            case (_?, nil): .notSubmitted
            default: .notComputed
            }
        return FigureMismatch(
            kind: kind, form: definition.name, court: court, period: period, row: definition.rows[row].code,
            column: definition.columns[column].code, expected: expected.number, actual: actual.number,
            difference: difference, shares: shares, remainder: remainder,
            message: Self.joined(
                place(row: row, column: column), message(kind, expected, actual), Self.causes(shares, remainder)))
    }

    /// Row and column as the form titles them.
    private func place(row: Int, column: Int) -> LocalizedText {
        let (row, column) = (submitted.forms[form].rows[row].title, submitted.forms[form].columns[column].title)
        return LocalizedText(en: "\(row) \(column): ", zh: "“\(row)”的“\(column)”")
    }

    /// The courts below to which a difference goes back, as much of them as a reader takes in at once.
    private static func causes(_ shares: [FigureMismatch.Share], _ remainder: ExactDecimal?) -> LocalizedText {
        guard !shares.isEmpty else { return LocalizedText("") }
        func signed(_ value: ExactDecimal) -> String { value.isNegative ? "\(value)" : "+\(value)" }
        let named = shares.prefix(5).map { "\($0.court) \(signed($0.amount))" }
        var (en, zh) = ("; of this \(named.joined(separator: ", "))", "；其中 \(named.joined(separator: "，"))")
        if shares.count > named.count {
            en += ", \(shares.count - named.count) more courts"
            zh += "，另有 \(shares.count - named.count) 个法院"
        }
        if let remainder, !remainder.isZero {
            en += ", own cases or adding up \(signed(remainder))"
            zh += "，本级或汇总 \(signed(remainder))"
        }
        return LocalizedText(en: en, zh: zh)
    }

    private static func joined(_ parts: LocalizedText...) -> LocalizedText {
        LocalizedText(en: parts.map(\.en).joined(), zh: parts.map(\.zh).joined())
    }

    private func message(_ kind: FigureMismatch.Kind, _ expected: CellValue, _ actual: CellValue) -> LocalizedText {
        let computed = expected.number?.description ?? ""
        let given = actual.number?.description ?? ""
        return switch kind {
        case .differs:
            LocalizedText(en: "submitted \(given), cases give \(computed)", zh: "上报\(given)，按案件计算为\(computed)")
        case .notSubmitted:
            LocalizedText(en: "not submitted, cases give \(computed)", zh: "未上报，按案件计算为\(computed)")
        case .notComputed:
            LocalizedText(en: "submitted \(given), nothing computed", zh: "上报\(given)，未计算出数")
        }
    }
}
