import ArgumentParser
import Diagnostics
import Foundation

/// What a verb did: its status, its object for `--json`, its text for people, and what it made for later steps.
struct OperationResult {
    var status: ExitStatus
    var json: any Encodable
    var text: LocalizedText
    /// Files or folders that `{step}` stands for in a pipeline.
    var products: [String]

    init(_ status: ExitStatus = .ok, json: any Encodable, text: LocalizedText, products: [String] = []) {
        self.status = status
        self.json = json
        self.text = text
        self.products = products
    }

    func encodedJSON() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(json)
    }
}

/// A verb: parsed by ArgumentParser, performed in a session; alone or as the step of a run.
protocol Operation: ParsableCommand {
    var common: CommonOptions { get }
    func perform(in session: Session) throws -> OperationResult
}

extension Operation {
    func run() throws {
        throw ExitCode(ExitStatus.internalError.rawValue)  // `Program` performs operations itself and never calls this.
    }
}
