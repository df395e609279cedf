import Definitions
import Foundation

/// A directory of definition files that lives as long as the test needs it.
final class DefinitionFolder {
    let path: String

    /// Files by their path below the directory.
    init(_ files: [String: String]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("sitong-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(name, Data(text.utf8)) }
    }

    func write(_ name: String, _ bytes: Data) throws {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    func load() throws -> LoadedDefinitions { try DefinitionLoader.load(directories: [path]) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Definitions that most tests stand on: two tables, three code lists, a form.
enum Sample {
    static let tables = """
        table: anjian
        title: 案件
        key: [案件标识]
        court: 法院
        columns:
          - {name: ajbs, title: 案件标识, type: text(50), required: true}
          - {name: fydm, title: 法院, type: code(court)}
          - {name: ajlx, title: 案件类型, type: code(案件类型表)}
          - {name: larq, title: 立案日期, type: date, nulls: ['1900-01-01', no]}
          - {name: bdje, title: 标的额, type: "dec(18,2)", provisional: true, standard: MSYS_SAHLAXX.QSBDJE}
        relations:
          - {name: dangshiren, title: 当事人, table: 当事人, on: {案件标识: 案件标识}, many: true}
        indexes: [[法院, larq]]
        ---
        table: dangshiren
        title: 当事人
        key: [ajbs, xh]
        court: 案件.法院
        columns:
          - {name: ajbs, title: 案件标识, type: text(50)}
          - {name: xh, title: 序号, type: int}
          - {name: xm, title: 姓名, type: text, personal: name, since: 2016-01-01, until: 20251231}
          - {name: ajlx, title: 案件类型, type: code(ajlx)}
          - {name: dw, title: 诉讼地位, type: "code(by 案件类型: {'0301': court, '*': ajlx})"}
          - {name: gxsj, title: 更新时间, type: timestamp}
          - {name: sf, title: 是否, type: bool}
        relations:
          - {name: anjian, title: 案件, table: anjian, on: {ajbs: ajbs}}
        """
    static let codes = """
        codelist: court
        title: 法院
        file: codes/courts.csv
        key: dm
        parent: sj
        attributes: {mc: 名称, dm: 代字}
        ---
        hierarchy: court
        title: 法院
        codelist: court
        parent: sj
        ---
        codelist: ajlx
        title: 案件类型表
        file: codes/dmb.csv
        key: dm
        where: {bm: ajlx}
        valid: {since: since, until: until}
        attributes: {mc: 名称, dz: 代字}
        ---
        caseno: {types: ajlx.代字}
        """
    static let courts = "dm,mc,sj\n豫,河南高院,\n豫17,驻马店中院,豫\n豫1702,驿城区法院,豫17\n"
    static let dmb = """
        bm,dm,mc,dz,since,until
        ajlx,0301,民事一审,民初,,2015-12-31
        ajlx,0301,民事一审案件,民初,2016-01-01,
        ajlx,0302,民事二审案件,民终,,
        other,1,别的,,,
        """
    static let form = """
        form: F01
        title: 收结案
        of: 案件
        scope: "案件类型 不 属于 ('9901')"
        period: [month, month-20]
        columns:
          - {code: xs, title: 新收, count: "立案日期 属于 本期"}
          - {code: bd, title: 标的, unit: 元, sum: 标的额, when: "立案日期 属于 本期"}
          - {code: bl, title: 比例, unit: "%", ratio: {of: 新收, to: 新收 + 新收}, scale: 1}
        rows:
          - {code: '1', title: 合计, when: true}
          - {each: 案件类型, level: 1, parent: '1'}
          - {code: '9', title: 其他, parent: '1'}
        """

    static var files: [String: String] {
        [
            "tables/a.yaml": tables, "codes/codes.yaml": codes, "codes/courts.csv": courts, "codes/dmb.csv": dmb,
            "forms/F01.yaml": form,
        ]
    }

    /// The sample with files added or replaced.
    static func folder(_ more: [String: String] = [:]) throws -> DefinitionFolder {
        try DefinitionFolder(files.merging(more) { $1 })
    }
}
