public import Diagnostics
public import RuleLanguage
public import Schema

/// All that the definition files say, resolved, and all that is wrong with them.
///
/// Expressions are still text; whoever compiles them adds their problems to these.
public struct LoadedDefinitions: Sendable {
    public var schema: StandardSchema
    public var rules: RuleSet
    public var sources: [SourceDefinition]
    public var pipelines: [PipelineDefinition]
    /// In the order of files and lines; objects that could not be read are left out above.
    public var diagnostics: [Diagnostic]

    public init(
        schema: StandardSchema, rules: RuleSet, sources: [SourceDefinition] = [],
        pipelines: [PipelineDefinition] = [], diagnostics: [Diagnostic] = []
    ) {
        self.schema = schema
        self.rules = rules
        self.sources = sources
        self.pipelines = pipelines
        self.diagnostics = diagnostics
    }

    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// These definitions, when nothing is wrong with them; warnings and notices remain in `diagnostics`.
    public func validated() throws(InvalidDefinitions) -> LoadedDefinitions {
        if hasErrors { throw InvalidDefinitions(diagnostics) }
        return self
    }
}
