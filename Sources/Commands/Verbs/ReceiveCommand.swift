import ArgumentParser
import Batches
import Diagnostics
import Foundation

/// `receive DIR`: verifies what has arrived, and acknowledges or refuses it (接收).
struct ReceiveCommand: Operation {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "receive",
            abstract: say("Verify arrived batches; acknowledge or refuse each.", "核验到达的批次，逐个签收或拒收。"))
    }

    @Argument(help: help("The inbox.", "收件箱目录。"))
    var inbox: String?

    @Option(help: help("The same, as a flag.", "同上，以参数形式给出。"))
    var from: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (inbox == nil) != (from == nil) else {
            throw ValidationError(say("name the inbox, once", "请指明收件箱（一次）"))
        }
    }

    func perform(in session: Session) throws -> OperationResult {
        let folder = InboxFolder.path(inbox ?? from ?? "")
        guard FileManager.default.fileExists(atPath: folder) else { throw OperationError.inboxMissing(folder) }
        var summary = ReceiveSummary()
        var lines: [LocalizedText] = []
        for reception in try Inbox(folder).receive() {
            switch reception {
            case .accepted(let batch, let isNew):
                if isNew {
                    summary.accepted.append(batch.manifest.id)
                } else {
                    summary.before.append(batch.manifest.id)
                }
            case .refused(let name, let reason, let movedTo):
                summary.refused.append(ReceiveSummary.Refusal(batch: name, code: reason.code, movedTo: movedTo))
                lines.append(
                    LocalizedText(
                        en: "  refused: \(name): \(reason.message.en); moved to \(movedTo)",
                        zh: "  拒收：\(name)：\(reason.message.zh)；已移至 \(movedTo)"))
            case .arriving(let name): summary.arriving.append(name)
            }
        }
        let first = LocalizedText(
            en:
                "\(summary.accepted.count) batches accepted, \(summary.before.count) before, \(summary.refused.count) refused, \(summary.arriving.count) still arriving",
            zh:
                "签收 \(summary.accepted.count) 个批次，先前已签收 \(summary.before.count) 个，拒收 \(summary.refused.count) 个，传输中 \(summary.arriving.count) 个"
        )
        lines.insert(first, at: 0)
        return OperationResult(
            summary.refused.isEmpty ? .ok : .badData, json: summary,
            text: LocalizedText(
                en: lines.map(\.en).joined(separator: "\n"), zh: lines.map(\.zh).joined(separator: "\n")),
            products: [folder])
    }
}

/// The inbox as a folder of this machine: a path, or `file://…` as `transfer --to` takes it.
enum InboxFolder {
    static func path(_ text: String) -> String {
        text.hasPrefix("file://") ? (URL(string: text)?.path ?? text) : text
    }
}

/// `receive --json`.
struct ReceiveSummary: Encodable {
    struct Refusal: Encodable {
        var batch: String
        var code: String
        var movedTo: String
    }

    var format = "sitong.receive/1"
    var accepted: [String] = []
    var before: [String] = []
    var refused: [Refusal] = []
    var arriving: [String] = []
}

extension OperationError {
    static func inboxMissing(_ folder: String) -> OperationError {
        OperationError(
            .noInput, code: "inbox-missing",
            LocalizedText(en: "there is no inbox '\(folder)'", zh: "没有收件箱“\(folder)”"),
            hint: LocalizedText(
                en: "check the path; the first transfer makes it", zh: "请检查路径；首次传输会创建它"))
    }
}
