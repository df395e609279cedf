import ArgumentParser
package import Diagnostics
import Foundation

/// The whole program: parses, performs, prints, and knows the exit status of everything that can go wrong.
public enum Program {
    /// Performs the command line of this process.
    public static func main() -> Never {
        exit(run(Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment).rawValue)
    }

    static func run(_ arguments: [String], environment: [String: String]) -> ExitStatus {
        Speech.choose(arguments: arguments, environment: environment)
        if let fault = environment["SITONG_FAULT"], !fault.isEmpty { FaultPoints.arm(fault) }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)  // A file that grows beyond its limit is a failed write (74), not a death.
        let operation: any Operation
        do {
            operation = try parse(arguments)
        } catch {
            return explain(parsing: error)
        }
        let session: Session
        do {
            session = try Session(options: operation.common, language: Speech.language, environment: environment)
        } catch {
            return report(error, language: Speech.language) { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
        }
        StopSignals.install(session.cleanUp)
        defer { session.cleanUp.run() }
        do {
            let result = try operation.perform(in: session)
            if operation.common.json {
                session.console.result(String(decoding: try result.encodedJSON(), as: UTF8.self))
            } else {
                session.console.result(result.text.text(in: session.language))
            }
            return result.status
        } catch {
            return report(failure: error, of: operation, in: session)
        }
    }

    /// On stderr for people; definitions that are wrong also on stdout for programs that asked for an object.
    private static func report(failure: any Error, of operation: any Operation, in session: Session) -> ExitStatus {
        var failure = failure
        if operation.common.json, let invalid = failure as? InvalidDefinitions {
            let list = DiagnosticList(invalid, in: session.language)
            do {
                let json = try OperationResult(.badDefinition, json: list, text: LocalizedText("")).encodedJSON()
                session.console.result(String(decoding: json, as: UTF8.self))
            } catch {
                failure = error
            }
        }
        return report(failure, language: session.language) { session.console.fail($0) }
    }

    /// The operation that a command line asks for; also how the steps of a pipeline are made.
    static func parse(_ arguments: [String]) throws -> any Operation {
        var command = try SitongCommand.parseAsRoot(arguments)
        if let operation = command as? any Operation { return operation }
        // Help, or a group such as `library` alone, which throws what it has to say.
        try command.run()
        throw CleanExit.helpRequest(type(of: command))
    }

    /// Help and version are clean; anything else is a usage error.
    private static func explain(parsing error: any Error) -> ExitStatus {
        let isClean = SitongCommand.exitCode(for: error) == .success
        let full = SitongCommand.fullMessage(for: error)
        let text = (isClean ? full : usageText(full, language: Speech.language)) + "\n"
        (isClean ? FileHandle.standardOutput : FileHandle.standardError).write(Data(text.utf8))
        return isClean ? .ok : .usage
    }

    /// How the process ends after an error. Whatever is not known here is a bug of ours: 70, never 1.
    package static func status(of error: any Error) -> ExitStatus {
        switch error {
        case let error as OperationError: error.status
        case is InvalidDefinitions: .badDefinition
        case is ValidationError: .usage
        default: .internalError
        }
    }

    /// ArgumentParser's words in the form of all our errors; what it says of a flag stays English.
    private static func usageText(_ text: String, language: Language) -> String {
        var result = text
        if result.hasPrefix("Error: ") {
            let head = LocalizedText(en: "error[usage]: ", zh: "error[usage]: 命令行有误：")
            result = head.text(in: language) + result.dropFirst("Error: ".count)
        }
        guard let see = result.range(of: #"  See '(.*)' for more information\."#, options: .regularExpression) else {
            return result
        }
        let verb = result[see].split(separator: "'").dropFirst().first.map(String.init) ?? "sitong --help"
        let hint = LocalizedText(en: "hint: '\(verb)' explains the flags", zh: "提示：用“\(verb)”可查看参数说明")
        result.replaceSubrange(see, with: hint.text(in: language))
        return result
    }

    /// Prints what went wrong and says how to end.
    package static func report(_ error: any Error, language: Language, print: (String) -> Void) -> ExitStatus {
        switch error {
        case let error as OperationError: print(error.text(in: language))
        case let error as InvalidDefinitions:
            for diagnostic in error.diagnostics { print(diagnostic.text(in: language)) }
        case let error as ValidationError: print("error[usage]: \(error.message)")
        default:
            let text = LocalizedText(
                en: "an unexpected failure, which is a bug of ours: \(type(of: error))",
                zh: "意外失败，这是程序自身的缺陷：\(type(of: error))")
            let hint = LocalizedText(
                en: "please report it with the command line and the version ('sitong --version')",
                zh: "请连同命令行和版本（sitong --version）一并反馈")
            print(OperationError(.internalError, code: "unexpected", text, hint: hint).text(in: language))
        }
        return status(of: error)
    }
}
