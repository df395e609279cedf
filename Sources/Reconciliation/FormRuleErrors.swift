import Diagnostics
import RuleLanguage
import Schema

extension ExpressionText {
    /// An error at a code point of the text; of a text over several lines, at its beginning.
    func problem(at offset: Int, _ code: String, _ message: LocalizedText, hint: LocalizedText? = nil) -> LanguageError
    {
        var place = location
        if !text.contains("\n") { place?.column += offset }
        return LanguageError(Diagnostic(code: code, message, at: place, hint: hint))
    }

    /// A name that nothing has, with the nearest one that something has.
    func unknown(
        _ en: String, _ zh: String, _ name: String, _ candidates: [String], at offset: Int
    ) -> LanguageError {
        problem(
            at: offset, "unknown-name",
            LocalizedText(en: "unknown \(en): '\(name)'", zh: "没有此\(zh)：“\(name)”"),
            hint: Suggestion.nearest(to: name, among: candidates).map {
                LocalizedText(en: "did you mean '\($0)'?", zh: "是否为“\($0)”？")
            })
    }
}
