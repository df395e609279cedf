import Diagnostics
import Foundation
import TestSupport
import Testing

/// `forms import` of workbooks as courts send them, and of what is wrong with them.
struct SubmittedFormsTests {
    private let folder: TemporaryDirectory
    private static let court = "豫1702"

    init() throws { folder = try TemporaryDirectory() }

    private func sitong(_ arguments: String..., status: Int32 = 0) throws -> SitongProcess {
        let ended = try SitongProcess.run(
            arguments + ["--lang", "zh"], in: folder.path, environment: ["SITONG_WORK": folder.path + "/work"])
        #expect(ended.status == status, "\(arguments.joined(separator: " ")): \(ended.errors)")
        return ended
    }

    /// Figures of two forms, with an amount, a rate and a blank, as a long CSV.
    private func makeFigures() throws -> [String] {
        var lines: [String] = []
        func add(_ form: String, rows: ClosedRange<Int>, columns: [String]) {
            for row in rows {
                for (place, column) in columns.enumerated() {
                    lines.append("\(form),\(Self.court),2026-10,\(row),\(column),\(row * 1000 + place * 7),")
                }
            }
        }
        add("T1", rows: 1...4, columns: ["xs", "yj"])
        lines.append("T1,\(Self.court),2026-10,1,bd,1234567.5,")
        lines.append("T1,\(Self.court),2026-10,2,bd,12345678901234567.89,")
        lines.append("T1,\(Self.court),2026-10,3,bd,-0.05,")
        lines.append("T1,\(Self.court),2026-10,4,bd,,")
        add("T2", rows: 1...60, columns: ["a", "b", "c"])
        // Of last year, so that pages are exported that compare with it and are not to be imported.
        let before = (1...4).map { "T1,\(Self.court),2025-10,\($0),xs,\($0)," }
        try ("form,court,period,row,column,value,own\n" + (lines + before).joined(separator: "\n") + "\n")
            .write(toFile: folder.appending("figures.csv"), atomically: true, encoding: .utf8)
        return lines.sorted()
    }

    private func makeSchema() throws {
        let rows = (1...60).map { "  - {code: '\($0)', title: 第\($0)行}" }.joined(separator: "\n")
        let definitions = """
            form: T1
            title: 测试收结案表
            columns:
              - {code: xs, title: 新收, unit: 件}
              - {code: yj, title: 已结, unit: 件}
              - {code: bd, title: 标的额, unit: 元}
            rows:
              - {code: '1', title: 合计}
              - {code: '2', title: 其他, parent: '1'}
              - {code: '3', title: 民事（一审）, parent: '1'}
              - {code: '4', title: 其他, parent: '3'}
            ---
            form: T2
            title: 测试长表
            columns: [{code: a, title: 甲栏}, {code: b, title: 乙栏}, {code: c, title: 丙栏}]
            rows:
            \(rows)
            ---
            codelist: court
            title: 法院
            file: court.csv
            key: dm
            parent: sj
            attributes: {mc: 名称}
            ---
            hierarchy: court
            title: 法院
            codelist: court
            parent: sj
            """
        try FileManager.default.createDirectory(atPath: folder.appending("schema"), withIntermediateDirectories: true)
        try definitions.write(toFile: folder.appending("schema/t.yaml"), atomically: true, encoding: .utf8)
        try "dm,mc,sj\n豫17,驻马店市中级人民法院,\n豫1702,驿城区人民法院,豫17\n".write(
            toFile: folder.appending("schema/court.csv"), atomically: true, encoding: .utf8)
    }

    private func lines(_ file: String) throws -> [String] {
        try String(contentsOfFile: folder.appending(file), encoding: .utf8).split(separator: "\n").dropFirst()
            .map(String.init).sorted()
    }

    @Test func `a workbook comes back as it was exported`() throws {
        try makeSchema()
        let figures = try makeFigures()
        for language in ["zh", "en"] {
            try export(to: "f.xlsx", language)
            #expect(try taken("f.xlsx") == figures)
        }
    }

