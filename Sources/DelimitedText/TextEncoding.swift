/// The character encodings (字符编码) in which files of courts come.
public enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case gb18030, gbk, big5

    /// By its usual name, in letters of any case.
    public init?(name: String) {
        let name = name.lowercased()
        self.init(rawValue: name == "utf8" ? "utf-8" : name)
    }
}
