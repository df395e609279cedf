import CourtModel
import Diagnostics

/// 流水线: steps that are subcommands.
struct PipelineReader {
    let log: DiagnosticLog

    static let keys = ["pipeline", "title", "period", "steps", "on-failure"]
    static let stepKeys = ["id", "uses", "needs", "with", "continue", "retries"]
    private static let relativePeriods = ["previous-month", "this-month", "previous-quarter", "previous-year"]

    func pipeline(_ object: WrittenObject) -> PipelineDefinition? {
        guard let fields = object.fields(Self.keys, log) else { return nil }
        var pipeline = PipelineDefinition(
            name: object.name, title: fields.text("title"), period: period(fields), steps: [],
            location: object.node.location)
        guard fields.required("steps") != nil else { return nil }
        var needs: [(step: String, node: YAMLNode)] = []
        for item in fields.sequence("steps") ?? [] {
            guard let step = step(item, object, &needs) else { continue }
            if let first = pipeline.step(step.id) {
                log.add(
                    .duplicateName(
                        LocalizedText(en: "step", zh: "步骤"), step.id, at: item.location, first: first.location))
                continue
            }
            pipeline.steps.append(step)
        }
        for (step, node) in needs where pipeline.step(node.scalar ?? "") == nil {
            log.add(
                .unknown(
                    "unknown-step", LocalizedText(en: "step", zh: "步骤"), node.scalar ?? "", at: node.location,
                    known: pipeline.steps.map(\.id).filter { $0 != step }))
        }
        checkCycle(pipeline)
        for item in fields.sequence("on-failure") ?? [] {
            let what = LocalizedText(en: "'on-failure' of \(object.what.en)", zh: "\(object.what.zh)的“on-failure”")
            let channels = PipelineDefinition.Notification.Channel.allCases
            guard let parts = Fields(item, what, known: channels.map(\.rawValue), log: log) else { continue }
            for channel in channels {
                guard let target = parts.text(channel.rawValue) else { continue }
                pipeline.onFailure.append(.init(channel: channel, target: target, location: item.location))
            }
        }
        return pipeline
    }

    /// Any label is a period; but a relative word with a slip in it is none.
    private func period(_ fields: Fields) -> String? {
        guard let node = fields.scalar("period"), let text = node.scalar else { return nil }
        if Self.relativePeriods.contains(text) || StatisticalPeriod(text) != nil { return text }
        if let near = Suggestion.candidates(for: text, among: Self.relativePeriods).first {
            log.add(
                .badValue(
                    text, of: fields.name("period"),
                    expected: LocalizedText(
                        en: "a period such as 2026-10, or one of \(Self.relativePeriods.joined(separator: ", "))",
                        zh: "2026-10 形式的期间，或以下之一：\(Self.relativePeriods.joined(separator: "、"))"),
                    at: node.location, hint: Fields.didYouMean(near)))
        }
        return text
    }

    private func step(
        _ item: YAMLNode, _ object: WrittenObject, _ needs: inout [(step: String, node: YAMLNode)]
    ) -> PipelineDefinition.Step? {
        let id = item.value("id")?.scalar
        let what = LocalizedText(
            en: id.map { "step '\($0)' of \(object.what.en)" } ?? "a step of \(object.what.en)",
            zh: id.map { "\(object.what.zh)的步骤“\($0)”" } ?? "\(object.what.zh)的步骤")
        guard let fields = Fields(item, what, known: Self.stepKeys, log: log) else { return nil }
        let idText = fields.requiredText("id")
        let uses = fields.requiredText("uses")
        var arguments: [PipelineDefinition.Argument] = []
        for entry in fields.mapping("with") ?? [] {
            for value in entry.value.sequence ?? [entry.value] {
                if let text = value.scalar {
                    arguments.append(.init(name: entry.key, text: text, location: value.location))
                } else {
                    log.add(
                        .wrongShape(
                            LocalizedText(entry.key),
                            expected: LocalizedText(en: "a text or a list of texts", zh: "文本或文本列表"), found: value))
                }
            }
        }
        let waits = fields.texts("needs") ?? []
        let continues = fields.flag("continue") ?? false
        let retries = fields.integer("retries", in: 0...100) ?? 0
        guard let idText, let uses else { return nil }
        needs += waits.map { (idText, $0) }
        let words = uses.split(separator: " ").joined(separator: " ")
        return .init(
            id: idText, uses: words, needs: waits.compactMap(\.scalar), arguments: arguments, continues: continues,
            retries: retries, location: item.location)
    }

    private func checkCycle(_ pipeline: PipelineDefinition) {
        var done: Set<String> = []
        var left = pipeline.steps
        while let index = left.firstIndex(where: { step in
            step.needs.allSatisfy { done.contains($0) || pipeline.step($0) == nil }
        }) {
            done.insert(left.remove(at: index).id)
        }
        guard let first = left.first else { return }
        let ids = left.map(\.id).joined(separator: ", ")
        log.add(
            Diagnostic(
                code: "cycle",
                LocalizedText(en: "these steps wait for one another: \(ids)", zh: "这些步骤相互等待：\(ids)"),
                at: first.location))
    }
}
