public import Diagnostics

/// Fills in what a pipeline file leaves open: `${ENV}`, `{work}`, `{period}`, `{run}`, and `{step}`, what that step made.
public struct Placeholders: Sendable {
    private var names: [String: [String]]
    private let environment: [String: String]

    public init(_ names: [String: String], environment: [String: String]) {
        self.names = names.mapValues { [$0] }
        self.environment = environment
    }

    /// What a step made: files or folders, perhaps several.
    public mutating func define(_ step: String, products: [String]) { names[step] = products }

    /// The texts that `text` stands for: one, or one for each product when it is just `{step}`.
    public func expand(_ text: String, in step: String) throws(OperationError) -> [String] {
        if text.hasPrefix("{"), text.hasSuffix("}"), let products = names[String(text.dropFirst().dropLast())] {
            return products
        }
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { break }
            let name = String(rest[rest.index(after: open)..<close])
            let isEnvironment = rest[..<open].hasSuffix("$")
            result += isEnvironment ? rest[..<open].dropLast() : rest[..<open]
            let value = isEnvironment ? environment[name] : names[name].map { $0.joined(separator: " ") }
            guard let value else {
                throw isEnvironment ? .environmentMissing(name, step: step) : .placeholderUnknown(name, step: step)
            }
            result += value
            rest = rest[rest.index(after: close)...]
        }
        return [result + rest]
    }
}

extension OperationError {
    static func environmentMissing(_ name: String, step: String) -> OperationError {
        OperationError(
            .badDefinition, code: "pipeline-environment",
            LocalizedText(
                en: "step '\(step)' needs the environment variable \(name), which is not set",
                zh: "步骤“\(step)”需要环境变量 \(name)，但未设置"),
            hint: LocalizedText(en: "export \(name)=… and run again", zh: "请先 export \(name)=…，再运行"))
    }

    static func placeholderUnknown(_ name: String, step: String) -> OperationError {
        OperationError(
            .badDefinition, code: "pipeline-placeholder",
            LocalizedText(
                en: "step '\(step)' names {\(name)}, which is neither a step before it nor work, period or run",
                zh: "步骤“\(step)”引用了 {\(name)}，它既不是之前的步骤，也不是 work、period 或 run"),
            hint: LocalizedText(
                en: "add '\(name)' to the step's needs, or correct the name",
                zh: "请在该步骤的 needs 中加入“\(name)”，或改正名称"))
    }
}
