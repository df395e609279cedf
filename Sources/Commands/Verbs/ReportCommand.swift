import ArgumentParser
import CourtModel
import Definitions
import Diagnostics
import Foundation
import Library
import Reporting

/// `report`: what was found, for analysts: workbook, page, CSV, JSON.
struct ReportCommand: Operation, LibraryStep {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "report", abstract: say("Write what a run found, for analysts.", "为统计人员生成一次运行的报告。"))
    }

    @Option(help: help("The run; default: this run, else the newest of the working folder.", "哪次运行；默认为本次或最近一次。"))
    var run: String?

    @Option(help: help("xlsx, html, csv, json, separated by commas.", "格式：xlsx、html、csv、json，以逗号分隔。"))
    var formats: String = "xlsx,html"

    @Option(help: help("The folder for the files.", "输出目录。"))
    var to: String = "reports"

    @Option(help: help("The statistical period.", "统计周期。"))
    var period: String?

    @OptionGroup var library: LibraryOptions
    @OptionGroup var schema: SchemaOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        for format in formats.split(separator: ",") where !["xlsx", "html", "csv", "json"].contains(format) {
            throw ValidationError(
                say(
                    "'\(format)' is no format; there are xlsx, html, csv, json", "“\(format)”不是格式；可用 xlsx、html、csv、json"
                ))
        }
    }

    func perform(in session: Session) throws -> OperationResult {
        let loaded = try session.definitions(schema)
        let builder = ReportBuilder(
            library: try session.library(library), schema: loaded.schema, period: try session.period(period),
            run: run ?? session.runID, work: session.work)
        let model = try builder.model()
        try Folders.make(to)
        removeUnfinished()
        var files: [String] = []
        for format in formats.split(separator: ",") {
            let path = "\(to)/report.\(format)"
            switch format {
            case "xlsx": try WorkbookReport.write(model, to: path, language: session.language)
            case "html": try HTMLReport.write(model, to: path, language: session.language)
            case "json": try JSONReport.write(model, to: path)
            default:
                files += try CSVReport.write(model, to: to, language: session.language)
                continue
            }
            files.append(path)
        }
        let list = files.map { "  \($0)" }.joined(separator: "\n")
        return OperationResult(
            json: ReportSummary(files: files),
            text: LocalizedText(en: "reports:\n\(list)", zh: "报告：\n\(list)"), products: files)
    }

    /// Files are written as `<name>.<process>.part`: those of processes that are gone were broken off.
    private func removeUnfinished() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: to)) ?? [] {
            guard let match = name.wholeMatch(of: #/.+\.([1-9][0-9]*)\.part/#), let process = pid_t(match.1),
                kill(process, 0) != 0, errno == ESRCH
            else { continue }
            unlink("\(to)/\(name)")
        }
    }
}

/// `report --json`.
struct ReportSummary: Encodable {
    var format = "sitong.report-files/1"
    var files: [String]
}
