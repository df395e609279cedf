import ArgumentParser
import Diagnostics

/// The language of this process, known before the first help text is made.
///
/// ArgumentParser asks for help texts through static members, so the choice is kept here rather than passed along.
enum Speech {
    nonisolated(unsafe) private(set) static var language: Language = .en  // Written once, before parsing.

    /// `--lang` wins over the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`).
    static func choose(arguments: [String], environment: [String: String]) {
        if let index = arguments.firstIndex(of: "--lang"), index + 1 < arguments.count {
            language = Language(rawValue: arguments[index + 1]) ?? language
            return
        }
        if let joined = arguments.first(where: { $0.hasPrefix("--lang=") }) {
            language = Language(rawValue: String(joined.dropFirst("--lang=".count))) ?? language
            return
        }
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        language = locale.hasPrefix("zh") ? .zh : .en
    }
}

/// A text in the language of this process.
func say(_ en: String, _ zh: String) -> String { Speech.language == .zh ? zh : en }

/// A help text in the language of this process.
func help(_ en: String, _ zh: String) -> ArgumentHelp { ArgumentHelp(stringLiteral: say(en, zh)) }
