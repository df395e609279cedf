public import Diagnostics

/// A pipeline (流水线): steps, each of them exactly a subcommand, with what each one waits for.
///
/// Texts keep their `${ENV}`, `{work}`, `{period}` and `{step}` placeholders; the runner fills them in.
public struct PipelineDefinition: Sendable, Hashable {
    /// One flag of a step; a list in the file becomes the flag given several times.
    public struct Argument: Sendable, Hashable {
        /// The flag without its dashes.
        public var name: String
        /// As written; `true` is a flag without a value.
        public var text: String
        public var location: SourceLocation?

        public init(name: String, text: String, location: SourceLocation? = nil) {
            self.name = name
            self.text = text
            self.location = location
        }
    }

    public struct Step: Sendable, Hashable {
        public var id: String
        /// The subcommand: `extract`, `forms compute`.
        public var uses: String
        /// Ids of steps that end before this one begins; all exist, without a cycle.
        public var needs: [String]
        /// `with:`, in the order of the file.
        public var arguments: [Argument]
        /// Whether its status 1 lets its dependants run.
        public var continues: Bool
        /// How often it is tried again after a failure that may pass.
        public var retries: Int
        public var location: SourceLocation?

        public init(
            id: String, uses: String, needs: [String] = [], arguments: [Argument] = [], continues: Bool = false,
            retries: Int = 0, location: SourceLocation? = nil
        ) {
            self.id = id
            self.uses = uses
            self.needs = needs
            self.arguments = arguments
            self.continues = continues
            self.retries = retries
            self.location = location
        }
    }

    /// Who is told when a run fails.
    public struct Notification: Sendable, Hashable {
        public enum Channel: String, Sendable, CaseIterable { case mail, webhook, exec }

        public var channel: Channel
        public var target: String
        public var location: SourceLocation?

        public init(channel: Channel, target: String, location: SourceLocation? = nil) {
            self.channel = channel
            self.target = target
            self.location = location
        }
    }

    public var name: String
    public var title: String
    /// A label such as `2026-10`, or a word such as `previous-month`; nil when the run must name it.
    public var period: String?
    /// In the order of the file.
    public var steps: [Step]
    public var onFailure: [Notification]
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, period: String? = nil, steps: [Step], onFailure: [Notification] = [],
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.period = period
        self.steps = steps
        self.onFailure = onFailure
        self.location = location
    }

    public func step(_ id: String) -> Step? { steps.first { $0.id == id } }
}
