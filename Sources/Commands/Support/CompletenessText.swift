import Batches
import Diagnostics

/// What a submission lacks, in words.
extension BatchManifest.Completeness {
    /// Columns that are not the standard's, numbers without a case, and the last month beside the one before it.
    var lines: [LocalizedText] {
        var lines = columnLines
        if let gaps, !gaps.isEmpty {
            let missing = gaps.reduce(0) { $0 + $1.missing }
            let first = gaps.prefix(3).map { "\($0.series) \($0.numbers)" }
            lines.append(
                LocalizedText(
                    en:
                        "\(table): \(Format.count(missing)) case numbers in \(gaps.count) series have no case, such as \(first.joined(separator: "; "))",
                    zh: "\(table)：\(gaps.count) 个编号序列中有 \(Format.count(missing)) 个空号，例如 \(first.joined(separator: "；"))"
                ))
        }
        let months = (rowsPerMonth ?? [:]).sorted { $0.key < $1.key }.suffix(2)
        if let before = months.first, let last = months.last, months.count == 2 {
            lines.append(
                LocalizedText(
                    en:
                        "\(table): \(Format.count(last.value)) rows of \(last.key), \(Format.count(before.value)) of \(before.key)",
                    zh:
                        "\(table)：\(last.key) 共 \(Format.count(last.value)) 行，\(before.key) 共 \(Format.count(before.value)) 行"
                ))
        }
        return lines
    }

    /// Columns that are not the standard's (结构漂移). Those that are declared wider are left to `--json` and `--verbose`: many
    /// vendors declare all of theirs so, and a value that does not fit is told by the quarantine.
    var columnLines: [LocalizedText] {
        var lines: [LocalizedText] = []
        if !missingColumns.isEmpty {
            lines.append(
                LocalizedText(
                    en: "\(table): columns that the source does not give: \(missingColumns.joined(separator: ", "))",
                    zh: "\(table)：来源未提供的列：\(missingColumns.joined(separator: "、"))"))
        }
        if !extraColumns.isEmpty {
            lines.append(
                LocalizedText(
                    en: "\(table): columns that the standard does not have: \(extraColumns.joined(separator: ", "))",
                    zh: "\(table)：标准中没有的列：\(extraColumns.joined(separator: "、"))"))
        }
        return lines
    }
}
