import Columnar
import DelimitedText
public import Diagnostics
import FormEngine
import Reconciliation

/// The lists of a report as CSV files (UTF-8, comma, RFC 4180, LF), columns by the contract of the command line.
public enum CSVReport {
    /// Writes `findings.csv`, `form-findings.csv`, `mismatches.csv`, `figures.csv`, `rules.csv` and `quarantine.csv`
    /// into a folder that exists; returns their paths. Throws 73 or 74.
    ///
    /// - Parameter excel: begins each file with a BOM and puts `'` before texts that a spreadsheet takes for formulas.
    public static func write(
        _ model: ReportModel, to folder: String, language: Language, excel: Bool = false
    ) throws(OperationError) -> [String] {
        var paths: [String] = []
        func table(
            _ name: String, _ header: String, _ rows: (Records) throws(OperationError) -> Void
        ) throws(OperationError) {
            let path = folder + "/" + name
            let records = try Records(path: path, header: header.split(separator: ",").map(String.init), excel: excel)
            try rows(records)
            try records.finish()
            paths.append(path)
        }
        try table("findings.csv", "rule,severity,table,key,row,court,message,file,line,batch") {
            records throws(OperationError) in
            for finding in model.findings {
                try records.append([
                    finding.rule, finding.severity.rawValue, finding.table, finding.key, finding.row.map(String.init),
                    finding.court, finding.message, finding.file, finding.line.map(String.init), finding.batch,
                ])
            }
        }
        try table(
            "form-findings.csv", "rule,severity,form,court,period,row,column,expected,actual,difference,message,side"
        ) { records throws(OperationError) in
            let sides = model.formFindings.map { ($0, "computed") } + model.submittedFindings.map { ($0, "submitted") }
            for (finding, side) in sides {
                try records.append([
                    finding.rule, finding.severity.rawValue, finding.form, finding.court, finding.period, finding.row,
                    finding.column, finding.expected?.description, finding.actual?.description,
                    finding.difference?.description, finding.message.text(in: language), side,
                ])
            }
        }
        try table(
            "mismatches.csv", "kind,form,court,period,row,column,expected,actual,difference,message,shares"
        ) { records throws(OperationError) in
            for mismatch in model.mismatches {
                let shares = mismatch.shares.map { "\($0.court)=\($0.amount)" }.joined(separator: " ")
                try records.append([
                    mismatch.kind.rawValue, mismatch.form, mismatch.court, mismatch.period, mismatch.row,
                    mismatch.column, mismatch.expected?.description, mismatch.actual?.description,
                    mismatch.difference.description, mismatch.message.text(in: language), shares,
                ])
            }
        }
        try table("figures.csv", "form,court,period,row,column,value,own") { records throws(OperationError) in
            for sheet in model.forms {
                for court in sheet.courts {
                    for (row, cells) in zip(sheet.rows, court.cells) {
                        for (column, cell) in zip(sheet.columns, cells) where cell != FigureTable.Cell() {
                            try records.append([
                                sheet.form, court.court, sheet.period, row.code, column.code,
                                cell.value.number?.description, cell.own.number?.description,
                            ])
                        }
                    }
                }
            }
        }
        try table(
            "rules.csv", "rule,title,subject,severity,rows_in_scope,applicable,true,false,undecided,error,not_run"
        ) { records throws(OperationError) in
            for rule in model.ruleStatistics {
                try records.append([
                    rule.id, rule.title, rule.subject, rule.severity.rawValue, String(rule.rowsInScope),
                    String(rule.applicable), String(rule.trueCount), String(rule.falseCount),
                    String(rule.undecidedCount), String(rule.errorCount), rule.notRun?.text(in: language),
                ])
            }
        }
        try table("quarantine.csv", "court,batch,table,reason,rows,reason_text") { records throws(OperationError) in
            for group in model.quarantine {
                try records.append([
                    group.court, group.batch, group.table, group.reason, String(group.rows),
                    group.reasonText.text(in: language),
                ])
            }
        }
        return paths
    }

    /// The records of one file, written through the one CSV writer of the product.
    private final class Records {
        private let path: String
        private let excel: Bool
        private let columnCount: Int
        private var writer: CSVWriter<OutputFile>
        private var block: RawBlock

        init(path: String, header: [String], excel: Bool) throws(OperationError) {
            self.path = path
            self.excel = excel
            columnCount = header.count
            block = RawBlock(columnCount: header.count)
            let file = try OutputFile(path: path)
            if excel { try file.write("\u{FEFF}") }
            writer = try Self.naming(path) { try CSVWriter(file, columns: header) }
        }

        /// One record; nil is an empty field, the empty text is `""`.
        func append(_ fields: [String?]) throws(OperationError) {
            for (index, field) in fields.enumerated() { block.columns[index].append(field.map(safe)) }
            block.rowCount += 1
            if block.rowCount == RawBlock.preferredRowCount { try flush() }
        }

        func finish() throws(OperationError) {
            try flush()
            try Self.naming(path) { try writer.finish() }
        }

        private func flush() throws(OperationError) {
            try Self.naming(path) { try writer.write(block) }
            block = RawBlock(columnCount: columnCount)
        }

        /// A spreadsheet takes what begins with these for a formula, except numbers.
        private func safe(_ text: String) -> String {
            guard excel, let first = text.utf8.first, "=+-@".utf8.contains(first), ExactDecimal(text) == nil else {
                return text
            }
            return "'" + text
        }

        private static func naming<R>(_ path: String, _ body: () throws -> R) throws(OperationError) -> R {
            do {
                return try body()
            } catch let error as OperationError {
                throw error
            } catch {
                throw .reportNotWritten(path, reason: "\(error)")
            }
        }
    }
}
