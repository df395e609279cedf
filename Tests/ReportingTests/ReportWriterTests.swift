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
        for width in [80, 120] {
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
            #expect(
                forms.hasPrefix("rule,severity,form,court,period,row,column,expected,actual,difference,message,side\n"))
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

    @Test func `the page stays small however much was found, and says where the rest is`() throws {
        var model = SampleReport.model()
        let rule = model.ruleStatistics[0].id
        model.findings = (1...100_000).map { (number: Int) in
            .init(
                rule: rule, severity: .error, table: "dangshiren", tableTitle: "当事人", court: "豫1702",
                key: "[\"AJ\(number)\",\"1\"]", row: number, message: "结案日期早于立案日期")
        }
        model.findingCounts = [.init(rule: rule, court: "豫1702", count: 100_000)]
        let page = try HTMLReport.page(model, language: .zh)
        #expect(page.utf8.count < 100_000)
        #expect(page.contains("前 20 条，共 100,000 条；其余见工作簿“质检明细”"))
        #expect(page.contains("AJ20 / 1") && !page.contains("AJ21 / 1"))
        try inFolder { folder in
            let path = folder + "/findings.csv"
            _ = try CSVReport.write(model, to: folder, language: .zh)
            #expect(try String(contentsOfFile: path, encoding: .utf8).utf8.count { $0 == 0x0A } == 100_001)
        }
    }

    @Test func `samples of all rules together stay few`() throws {
        var model = SampleReport.model()
        for rule in 0..<200 {
            model.findingCounts.append(.init(rule: "rule.\(rule)", court: "豫1702", count: 50))
            model.findings += (0..<50).map { number in
                .init(
                    rule: "rule.\(rule)", severity: .error, table: "anjian", tableTitle: "案件", court: "豫1702",
                    key: "K\(rule)-\(number)", message: "样本")
            }
        }
        let page = try HTMLReport.page(model, language: .en)
        #expect(page.components(separatedBy: ">样本<").count - 1 <= 500)
        #expect(page.contains("K199-0"))
    }

    @Test func `findings are not shown as rows lost on the way`() throws {
        var model = SampleReport.model()
        model.steps = [
            .init(
                id: "qc", title: .init(en: "Quality check", zh: "质检"), rowsIn: 10_529, rowsOut: 186,
                unitOut: .init(en: "findings", zh: "个问题"))
        ]
        let page = try HTMLReport.page(model, language: .zh)
        #expect(page.contains("186 个问题") && page.contains("10,529 行"))
        #expect(!page.contains("少 10,343"))
        #expect(TerminalReport.text(model, language: .en).contains("186 findings"))
    }

    @Test func `courts without figures are left out of forms and named in a note`() throws {
        var model = SampleReport.model()
        model.courts.append(.init(code: "?ZZ", name: "?ZZ", isListed: false))
        let zeros = model.forms[0].courts[0].cells.map { row in
            row.map { _ in FigureTable.Cell(value: .number(.zero), own: .number(.zero)) }
        }
        model.forms[0].courts.append(.init(court: "?ZZ", cells: zeros))
        let text = TerminalReport.text(model, language: .zh)
        #expect(text.contains("另有 1 个法院全部为 0，未列出：“?ZZ”（不在法院表内）。"))
        #expect(try HTMLReport.page(model, language: .en).contains("Left out, since all their figures are 0: ?ZZ"))
    }

    @Test func `findings of no court come last, with what to do, and count for no court`() throws {
        var model = SampleReport.model()
        model.findingCounts.append(.init(rule: model.ruleStatistics[0].id, court: nil, count: 900))
        let text = TerminalReport.text(model, language: .zh)
        #expect(text.contains("涉及 4 个法院"))
        let courts = try #require(text.range(of: "质检问题（按法院）"))
        let rows = text[courts.upperBound...].split(separator: "\n").dropFirst(2)
        #expect(rows.prefix(5).last?.hasPrefix("未归属法院") == true)
        #expect(text.contains("请先处理隔离数据"))
    }

    @Test func `a difference says whose figures it is about`() throws {
        var model = SampleReport.model()
        model.submittedFindings = model.formFindings
        let text = TerminalReport.text(model, language: .zh)
        #expect(text.contains("报送数与案件计算数不符 2；报送数违反报表规则 1；案件计算数违反报表规则 1"))
        let page = try HTMLReport.page(model, language: .zh)
        #expect(page.contains("报送数：收结案平衡") && page.contains("计算数：收结案平衡"))
        try inFolder { folder in
            _ = try CSVReport.write(model, to: folder, language: .zh)
            let lines = try String(contentsOfFile: folder + "/form-findings.csv", encoding: .utf8)
                .split(separator: "\n")
            #expect(lines.dropFirst().map { $0.hasSuffix(",computed") } == [true, false])
        }
    }

    @Test func `rule ids are never cut in the terminal's summary`() {
        var model = SampleReport.model()
        model.ruleStatistics[0].title = String(repeating: "标题", count: 20)
        let text = TerminalReport.text(model, language: .en)
        #expect(text.contains(model.ruleStatistics[0].id))
    }
}
