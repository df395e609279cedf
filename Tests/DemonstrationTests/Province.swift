import CourtModel
import Demonstration
import Foundation
import TestSupport

/// 豫17 and its basic courts, as the court list has them.
let courts17: [CourtRow] = [
    ("豫17", "河南省驻马店市中级人民法院"), ("豫1702", "驻马店市驿城区人民法院"), ("豫1721", "西平县人民法院"),
    ("豫1722", "上蔡县人民法院"), ("豫1723", "平舆县人民法院"), ("豫1724", "正阳县人民法院"), ("豫1725", "确山县人民法院"),
    ("豫1726", "泌阳县人民法院"), ("豫1727", "汝南县人民法院"), ("豫1728", "遂平县人民法院"), ("豫1729", "新蔡县人民法院"),
].map { mark, name in
    CourtRow(mark: mark, name: name, level: mark == "豫17" ? "中级" : "基层", upperMark: mark == "豫17" ? "豫" : "豫17")
}

/// A province made for one test, in a folder and a server of the test.
struct Province {
    let folder: TemporaryDirectory
    let postgres: String
    let options: DemonstrationOptions
    let made: DemonstrationProvince

    init(seed: UInt64, courts: Int = 6, cases: Int = 1800, prefix: String, function: String = #function) throws {
        folder = try TemporaryDirectory()
        postgres = try TestPostgres.freshDatabase(function: function)
        RealPart.note(.sqlite, function: function)
        guard let period = StatisticalPeriod("2026-10") else { throw CocoaError(.coderInvalidValue) }
        options = DemonstrationOptions(
            courts: courts, cases: cases, seed: seed, directory: folder.path, period: period, databasePrefix: prefix)
        made = try Demonstration.generate(options, courts: courts17, postgres: postgres)
    }

    func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
}
