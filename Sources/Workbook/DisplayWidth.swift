/// How many columns of a fixed-width display a text takes: Chinese characters and full-width signs take two, combining
/// marks none.
public enum DisplayWidth {
    public static func of(_ text: some StringProtocol) -> Int {
        var width = 0
        for scalar in text.unicodeScalars { width += of(scalar) }
        return width
    }

    /// By the ranges of East Asian Width W and F (Unicode TR 11) that occur in names, statutes and messages.
    public static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0xFE00...0xFE0F, 0xFEFF: 0
        case 0x300...0x36F: 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            2
        default: 1
        }
    }

    /// The longest beginning that fits, with `…` at its end where something is cut.
    public static func fitted(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        var kept = ""
        var used = 0
        for character in text {
            let size = of(String(character))
            guard used + size <= width - 1 else { break }
            kept.append(character)
            used += size
        }
        return kept + "…"
    }

    /// Cut or filled with blanks to exactly this width.
    public static func padded(_ text: String, to width: Int, right: Bool = false) -> String {
        let cut = fitted(text, to: width)
        let blanks = String(repeating: " ", count: max(0, width - of(cut)))
        return right ? blanks + cut : cut + blanks
    }
}
