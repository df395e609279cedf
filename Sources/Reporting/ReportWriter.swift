public import Diagnostics
import Foundation

/// The files that a report can be written as.
public enum ReportFormat: String, Sendable, CaseIterable {
    case xlsx, html, csv, json
}

/// Writes a report's files into one folder: `report.xlsx`, `report.html`, `report.json` and the lists as CSV.
public enum ReportWriter {
    /// Makes the folder where it is missing. Every file appears whole or not at all.
    ///
    /// - Returns: the paths written, in the order of `ReportFormat`.
    public static func write(
        _ model: ReportModel, formats: Set<ReportFormat>, to folder: String, language: Language
    ) throws(OperationError) -> [String] {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .reportNotCreated(folder, reason: error.localizedDescription)
        }
        var paths: [String] = []
        for format in ReportFormat.allCases where formats.contains(format) {
            let path = "\(folder)/report.\(format.rawValue)"
            switch format {
            case .xlsx: try WorkbookReport.write(model, to: path, language: language)
            case .html: try HTMLReport.write(model, to: path, language: language)
            case .json: try JSONReport.write(model, to: path)
            case .csv:
                paths += try CSVReport.write(model, to: folder, language: language)
                continue
            }
            paths.append(path)
        }
        return paths
    }
}
