import Columnar
import CourtModel
import Schema

/// A random schema with its data: three tables, related in every way.
struct UniverseGenerator {
    var random: RandomSource

    /// The one calendar of all schemas: whoever counts workdays one by one wants to do so once.
    static let calendar = WorkCalendar(
        name: "cn", title: "日历",
        holidays: Set(
            ["2026-10-01", "2026-10-02", "2024-01-01", "2024-02-29", "2026-10-03"].compactMap { CivilDate($0) }),
        workdays: Set(["2026-10-10", "2024-02-04"].compactMap { CivilDate($0) }))

    /// What the cells of a text column are taken from.
    enum Content { case plain, caseNumber, idCard, key, code }

    var contents: [String: Content] = [:]

    mutating func schema() -> StandardSchema {
        let lists = codelists()
        return StandardSchema(
            tables: tables(), codelists: Dictionary(lists.map { ($0.name, $0) }, uniquingKeysWith: { $1 }),
            calendars: ["cn": Self.calendar], caseNumberTypes: random.chance(70) ? ("types", "dz") : nil)
    }

    // MARK: - Code lists

    static let codes = [
        "豫", "豫17", "豫1702", "豫1703", "0301", "0302", "a", "A", "é", "e\u{301}", "x y", "\u{1F600}", "9001", "9002",
    ]
    static let marks = ["民初", "民终", "初", "刑初", "知初", "豫1702", "豫17", "x", "", "A", "民"]

    private mutating func codelists() -> [CodeList] {
        func attributes() -> [CodeList.Attribute] { [.init(name: "dz", title: "代字"), .init(name: "mc", title: "名称")] }
        func entry(_ code: String, parent: String? = nil, _ since: String? = nil, _ until: String? = nil)
            -> CodeList.Entry
        {
            let values = [0, 1].map { _ in random.chance(20) ? nil : random.pick(Self.marks) }
            return CodeList.Entry(
                code: code, parent: parent, since: since.flatMap { CivilDate($0) },
                until: until.flatMap { CivilDate($0) }, values: values)
        }
        let some =
            Self.codes.filter { code in
                random.chance(60)
            } + ["0301"]
        var seen: Set<[UInt8]> = []
        let distinct = some.filter { seen.insert(Array($0.utf8)).inserted }
        let flat = CodeList(name: "flat", title: "平码表", entries: distinct.map { entry($0) }, attributes: attributes())
        let types = CodeList(
            name: "types", title: "类型表", entries: ["1", "2", "3", "4", "5"].map { entry($0) }, attributes: attributes())
        // Each code below an earlier one, or a root.
        let tree = CodeList(
            name: "tree", title: "树(2015)",
            entries: distinct.indices.map { index in
                entry(distinct[index], parent: index > 0 && random.chance(75) ? distinct[random.below(index)] : nil)
            }, attributes: attributes(), isTree: true)
        var dated: [CodeList.Entry] = []
        for index in distinct.indices {
            let parent = index > 0 && random.chance(70) ? distinct[random.below(index)] : nil
            let code = distinct[index]
            switch random.below(5) {
            case 0: dated.append(entry(code, parent: parent))
            case 1: dated.append(entry(code, parent: parent, "2016-01-01", nil))
            case 2: dated.append(entry(code, parent: parent, nil, "2015-12-31"))
            case 3: dated.append(entry(code, parent: parent, "2024-02-29", "2024-02-29"))
            default:
                // A later version may stand before an earlier one.
                let early = entry(code, parent: parent, nil, "2015-12-31")
                let late = entry(code, parent: parent, "2024-01-15", "9999-12-31")
                dated += random.chance(50) ? [early, late] : [late, early]
            }
        }
        let dates = CodeList(
            name: "dates", title: "期码表", entries: dated, attributes: attributes(), isTree: true, isDated: true)
        return [flat, types, tree, dates]
    }

    // MARK: - Tables

