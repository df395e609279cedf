import Diagnostics
import Foundation
import Testing
import Workbook

@Suite("Workbooks")
struct WorkbookTests {
    private func inFolder<R>(_ body: (String) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("workbook-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    /// One part of the package as text, through the system's `unzip`.
    private func part(_ name: String, of path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["unzip", "-p", path, name]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `a table has a header that stays, filters and widths for Chinese`() throws {
        try inFolder { folder in
            let path = folder + "/a.xlsx"
            let workbook = try Workbook(path: path)
            let table = workbook.addTable("明细", columns: [SheetColumn("法院"), SheetColumn("件数")])
            try table.append([.text("驻马店市驿城区人民法院"), .integer(12)])
            try table.append([.empty, .decimal("37.50")])
            try table.finish()
            try workbook.close()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.xlsx"])
            let sheet = try part("xl/worksheets/sheet1.xml", of: path)
            #expect(sheet.contains("state=\"frozen\""))
            #expect(sheet.contains("<autoFilter ref=\"A1:B3\"/>"))
            #expect(sheet.contains("<col min=\"1\" max=\"1\" width=\"24.7"))
            #expect(sheet.contains("<v>37.5</v>"))
        }
    }

    @Test(arguments: ["=1+1", "+1", "-1", "@x", "=HYPERLINK(\"http://example.invalid\")"])
    func `a text is never a formula`(_ text: String) throws {
        try inFolder { folder in
            let path = folder + "/a.xlsx"
            let workbook = try Workbook(path: path)
            try workbook.addSheet("x").append([.text(text)])
            try workbook.close()
            let sheet = try part("xl/worksheets/sheet1.xml", of: path)
            #expect(!sheet.contains("<f>"))
            #expect(sheet.contains("t=\"inlineStr\""))
        }
    }

    @Test func `a row is as high as the text that is wrapped in it, and first columns stay in sight`() throws {
        try inFolder { folder in
            let path = folder + "/a.xlsx"
            let workbook = try Workbook(path: path)
            let table = workbook.addTable(
                "明细", columns: [SheetColumn("号"), SheetColumn("说明", width: 21, isWrapped: true)], frozenColumns: 1)
            try table.append([.integer(1), .text(String(repeating: "长", count: 25))])
            try table.append([.integer(2), .text("短")])
            try table.finish()
            try workbook.close()
            let sheet = try part("xl/worksheets/sheet1.xml", of: path)
            #expect(sheet.contains("<row r=\"2\" ht=\"46.5\" customHeight=\"1\">"))
            #expect(sheet.contains("<row r=\"3\">"))
            #expect(sheet.contains("xSplit=\"1\"") && sheet.contains("ySplit=\"1\""))
        }
    }

    @Test func `a table goes on in the next sheet with its header`() throws {
        try inFolder { folder in
            let path = folder + "/a.xlsx"
            let workbook = try Workbook(path: path, title: "", rowsPerSheet: 2)
            let table = workbook.addTable("明细", columns: [SheetColumn("号")])
            for number in 1...5 { try table.append([.integer(number)]) }
            try table.finish()
            try workbook.close()
            let book = try part("xl/workbook.xml", of: path)
            #expect(book.contains("name=\"明细\"") && book.contains("name=\"明细 2\"") && book.contains("name=\"明细 3\""))
            #expect(try part("xl/worksheets/sheet3.xml", of: path).contains("<autoFilter ref=\"A1:A2\"/>"))
        }
    }

    @Test func `names of sheets are made legal and unique`() throws {
        try inFolder { folder in
            let path = folder + "/a.xlsx"
            let workbook = try Workbook(path: path)
            for _ in 0..<2 { _ = try workbook.addSheet("a/b:" + String(repeating: "长", count: 40)) }
            try workbook.close()
            let book = try part("xl/workbook.xml", of: path)
            #expect(book.contains("name=\"a_b_" + String(repeating: "长", count: 27) + "\""))
            #expect(book.contains("长 (2)\""))
        }
    }

    @Test func `numbers with more digits than a spreadsheet keeps stay texts`() throws {
        try inFolder { folder in
            let path = folder + "/a.xlsx"
            let workbook = try Workbook(path: path)
            try workbook.addSheet("x").append([.decimal("1234567890123456.78"), .integer(Int.max)])
            try workbook.close()
            let sheet = try part("xl/worksheets/sheet1.xml", of: path)
            #expect(sheet.contains("1234567890123456.78") && sheet.contains("9223372036854775807"))
        }
    }

    @Test func `a folder that is not there is status 73 in both languages`() {
        let error = #expect(throws: OperationError.self) { try Workbook(path: "/nonexistent/folder/a.xlsx") }
        #expect(error?.status == .cannotCreate)
        #expect(error?.text(in: .en).contains("/nonexistent/folder/a.xlsx") == true)
        #expect(error?.text(in: .zh).contains("无法创建工作簿") == true)
    }

    @Test func `a workbook that is dropped leaves nothing behind`() throws {
        try inFolder { folder in
            do {
                let workbook = try Workbook(path: folder + "/a.xlsx")
                try workbook.addSheet("x").append([.text("y")])
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test(arguments: [("法院", 4), ("F01", 3), ("（2026）豫", 10), ("e\u{301}", 1), ("", 0)])
    func `display width`(_ text: String, _ width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test func `texts are cut at whole characters`() {
        #expect(DisplayWidth.padded("驻马店市", to: 6) == "驻马… ")
        #expect(DisplayWidth.padded("12", to: 4, right: true) == "  12")
    }

    private func page(left: String) -> FormPage {
        FormPage(
            title: "收结案情况总表", heads: (left, "统计周期：2026年10月", "表号：F01"), corner: "项目",
            columns: ["旧存", "新收", "受理", "已结", "未结", "判决", "调解", "结案标的额(元)"].map { FormPage.Column($0) },
            rows: [
                .init(
                    title: "合计", depth: 0, isTotal: true,
                    values: Array(repeating: .integer(3), count: 7) + [.decimal("12345678901.50")]),
                .init(
                    title: "民事", depth: 1, isTotal: false, values: Array(repeating: .integer(3), count: 7) + [.empty]),
            ], notes: ["说明：本表为暂行表式。"],
            signatures: ["制表人：", "审核人：", "单位负责人：", "填报日期：　　年　　月　　日"], pageNumber: "第 &P 页 共 &N 页")
    }

    @Test func `a form is printed on A4 with its header on every page, page x of y, totals bold and numbers whole`()
        throws
    {
        try inFolder { folder in
            let path = folder + "/a.xlsx"
            let workbook = try Workbook(path: path)
            try workbook.addFormPage("F01 豫17", page(left: "填报单位：河南省驻马店市中级人民法院"))
            try workbook.close()
            let sheet = try part("xl/worksheets/sheet1.xml", of: path)
            #expect(sheet.contains("paperSize=\"9\""))
            #expect(sheet.contains("第 &amp;P 页 共 &amp;N 页"))
            #expect(sheet.contains("填报日期"))
            let book = try part("xl/workbook.xml", of: path)
            #expect(book.contains("_xlnm.Print_Titles"))
            // 12,345,678,901.50 has 17 characters; a narrower column would show ####.
            let widths = sheet.split(separator: "<col ").dropFirst().compactMap { text in
                text.split(separator: "width=\"").dropFirst().first.flatMap { Double($0.prefix { $0 != "\"" }) }
            }
            #expect(widths.count == 9)
            #expect((widths.last ?? 0) >= 17)
            // The styles of the total's cells are not those of the row below it.
            let rows = sheet.split(separator: "<row ").dropFirst()
            func styles(_ title: String) throws -> [Substring] {
                let row = try #require(rows.first { $0.contains(">\(title)<") })
                return row.split(separator: " s=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
            }
            #expect(try styles("合计").count == 9)
            #expect(Set(try styles("合计")).isDisjoint(with: try styles("　民事")))
        }
    }

    @Test func `texts above the table that have no room beside each other stand below each other, whole`() throws {
        try inFolder { folder in
            func rowsAbove(_ left: String) throws -> Int {
                let path = folder + "/\(left.count).xlsx"
                let workbook = try Workbook(path: path)
                try workbook.addFormPage("F01", page(left: left))
                try workbook.close()
                let sheet = try part("xl/worksheets/sheet1.xml", of: path)
                return sheet.split(separator: "<row r=").prefix { !$0.contains("项目") }.count
            }
            let (short, long) = (
                try rowsAbove("甲法院"), try rowsAbove("填报单位：" + String(repeating: "很长的", count: 12) + "人民法院")
            )
            #expect(short < long)
        }
    }
}
