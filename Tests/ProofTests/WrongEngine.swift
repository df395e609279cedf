import Proof
import ReferenceInterpreter
import RuleLanguage
import Schema

/// The native engine with one mistake: it takes `<=` for `<`.
struct WrongEngine: Engine {
    let name = "wrong"

    func judge(_ question: ProofCase) throws -> [Verdict?] {
        var changed = question
        for index in changed.rules.rules.indices {
            if case .check(let text) = changed.rules.rules[index].body, let syntax = try? Parser.parse(text) {
                changed.rules.rules[index].body = .check(ExpressionText(Printer.text(of: mistaken(syntax))))
            }
        }
        return try NativeEngine().judge(changed)
    }

    private func mistaken(_ syntax: Syntax) -> Syntax {
        var result = syntax
        for (index, part) in syntax.parts.enumerated() { result = result.replacing(index, with: mistaken(part)) }
        if case .compare(.lessOrEqual, let left, let right) = result.kind {
            result = Syntax(.compare(.less, left, right), at: result.offset, length: result.length)
        }
        return result
    }
}
