import Columnar
import SQLiteClient

/// Vendor B: one SQLite file for a court.
///
/// Filing dates are numbers like 20261031, other dates texts like 2026/10/31, times are seconds since 1970, amounts are
/// whole fen, the court is its number without the province.
struct SQLiteStore: VendorStore {
    private let database: SQLiteDatabase
    private let layout = VendorLayout.sqlite
    private let cases: SQLiteStatement
    private let parties: SQLiteStatement
    private let limitChanges: SQLiteStatement
    private let appeals: SQLiteStatement

    static let definition = """
        CREATE TABLE AJXX (
            AJXH TEXT, ANHAO TEXT, FYBH TEXT, AJLB TEXT, LAFS TEXT, SSRQ TEXT, LARQ INTEGER, ANYOU TEXT, CXLB TEXT,
            SPTMC TEXT, CBFG TEXT, SXKS TEXT, SXJS TEXT, SXTS INTEGER, SLTS INTEGER, CQTS INTEGER, CQYY TEXT, SFJA TEXT,
            JARQ TEXT, JAFS TEXT, JAAY TEXT, QSJE_FEN INTEGER, JAJE_FEN INTEGER, SXRQ TEXT, RS INTEGER, GXSJ INTEGER);
        CREATE TABLE DSRXX (
            AJXH TEXT, XH INTEGER, XINGMING TEXT, LB TEXT, DW TEXT, ZJZL TEXT, ZJHAO TEXT, CSNYR TEXT, XINGBIE TEXT,
            LXFS TEXT, ZHUZHI TEXT, GXSJ INTEGER);
        CREATE TABLE SXBGXX (
            AJXH TEXT, XH INTEGER, LB TEXT, YUANYIN TEXT, KSRQ TEXT, JSRQ TEXT, TIANSHU INTEGER, PZRQ TEXT, GXSJ INTEGER);
        CREATE TABLE SKSXX (
            AJXH TEXT, XH INTEGER, LB TEXT, TQRQ TEXT, TQR TEXT, YSRQ TEXT, ESANHAO TEXT, GXSJ INTEGER);
        """

    /// - Parameter path: a file that is not there yet.
    init(path: String) throws {
        database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \(Self.definition)")
        let opened = database
        func prepared(_ table: String, _ columns: Int) throws -> SQLiteStatement {
            let marks = (1...columns).map { "?\($0)" }.joined(separator: ", ")
            return try opened.prepare("INSERT INTO \(table) VALUES (\(marks))")
        }
        cases = try prepared("AJXX", 26)
        parties = try prepared("DSRXX", 12)
        limitChanges = try prepared("SXBGXX", 9)
        appeals = try prepared("SKSXX", 8)
        try database.begin()
    }

    mutating func insert(_ planted: PlantedCase) throws {
        for _ in 0..<(planted.isDoubled ? 2 : 1) { try cases.run(values(planted.record)) }
        for party in planted.record.parties + planted.orphanParties { try parties.run(values(party)) }
        for change in planted.record.limitChanges + planted.orphanLimitChanges { try limitChanges.run(values(change)) }
        for appeal in planted.record.appeals + planted.orphanAppeals { try appeals.run(values(appeal)) }
    }

    mutating func finish() throws { try database.commit() }

    private func values(_ record: CaseRecord) -> [SQLiteValue] {
        let court = record.court == CaseRecord.unknownCode ? layout.unknownCourt : Self.courtNumber(record.court)
        let filed = record.filed.map { Self.number($0, month: record.impossibleDate == .filed ? 13 : nil) }
        let closed =
            record.impossibleDate == .closed
            ? record.closed.map { IdentityNumbers.padded($0.yearMonthDay.year, 4) + "/02/30" }
            : Self.slashed(record.closed)
        return [
            .text(record.id), SQLiteValue(record.number), .text(court), SQLiteValue(layout.code("ajlx", record.type)),
            SQLiteValue(layout.code("ajly", record.source)), SQLiteValue(Self.slashed(record.received)),
            filed.map { .integer($0) } ?? .null, SQLiteValue(layout.code("ay", record.cause)),
            SQLiteValue(layout.code("sycx", record.procedure)), .text(record.division), .text(record.judge),
            SQLiteValue(Self.slashed(record.limitStart)), SQLiteValue(Self.slashed(record.limitEnd)),
            Self.integer(record.limitDays), Self.integer(record.trialDays), Self.integer(record.overLimitDays),
            SQLiteValue(layout.code("csxyy", record.overLimitReason)), .text(record.closed == nil ? "否" : "是"),
            SQLiteValue(closed), SQLiteValue(layout.code("jafs", record.closingMethod)),
            SQLiteValue(layout.code("ay", record.closingCause)), record.claim.map { .integer($0.fen) } ?? .null,
            record.settled.map { .integer($0.fen) } ?? .null, SQLiteValue(Self.slashed(record.effective)),
            Self.integer(record.partyCount), .integer(record.updated.unixSeconds),
        ]
    }

    private func values(_ party: PartyRecord) -> [SQLiteValue] {
        [
            .text(party.caseID), .integer(Int64(party.order)), SQLiteValue(party.name),
            SQLiteValue(layout.code("dsrlx", party.kind)), SQLiteValue(layout.code("ssdw", party.standing)),
            SQLiteValue(layout.code("zjlx", party.idKind)), .text(party.idNumber),
            SQLiteValue(Self.slashed(party.born)),
            SQLiteValue(layout.code("xb", party.sex)), .text(party.phone), .text(party.address),
            .integer(party.updated.unixSeconds),
        ]
    }

    private func values(_ change: LimitChangeRecord) -> [SQLiteValue] {
        [
            .text(change.caseID), .integer(Int64(change.order)), SQLiteValue(layout.code("sxbglx", change.kind)),
            .text(change.reason), SQLiteValue(Self.slashed(change.start)), SQLiteValue(Self.slashed(change.end)),
            .integer(Int64(change.days)), SQLiteValue(Self.slashed(change.approved)),
            .integer(change.updated.unixSeconds),
        ]
    }

    private func values(_ appeal: AppealRecord) -> [SQLiteValue] {
        [
            .text(appeal.caseID), .integer(Int64(appeal.order)), SQLiteValue(layout.code("sslx", appeal.kind)),
            SQLiteValue(Self.slashed(appeal.raised)), .text(appeal.person),
            SQLiteValue(Self.slashed(appeal.transferred)), SQLiteValue(appeal.secondNumber),
            .integer(appeal.updated.unixSeconds),
        ]
    }

    /// `1702` of 豫1702.
    static func courtNumber(_ mark: String) -> String {
        let digits = mark.filter { $0.isASCII && $0.isNumber }
        return digits.isEmpty ? "0" : digits
    }

    private static func integer(_ value: Int?) -> SQLiteValue { value.map { .integer(Int64($0)) } ?? .null }

    private static func slashed(_ date: CivilDate?) -> String? { date?.description.replacing("-", with: "/") }

    private static func number(_ date: CivilDate, month: Int? = nil) -> Int64 {
        let parts = date.yearMonthDay
        return Int64(parts.year * 10_000 + (month ?? parts.month) * 100 + parts.day)
    }
}
