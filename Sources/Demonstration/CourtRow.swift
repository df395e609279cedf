/// A court of the real court list, as the demonstration needs it.
public struct CourtRow: Sendable, Hashable {
    /// 法院代字, such as `豫1702`.
    public var mark: String
    public var name: String
    /// 级别: 最高, 高级, 中级, 基层.
    public var level: String
    /// The upper court's mark.
    public var upperMark: String?

    public init(mark: String, name: String, level: String, upperMark: String?) {
        self.mark = mark
        self.name = name
        self.level = level
        self.upperMark = upperMark
    }

    /// `mark` in ASCII, for names of files and databases: `yu1702`.
    public var fileName: String {
        mark.unicodeScalars.map { scalar in
            if scalar.isASCII { return String(scalar) }
            return scalar == "豫" ? "yu" : "u" + String(scalar.value, radix: 16)
        }.joined()
    }
}
