/// The environment or an input failed: what was tried, on what, and why; then a hint.
///
/// One type for every module, since all of them end alike: a code, both texts and the exit status. Modules add static
/// factories in extensions (`OperationError.connectionRefused(…)`). Values of case data never go into the texts.
public struct OperationError: Error, Sendable {
    public var status: ExitStatus
    /// Stable and short, such as `pg-connect`.
    public var code: String
    public var message: LocalizedText
    public var hint: LocalizedText?
    /// Whether the same call may succeed later: a lost connection, a held lock.
    public var isTransient: Bool

    public init(
        _ status: ExitStatus, code: String, _ message: LocalizedText, hint: LocalizedText? = nil,
        isTransient: Bool = false
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.isTransient = isTransient
    }

    /// `error[pg-connect]: unable to connect to …` and, on the next line, the hint.
    public func text(in language: Language) -> String {
        let first = "error[\(code)]: \(message.text(in: language))"
        guard let hint else { return first }
        return first + "\n" + (language == .zh ? "提示：" : "hint: ") + hint.text(in: language)
    }
}

extension OperationError: CustomStringConvertible {
    public var description: String { text(in: .en) }
}
