import Diagnostics
import FormEngine
import Foundation
import Reporting
import Testing

@Suite("Reports")
struct ReportWriterTests {
    private func inFolder<R>(_ body: (String) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    @Test(arguments: Language.allCases)
    func `the page is whole, in the language asked for, and needs nothing from outside`(_ language: Language) throws {
        let page = try HTMLReport.page(SampleReport.model(), language: language)
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        #expect(page.contains(language == .zh ? "报表差异" : "Differences in forms"))
        #expect(page.contains("lang=\"\(language == .zh ? "zh-CN" : "en")\""))
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"))
        #expect(!page.contains("{{"))
        #expect(page.contains("豫1721") && page.contains("1,207") && page.contains("结案日期不得早于立案日期"))
        #expect(page.contains("case.closed-not-before-filed") && page.contains("appeal.after-closing"))
    }

    @Test func `whatever data and definitions hold is escaped`() throws {
        let page = try HTMLReport.page(SampleReport.model(hostile: true), language: .zh)
        #expect(!page.contains("<script"))
        #expect(!page.contains("alert('x')"))
        #expect(page.contains("&lt;script&gt;"))
    }

    @Test func `an empty report says that nothing is wrong`() throws {
        let model = ReportModel(title: LocalizedText(en: "Empty", zh: "空"), generatedAt: "2026-11-21 13:46:05")
        #expect(try HTMLReport.page(model, language: .zh).contains("未发现数据质量问题，报表数据相符。"))
        #expect(TerminalReport.text(model, language: .en).contains("No findings; the figures agree."))
    }

    @Test(arguments: Language.allCases)
    func `no line of the terminal's summary is wider than asked for`(_ language: Language) throws {
        for width in [60, 80, 120] {
            let text = TerminalReport.text(SampleReport.model(), language: language, width: width)
            for line in text.split(separator: "\n") {
                let columns = line.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x2E80 ? 2 : 1) }
                #expect(columns <= width, "\(line)")
            }
            #expect(!text.contains("\u{1B}"))
        }
    }

    @Test func `JSON parses, is versioned, and keeps every digit`() throws {
        var model = SampleReport.model(hostile: true)
        let digits = "12345678901234567890123456789.12"
        model.forms[0].courts[0].cells[0][0].value = .number(try #require(ExactDecimal(digits)))
        let text = JSONReport.text(model)
        #expect(text.contains("\"value\":\(digits)"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["format"] as? String == "sitong.report/1")
        #expect((object["summary"] as? [String: Any])?["errors"] as? Int == 42)
        #expect((object["findings"] as? [Any])?.count == model.findings.count)
        #expect(((object["findings"] as? [[String: Any]])?.first)?["message"] as? String == SampleReport.hostile)
    }

    @Test func `CSV files have the contract's columns and quote what must be quoted`() throws {
        try inFolder { folder in
            var model = SampleReport.model()
            model.findings[0].message = "=1+1,\"x\"\r\n下一行"
            let paths = try CSVReport.write(model, to: folder, language: .zh)
            #expect(paths.count == 6)
            let findings = try String(contentsOfFile: folder + "/findings.csv", encoding: .utf8)
            #expect(findings.hasPrefix("rule,severity,table,key,row,court,message,file,line,batch\n"))
            #expect(findings.contains("\"=1+1,\"\"x\"\"\r\n下一行\""))
            let forms = try String(contentsOfFile: folder + "/form-findings.csv", encoding: .utf8)
            #expect(forms.hasPrefix("rule,severity,form,court,period,row,column,expected,actual,difference,message\n"))
            #expect(forms.contains("F01.balance,error,F01,豫1702,2026-10,1,jc,440,428,-12,"))

            _ = try CSVReport.write(model, to: folder, language: .zh, excel: true)
            let excel = try Data(contentsOf: URL(fileURLWithPath: folder + "/findings.csv"))
            #expect(excel.starts(with: [0xEF, 0xBB, 0xBF]))
            #expect(String(decoding: excel, as: UTF8.self).contains("\"'=1+1,"))
        }
    }

    @Test(arguments: Language.allCases)
    func `the workbook has its sheets`(_ language: Language) throws {
        try inFolder { folder in
            let path = folder + "/report.xlsx"
            try WorkbookReport.write(SampleReport.model(hostile: true), to: path, language: language)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(data.starts(with: [0x50, 0x4B, 0x03, 0x04]))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["report.xlsx"])
        }
    }

    @Test func `all formats go into one folder, which is made where it is missing`() throws {
        try inFolder { folder in
            let paths = try ReportWriter.write(
                SampleReport.model(), formats: Set(ReportFormat.allCases), to: folder + "/reports/2026-10",
                language: .zh)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/reports/2026-10")
            #expect(Set(paths.map { ($0 as NSString).lastPathComponent }) == Set(names))
            #expect(Set(names).isSuperset(of: ["report.xlsx", "report.html", "report.json", "findings.csv"]))
        }
    }

    @Test func `a folder that is not there is status 73 and leaves nothing`() {
        for write: () throws -> Void in [
            { try HTMLReport.write(SampleReport.model(), to: "/nonexistent/x.html", language: .zh) },
            { try JSONReport.write(SampleReport.model(), to: "/nonexistent/x.json") },
            { try WorkbookReport.write(SampleReport.model(), to: "/nonexistent/x.xlsx", language: .zh) },
            { _ = try CSVReport.write(SampleReport.model(), to: "/nonexistent", language: .zh) },
        ] {
            let error = #expect(throws: OperationError.self) { try write() }
            #expect(error?.status == .cannotCreate)
            #expect(error?.message.zh.contains("/nonexistent") == true)
        }
    }
}
