import Columnar
import Schema

/// Tells why two values of a column probably differ; the first cause that fits.
struct CauseFinder {
    private let columns: [(kind: ColumnKind, codes: [String: String])]

    /// - Parameter codes: by column, the source's code → the standard's.
    init(_ plan: RowPlan, codes: [String: [String: String]]) {
        columns = plan.columns.map { (plan.table.columns[$0].type.kind, codes[plan.table.columns[$0].name] ?? [:]) }
    }

    /// - Parameter column: its place among those compared.
    func cause(_ column: Int, _ left: String?, _ right: String?) -> DifferenceCause {
        guard let left, let right else {
            return (left ?? right ?? "x").isEmpty ? .nullAgainstEmpty : .unexplained
        }
        let (kind, codes) = columns[column]
        if !codes.isEmpty, Self.isSameCode(left, right, codes) { return .sameCode }
        switch kind {
        case .int, .decimal:
            if Self.isRounded(left, right) { return .precision }
        case .date, .timestamp:
            if let cause = Self.time(left, right) { return cause }
        case .text, .bool: break
        }
        if Self.trimmed(left).elementsEqual(Self.trimmed(right)) { return .trailingBlank }
        if Self.narrowed(left).elementsEqual(Self.narrowed(right)) { return .width }
        if Self.isReplaced(left, right) || Self.isReplaced(right, left) { return .encoding }
        return .unexplained
    }

    /// One is the translation of the other, or what was kept of it for want of a translation.
    private static func isSameCode(_ left: String, _ right: String, _ codes: [String: String]) -> Bool {
        if codes[left] == right || codes[right] == left { return true }
        return left == "?" + right || right == "?" + left
    }

    private static func trimmed(_ text: String) -> Substring.UnicodeScalarView {
        var rest = text.unicodeScalars[...]
        while let last = rest.last, last.properties.isWhitespace { rest.removeLast() }
        return rest
    }

    private static func narrowed(_ text: String) -> [UInt32] {
        text.unicodeScalars.map { scalar in
            switch scalar.value {
            case 0xFF01...0xFF5E: scalar.value - 0xFEE0
            case 0x3000: 0x20
            default: scalar.value
            }
        }
    }

    /// Whether each character of one is that of the other or stands for one that was lost.
    private static func isReplaced(_ damaged: String, _ whole: String) -> Bool {
        let (damaged, whole) = (Array(damaged.unicodeScalars), Array(whole.unicodeScalars))
        guard damaged.count == whole.count else { return false }
        return zip(damaged, whole).allSatisfy { lost, scalar in
            lost == scalar
                || (scalar.value > 0x7F
                    && (lost == "?" || lost.value == 0xFFFD || (0xE000...0xF8FF).contains(lost.value)))
        }
    }

    // MARK: - Numbers

    private static func isRounded(_ left: String, _ right: String) -> Bool {
        guard let a = Number(left), let b = Number(right) else { return false }
        let (short, long) = a.decimals <= b.decimals ? (a, b) : (b, a)
        guard long.decimals > short.decimals, long.decimals - short.decimals <= 18 else { return false }
        let unit = (0..<long.decimals - short.decimals).reduce(Int128(1)) { unit, _ in unit * 10 }
        let (cut, rest) = long.unscaled.quotientAndRemainder(dividingBy: unit)
        let isHalf = rest.magnitude * 2 >= unit.magnitude
        return short.unscaled == cut || (isHalf && short.unscaled == cut + (long.isNegative ? -1 : 1))
    }

    /// Without the zeros at the end of its decimals.
    private struct Number {
        var unscaled: Int128
        var decimals: Int
        var isNegative: Bool

        init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 2, let whole = parts.first else { return nil }
            var fraction = parts.count == 2 ? parts[1] : ""
            while fraction.last == "0" { fraction.removeLast() }
            guard let value = Int128(whole + fraction), fraction.allSatisfy(\.isASCII) else { return nil }
            unscaled = value
            decimals = fraction.count
            isNegative = text.hasPrefix("-")
        }
    }

    // MARK: - Times

    private static func time(_ left: String, _ right: String) -> DifferenceCause? {
        let (short, long) = left.utf8.count <= right.utf8.count ? (left, right) : (right, left)
        if short.utf8.count >= 10, long.hasPrefix(short), long != short { return .timeCut }
        guard let a = microseconds(left), let b = microseconds(right) else { return nil }
        let day: Int64 = 86_400_000_000
        let distance = abs(a - b)
        if distance > 0, distance <= 14 * day / 24, distance % (day / 48) == 0 { return .timeZone }
        let earlier = min(a, b)
        let isSameDay = a >= 0 && b >= 0 && a / day == b / day
        if isSameDay, earlier % day == 0 { return .timeCut }
        if distance < 1_000_000, min(a % 1_000_000, b % 1_000_000) == 0 { return .precision }
        return nil
    }

    private static func microseconds(_ text: String) -> Int64? {
        var value: Int64 = 0
        let bytes = Array((text.utf8.count == 10 ? text + " 00:00:00" : text).utf8)
        return bytes.withUnsafeBufferPointer { TemporalText.timestamp($0, &value) } == nil ? value : nil
    }
}
