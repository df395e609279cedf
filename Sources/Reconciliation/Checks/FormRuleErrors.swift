import Diagnostics
import RuleLanguage
import Schema

extension ExpressionText {
    /// An error at a code point of the text.
    func problem(at offset: Int, _ code: String, _ message: LocalizedText, hint: LocalizedText? = nil) -> LanguageError
    {
        LanguageError(Diagnostic(code: code, message, at: location(of: offset), hint: hint))
    }

    /// A name that nothing has, with the nearest one that something has.
    func unknown(
        _ en: String, _ zh: String, _ name: String, _ candidates: [String], at offset: Int
    ) -> LanguageError {
        problem(
            at: offset, "unknown-name",
            LocalizedText(en: "unknown \(en): '\(name)'", zh: "没有此\(zh)：“\(name)”"),
            hint: Suggestion.didYouMean(name, among: candidates))
    }
}