    /// Titles that need back-quotes, or look like keywords, or differ in what only bytes tell.
    private static let titles = [
        "立案日期", "结案方式(2015)", "行", "count", "a b", "合计", "Not", "日期２", "第1列", "é列", "_x", "当事人数", "且", "period-begin",
        "1号",
    ]

    private mutating func tables() -> [TableDefinition] {
        let keyType: ValueType = random.pick([
            .text(maxLength: 4), .int, .decimal(precision: 20, scale: 2), .date, .code(.list("flat")),
        ])
        // Related columns of numbers may have different types.
        let otherKeyType: ValueType =
            keyType == .int ? random.pick([.int, .decimal(precision: 22, scale: 3)]) : keyType
        var main = table("main", "主表", keyType)
        var child = table("child", "子表", otherKeyType)
        let code = table("other", "参照", keyType)
        main.relations = [
            Relation(name: "children", title: "子女", table: "child", on: [.init(here: "k", there: "k")], isToMany: true),
            Relation(name: "ref", title: "参", table: "other", on: [.init(here: "k", there: "k")], isToMany: false),
            Relation(
                name: "twin", title: "双(键)", table: "child",
                on: [.init(here: "k", there: "k"), .init(here: "b0", there: "b0")], isToMany: false),
        ]
        child.relations = [
            Relation(name: "parent", title: "母", table: "main", on: [.init(here: "k", there: "k")], isToMany: false),
            Relation(name: "self", title: "同胞", table: "child", on: [.init(here: "t0", there: "t0")], isToMany: true),
        ]
        return [main, child, code]
    }

    private mutating func table(_ name: String, _ title: String, _ keyType: ValueType) -> TableDefinition {
        var columns: [ColumnDefinition] = []
        var unused = Self.titles
        func add(_ column: String, _ type: ValueType, _ content: Content = .plain, nulls: [String] = []) {
            var title: String?
            if random.chance(60), !unused.isEmpty { title = unused.remove(at: random.below(unused.count)) }
            columns.append(ColumnDefinition(name: column, title: title, type: type, nullTexts: nulls))
            contents["\(name).\(column)"] = content
        }
        add("k", keyType, .key)
        add("i0", .int)
        add("i1", .int, nulls: random.chance(30) ? ["-1"] : [])
        let digits = [1, 2, 5, 9, 17, 18, 19, 20, 30, 37, 38]
        for index in 0..<3 {
            let precision = random.pick(digits)
            add(
                "n\(index)",
                .decimal(
                    precision: precision,
                    scale: random.pick([0, 1, 2, precision / 2, precision].filter { $0 <= precision })))
        }
        add("t0", .text(maxLength: random.pick([1, 2, 5, nil])))
        add("t1", .text(maxLength: random.pick([nil, 3, 40])), nulls: random.chance(30) ? ["a", ""] : [])
        add("t2", .text(maxLength: random.pick([nil, 30])), .caseNumber)
        add("t3", .text(maxLength: 18), .idCard)
        add("d0", .date)
        add("d1", .date, nulls: random.chance(40) ? ["9999-12-31"] : [])
        add("s0", .timestamp)
        add("s1", .timestamp)
        add("b0", .bool)
        add("b1", .bool)
        add("c0", .code(.list("flat")), .code)
        add("c1", .code(.list("tree")), .code)
        add("c2", .code(.list("dates")), .code)
        add(
            "c3",
            .code(
                .by(
                    column: random.pick(["c0", "t0"]), lists: ["0301": "tree", "a": "dates"],
                    otherwise: random.chance(50) ? "flat" : nil)), .code)
        return TableDefinition(name: name, title: title, key: ["k", "i0"], columns: columns)
    }

    // MARK: - Data

