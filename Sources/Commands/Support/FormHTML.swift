import Workbook

/// Pages of forms as one HTML file that needs nothing beside it and prints on A4.
enum FormHTML {
    private static let style = """
        @page { size: A4 landscape; margin: 14mm 12mm 16mm;
                @bottom-center { content: "第 " counter(page) " 页 共 " counter(pages) " 页"; font: 9pt serif; } }
        body { font-family: SimSun, "Noto Serif CJK SC", "Noto Sans CJK SC", serif; color: #000; background: #fff;
               margin: 2rem; }
        section { break-after: page; margin: 0 auto 3rem; max-width: 78rem; }
        section:last-child { break-after: auto; }
        h1 { text-align: center; font-size: 1.5rem; margin: 0 0 .6rem; }
        .heads, .signatures { display: flex; justify-content: space-between; gap: 1rem; margin: .3rem 0; }
        .signatures { margin-top: 1.2rem; } .signatures span { flex: 1; }
        table { border-collapse: collapse; width: 100%; font-size: .86rem; }
        thead { display: table-header-group; } tr { break-inside: avoid; }
        th, td { border: 1px solid #000; padding: .2rem .4rem; } th { background: #f2f2f2; }
        td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
        td:first-child { text-align: left; white-space: normal; } .total td { font-weight: bold; }
        p { font-size: .8rem; margin: .3rem 0; }
        @media print { body { margin: 0; } section { max-width: none; } }
        """

    static func text(_ pages: [FormPage], language: String) -> String {
        let title = pages.first.map(\.title) ?? ""
        return "<!doctype html>\n<html lang=\"\(language)\">\n<head><meta charset=\"utf-8\">"
            + "<meta name=\"viewport\" content=\"width=device-width\"><title>\(escaped(title))</title>\n"
            + "<style>\n\(style)\n</style></head>\n<body>\n" + pages.map(section).joined() + "</body>\n</html>\n"
    }

    private static func section(_ page: FormPage) -> String {
        var lines = ["<section>", "<h1>\(escaped(page.title))</h1>"]
        let heads = [page.heads.left, page.heads.middle, page.heads.right]
        lines.append("<div class=\"heads\">\(heads.map { "<span>\(escaped($0))</span>" }.joined())</div>")
        lines.append("<table>\n<thead>")
        if page.columns.contains(where: { $0.group != nil }) {
            var groups = ["<th rowspan=\"2\">\(escaped(page.corner))</th>"]
            var first = 0
            while first < page.columns.count {
                var last = first
                while last + 1 < page.columns.count, page.columns[last + 1].group == page.columns[first].group {
                    last += 1
                }
                groups.append(
                    "<th colspan=\"\(last - first + 1)\" scope=\"colgroup\">\(escaped(page.columns[first].group ?? ""))</th>"
                )
                first = last + 1
            }
            lines.append("<tr>\(groups.joined())</tr>")
            lines.append("<tr>\(page.columns.map { "<th scope=\"col\">\(escaped($0.title))</th>" }.joined())</tr>")
        } else {
            let titles = [page.corner] + page.columns.map(\.title)
            lines.append("<tr>\(titles.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined())</tr>")
        }
        lines.append("</thead>\n<tbody>")
        for row in page.rows {
            let title = "<td style=\"padding-left: \(row.depth + 1)em\">\(escaped(row.title))</td>"
            let cells = row.values.map { "<td>\(escaped(text($0)))</td>" }.joined()
            lines.append("<tr\(row.isTotal ? " class=\"total\"" : "")>\(title)\(cells)</tr>")
        }
        lines.append("</tbody>\n</table>")
        lines += page.notes.map { "<p>\(escaped($0))</p>" }
        lines.append(
            "<div class=\"signatures\">\(page.signatures.map { "<span>\(escaped($0))</span>" }.joined())</div>")
        lines.append("</section>\n")
        return lines.joined(separator: "\n")
    }

    private static func text(_ value: SheetValue) -> String {
        switch value {
        case .empty: ""
        case .text(let text): text
        case .integer(let number): Format.count(number)
        case .decimal(let text): text
        case .date(let year, let month, let day): "\(year)-\(month)-\(day)"
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
