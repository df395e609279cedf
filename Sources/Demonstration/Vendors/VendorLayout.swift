/// The two makes of trial database (审判库) that the demonstration invents: other names, codes and ways to hold a date.
enum VendorLayout: String {
    /// A PostgreSQL database for each court, `t_aj`, `c_ah`, `dt_larq timestamp`.
    case postgres
    /// A SQLite file for each court, `AJXX`, `LARQ` as a number like 20261031, `JARQ` as text like 2026/10/31.
    case sqlite

    /// The courts take turns.
    init(courtIndex: Int) { self = courtIndex.isMultiple(of: 2) ? .postgres : .sqlite }

    /// Begins the names of its code translation files.
    var filePrefix: String { self == .postgres ? "a" : "b" }

    /// What is entered for a code that no translation has.
    var unknownCode: String { self == .postgres ? "77" : "ZZ" }

    /// What becomes of an unknown court; the court column is translated only by vendor B.
    var unknownCourt: String { unknownCode }

    /// The vendor's code for a code of the standard.
    func code(_ list: String, _ standard: String?) -> String? {
        guard let standard else { return nil }
        if standard == CaseRecord.unknownCode { return unknownCode }
        return translations[list]?[standard] ?? standard
    }

    /// By code list, the standard's code → the vendor's.
    var translations: [String: [String: String]] { self == .postgres ? Self.numbers : Self.letters }

    private static let numbers: [String: [String: String]] = [
        "ajlx": [
            "0201": "11", "0202": "12", "0301": "21", "0302": "22", "0401": "61", "0402": "62", "1002": "51",
        ],
        "ajly": ["1": "10", "2": "20", "3": "30", "4": "40", "5": "50", "6": "60", "9": "99"],
        "ay": causes { "7" + $0 },
        "sycx": ["1": "20001", "2": "20002", "3": "20003", "4": "20004", "9": "20009"],
        "csxyy": ["1": "101", "2": "102", "3": "103", "9": "199"],
        "jafs": [
            "01": "1", "02": "2", "03": "3", "04": "4", "05": "5", "06": "6", "07": "7", "08": "8", "09": "9",
            "10": "21", "11": "22", "12": "23", "13": "31", "14": "32", "15": "33", "99": "98",
        ],
        "dsrlx": ["1": "10", "2": "20", "3": "30"],
        "ssdw": ["01": "1", "02": "2", "03": "3", "04": "11", "05": "12", "06": "21", "07": "31", "08": "32"],
        "zjlx": ["01": "100", "02": "200", "09": "900"],
        "xb": ["1": "5", "2": "6"],
        "sxbglx": ["1": "301", "2": "302", "3": "303"],
        "sslx": ["1": "401", "2": "402"],
    ]

    private static let letters: [String: [String: String]] = [
        "ajlx": [
            "0201": "XS1", "0202": "XS2", "0301": "MS1", "0302": "MS2", "0401": "XZ1", "0402": "XZ2", "1002": "ZX1",
        ],
        "ajly": ["1": "QS", "2": "SS", "3": "KS", "4": "YS", "5": "FH", "6": "SQ", "9": "QT"],
        "ay": causes { "AY" + $0 },
        "sycx": ["1": "PT", "2": "JY", "3": "XE", "4": "SC", "9": "QT"],
        "csxyy": ["1": "FZ", "2": "GX", "3": "JD", "9": "QT"],
        "jafs": [
            "01": "PJ", "02": "TJ", "03": "CS", "04": "AC", "05": "BQ", "06": "BS", "07": "YS", "08": "ZJ", "09": "BY",
            "10": "WC", "11": "GP", "12": "FH", "13": "WB", "14": "ZB", "15": "ZZ1", "99": "QT",
        ],
        "dsrlx": ["1": "自然人", "2": "法人", "3": "其他组织"],
        "ssdw": [
            "01": "原告", "02": "被告", "03": "第三人", "04": "上诉人", "05": "被上诉人", "06": "被告人", "07": "申请人",
            "08": "被执行人",
        ],
        "zjlx": ["01": "SFZ", "02": "XYM", "09": "QT"],
        "xb": ["1": "男", "2": "女"],
        "sxbglx": ["1": "YC", "2": "KC", "3": "ZZ0"],
        "sslx": ["1": "S", "2": "K"],
    ]

    private static func causes(_ rename: (String) -> String) -> [String: String] {
        let all = CaseInventor.causes.values.flatMap { $0 }
        return Dictionary(uniqueKeysWithValues: all.map { ($0, rename($0)) })
    }
}