    mutating func cells(_ schema: StandardSchema) -> [String: [[String?]]] {
        var result: [String: [[String?]]] = [:]
        for table in schema.tables {
            let count = ["main": 56, "child": 48, "other": 12][table.name] ?? 8
            // A row in which nothing is wrong is needed as often as one in which something is.
            result[table.name] = (0..<count).map { _ in
                let wrong = random.pick([0, 0, 3, 6, 12])
                let empty = random.pick([0, 6, 12, 25])
                return table.columns.map { cell(table, $0, wrong: wrong, empty: empty) }
            }
        }
        return result
    }

    private mutating func cell(_ table: TableDefinition, _ column: ColumnDefinition, wrong: Int, empty: Int) -> String?
    {
        if random.chance(empty) { return nil }
        let content = contents["\(table.name).\(column.name)"] ?? .plain
        if content == .key, random.chance(85) { return key(column.type) }
        return text(column.type, content, wrong: wrong)
    }

    /// Few, so that rows meet.
    private mutating func key(_ type: ValueType) -> String {
        switch type {
        case .int, .decimal: random.pick(["1", "2", "3", "4", "5", "6", "7", "007", "5.0", "-0", "0", "10", "100"])
        case .date: "2024-01-0\(1 + random.below(9))"
        case .code: random.pick(Self.codes)
        default: random.pick(["a", "b", "c", "d", "e", "f", "é", "e\u{301}", "", " ", "案", "\r\n", "k1", "k2", "k3"])
        }
    }

    /// A cell of a type; with `wrong` percent, one that is none.
    mutating func text(_ type: ValueType, _ content: Content = .plain, wrong: Int = 0) -> String {
        let isWrong = random.chance(wrong)
        switch type {
        case .int:
            return isWrong
                ? random.pick(Edges.badInts) : random.chance(70) ? random.pick(Edges.ints) : "\(random.below(40) - 15)"
        case .decimal(let precision, let scale):
            if isWrong {
                return random.chance(50)
                    ? random.pick(Edges.badDecimals) : "1" + String(repeating: "0", count: precision)
            }
            return decimal(precision, scale)
        case .date: return isWrong ? random.pick(Edges.badDates) : date()
        case .timestamp:
            if isWrong { return random.pick(Edges.badTimestamps) }
            return random.chance(70) ? random.pick(Edges.timestamps) : date() + " 0\(random.below(10)):30:00"
        case .bool: return random.pick(isWrong ? Edges.badBools : Edges.bools)
        case .code: return random.chance(80) ? random.pick(Self.codes) : random.pick(Edges.texts)
        case .text(let longest):
            if isWrong, let longest { return String(repeating: "案", count: longest + 1) }
            let text: String =
                switch content {
                case .caseNumber: random.pick(Edges.caseNumbers)
                case .idCard: random.pick(Edges.idCards)
                default: random.pick(Edges.texts)
                }
            guard let longest, !isWrong, random.chance(90) else { return text }
            return String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest)))
        }
    }

    private mutating func date() -> String {
        random.chance(70)
            ? random.pick(Edges.dates) : "20\(10 + random.below(20))-0\(1 + random.below(9))-\(10 + random.below(19))"
    }

    private mutating func decimal(_ precision: Int, _ scale: Int) -> String {
        let sign = random.chance(30) ? "-" : ""
        switch random.below(6) {
        case 0: return sign + Edges.largest(precision: precision, scale: scale)
        case 1: return sign + Edges.smallest(scale: scale)
        case 2:
            let whole = precision - scale
            let head =
                whole == 0 ? "0" : String((0..<(1 + random.below(whole))).map { _ in Character("\(random.below(10))") })
            let tail =
                scale == 0
                ? "" : "." + String((0..<(1 + random.below(scale))).map { _ in Character("\(random.below(10))") })
            return sign + head + tail
        case 3: return random.pick(Edges.decimals)
        default: return precision > scale ? "\(sign)\(random.below(9))" : "0"
        }
    }

    static func period(_ label: String) -> StatisticalPeriod? { StatisticalPeriod(label) }

    static let periods = ["2024-01", "2016", "2024Q1", "2024-02", "9999", "0001-01", "2026-10@20", "2024-02ytd"]
}