    @Test(.enabled(if: Office.path != nil, "LibreOffice (soffice) is not installed"))
    func `a workbook comes back when a spreadsheet program has saved it`() throws {
        try makeSchema()
        let figures = try makeFigures()
        try export(to: "f.xlsx", "zh")
        RealPart.note(.office)
        try Office.convert("f.xlsx", to: "xlsx:Calc MS Excel 2007 XML", into: "saved", in: folder.path)
        #expect(try taken("saved/f.xlsx") == figures)
    }

    private func export(to workbook: String, _ language: String) throws {
        let ended = try SitongProcess.run(
            [
                "forms", "export", "--to", workbook, "--period", "2026-10", "--lang", language, "--schemas", "schema",
                "--figures", "figures.csv",
            ], in: folder.path)
        #expect(ended.status == 0, "\(ended.errors)")
    }

    /// What an import takes from a workbook. The export has no own figures, so that the figures are all there is to compare.
    private func taken(_ workbook: String) throws -> [String] {
        _ = try sitong("forms", "import", workbook, "--schemas", "schema", "--period", "2026-10", "--to", "taken.csv")
        return try lines("taken.csv")
    }

    @Test func `what is wrong is told by sheet and cell, and nothing is imported`() throws {
        try makeSchema()
        try """
        测试收结案表,,,
        填报单位：驿城区人民法院,,统计周期：2026年10月,表号：T1
        项目,新收,已结,标的额
        合计,5,x,1
        其他,1,2,"1,234.50"
        没有的行,7,,
        民事(一审),1,2,3
        制表人：,,审核人：,
        """.write(toFile: folder.appending("grid.csv"), atomically: true, encoding: .utf8)
        let wrong = try sitong(
            "forms", "import", "grid.csv", "--schemas", "schema", "--period", "2026-10", "--to", "no.csv", status: 65)
        for place in ["grid.csv:4:C：“x”不是数值", "grid.csv:6:A：报表T1没有行“没有的行”", "缺少行“其他”", "有 3 处问题"] {
            #expect(wrong.output.contains(place), "\(place) in \(wrong.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.appending("no.csv")))
        // The same as a workbook: cells as a spreadsheet calls them.
        let package = try makeWorkbook(
            sheet: """
                <row r="2"><c r="A2" t="inlineStr"><is><t>填报单位：驿城区人民法院</t></is></c>\
                <c r="D2" t="inlineStr"><is><t>表号：T1</t></is></c></row>\
                <row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c></row>\
                <row r="4"><c r="A4" t="str"><v>合计</v></c><c r="B4"><v>37.520000000000003</v></c><c r="C4" t="e"><v>#REF!</v></c></row>\
                <row r="5"><c r="A5" t="str"><v>其他</v></c><c r="B5" s="1"><v>0.5</v></c><c r="C5"><f>1+1</f></c></row>\
                <row r="6"><c r="A6" t="str"><v>民事（一审）</v></c><c r="B6"><v>1E3</v></c><c r="C6"><f>1+1</f><v>2</v></c></row>\
                <row r="7"><c r="A7" t="str"><v>其他</v></c><c r="B7"><v>1</v></c><c r="C7" t="str"><v>二</v></c></row>
                """)
        let cells = try sitong(
            "forms", "import", package, "--schemas", "schema", "--period", "2026-10", "--to", "no.csv", status: 65)
        for place in [
            "t.xlsx:Sheet1!C4：单元格为错误值 #REF!", "t.xlsx:Sheet1!B5：单元格为百分比格式", "t.xlsx:Sheet1!C5：公式没有计算结果",
            "t.xlsx:Sheet1!C7：“二”不是数值", "有 4 处问题",
        ] {
            #expect(cells.output.contains(place), "\(place) in \(cells.output)")
        }
    }

    @Test func `another period, court or form than was asked for is refused`() throws {
        try makeSchema()
        _ = try makeFigures()
        _ = try sitong(
            "forms", "export", "--to", "f.xlsx", "--schemas", "schema", "--figures", "figures.csv", "--form", "T1")
        func refused(_ period: String, _ more: String..., saying: String) throws {
            let arguments = ["forms", "import", "f.xlsx", "--schemas", "schema", "--period", period, "--to", "no.csv"]
            let ended = try SitongProcess.run(arguments + more + ["--lang", "zh"], in: folder.path)
            #expect(ended.status == 65)
            #expect(ended.output.contains(saying), "\(saying) in \(ended.output)")
        }
        try refused("2026-09", saying: "数字属于“2026年10月”，不属于 2026-09")
        try refused("2026-10", "--court", "豫17", saying: "数字属于“驿城区人民法院”，不属于 豫17")
        try refused("2026-10", "--form", "T2", saying: "这是报表T1，不是T2")
    }

    @Test func `a flood of equal mistakes is told by its first twenty and a number`() throws {
        try makeSchema()
        let lines = (1...60).map { "T2,\(Self.court),2026-10,\($0),a,x\($0)" }
        try ("form,court,period,row,column,value\n" + (lines + ["T2,无此院,2026-10,1,b,1"]).joined(separator: "\n") + "\n")
            .write(toFile: folder.appending("flood.csv"), atomically: true, encoding: .utf8)
        let ended = try sitong(
            "forms", "import", "flood.csv", "--schemas", "schema", "--period", "2026-10", "--to", "no.csv", status: 65)
        #expect(ended.output.contains("有 61 处问题"))
        #expect(ended.output.contains("另有同类（number）问题 40 处"))
        #expect(ended.output.contains("没有法院“无此院”"))
        #expect(ended.output.contains("“x20”") && !ended.output.contains("“x21”"))
    }

    @Test(arguments: ["cut", "text", "bits"])
    func `a workbook that is damaged is refused whole`(_ damage: String) throws {
        try makeSchema()
        _ = try makeFigures()
        _ = try sitong("forms", "export", "--to", "f.xlsx", "--schemas", "schema", "--figures", "figures.csv")
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.appending("f.xlsx"))))
        switch damage {
        case "cut": bytes.removeLast(bytes.count / 2)
        case "text": bytes = Array("form,court\n".utf8)
        default:
            let part = try #require(bytes.firstRange(of: Array("xl/worksheets/sheet1.xml".utf8)))
            for place in part.upperBound + 80..<part.upperBound + 120 { bytes[place] ^= 0xFF }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: folder.appending("f.xlsx")))
        let ended = try sitong(
            "forms", "import", "f.xlsx", "--schemas", "schema", "--period", "2026-10", "--to", "no.csv", status: 65)
        #expect(ended.errors.contains("error["))
        #expect(!FileManager.default.fileExists(atPath: folder.appending("no.csv")))
    }

    /// A workbook of one sheet, as small as it may be, packed by Python.
    private func makeWorkbook(sheet rows: String) throws -> String {
        let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
        let strings = ["项目", "新收", "已结"].map { "<si><r><t>\($0)</t></r></si>" }.joined()
        let parts = [
            "xl/workbook.xml":
                "<workbook \(main) xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"隐藏\" sheetId=\"2\" state=\"hidden\" r:id=\"r9\"/><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
            "xl/_rels/workbook.xml.rels":
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"x\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
            "xl/sharedStrings.xml": "<sst \(main)>\(strings)</sst>",
            "xl/styles.xml":
                "<styleSheet \(main)><numFmts><numFmt numFmtId=\"164\" formatCode=\"0.0%\"/></numFmts><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>",
            "xl/worksheets/sheet1.xml": "<worksheet \(main)><sheetData>\(rows)</sheetData></worksheet>",
        ]
        for (name, text) in parts {
            let path = folder.appending("package/" + name)
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text).write(
                toFile: path, atomically: true, encoding: .utf8)
        }
        let zip = Process()
        zip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        zip.arguments = ["python3", "-m", "zipfile", "-c", folder.appending("t.xlsx"), "xl"]
        zip.currentDirectoryURL = URL(fileURLWithPath: folder.appending("package"))
        try zip.run()
        zip.waitUntilExit()
        #expect(zip.terminationStatus == 0)
        return "t.xlsx"
    }
}
