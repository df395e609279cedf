import Diagnostics
import FormEngine
import Foundation
import Reconciliation

/// The words of a report in the language asked for.
struct Wording: Sendable {
    let language: Language

    func callAsFunction(_ zh: String, _ en: String) -> String {
        language == .zh ? zh : en
    }

    func callAsFunction(_ zh: Int, _ en: Int) -> Int { language == .zh ? zh : en }

    func severity(_ severity: Severity) -> String {
        switch severity {
        case .error: self("错误", "error")
        case .warning: self("警告", "warning")
        case .notice: self("提示", "notice")
        }
    }

    func mismatchKind(_ kind: FigureMismatch.Kind) -> String {
        switch kind {
        case .differs: self("上报数与计算数不符", "submitted differs from computed")
        case .notSubmitted: self("漏报", "not submitted")
        case .notComputed: self("多报", "not computed")
        }
    }

    func status(_ status: ExitStatus) -> String {
        switch status {
        case .ok: self("完成", "done")
        case .findings: self("完成，有问题", "done, with findings")
        default: self("失败（\(status.rawValue)）", "failed (\(status.rawValue))")
        }
    }

    /// `1,234,567`.
    func number(_ value: Int) -> String { Self.grouped(String(value)) }

    /// `-1,234.50`; an empty text for no number.
    func number(_ value: ExactDecimal?) -> String { value.map { Self.grouped($0.description) } ?? "" }

    /// `10,529 行`; an empty text for no number. No unit means rows.
    func amount(_ value: Int?, _ unit: LocalizedText?) -> String {
        guard let value else { return "" }
        return number(value) + " " + (unit?.text(in: language) ?? self("行", "rows"))
    }

    /// A key as people read it: `17002…013 / 2` for the JSON text of a composite one.
    func key(_ key: String) -> String {
        guard key.hasPrefix("["), let parts = try? JSONDecoder().decode([String?].self, from: Data(key.utf8)) else {
            return key
        }
        return parts.map { $0 ?? "–" }.joined(separator: " / ")
    }

    /// With its sign, as differences are read.
    func signed(_ value: ExactDecimal?) -> String {
        guard let value else { return "" }
        return (value.isNegative || value.isZero ? "" : "+") + number(value)
    }

    func cell(_ value: CellValue) -> String {
        switch value {
        case .number(let number): self.number(number)
        case .blank: "–"
        case .absent: ""
        }
    }

    private static func grouped(_ text: String) -> String {
        let isNegative = text.hasPrefix("-")
        let parts = text.drop { $0 == "-" }.split(separator: ".", maxSplits: 1)
        var digits = ""
        let whole = parts.first ?? "0"
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { digits.append(",") }
            digits.append(digit)
        }
        return (isNegative ? "-" : "") + digits + (parts.count == 2 ? "." + parts[1] : "")
    }
}
