import Columnar
import PostgresClient

/// Vendor A: one PostgreSQL database for a court.
///
/// Some dates are timestamps, older ones text; amounts are numbers without a scale; no key, no constraint.
struct PostgresStore: VendorStore {
    private let connection: PostgresConnection
    private let layout = VendorLayout.postgres
    private var buffers: [[UInt8]] = Array(repeating: [], count: Self.tables.count)
    private static let tables = ["t_aj", "t_dsr", "t_sxbg", "t_ssks"]

    static let definition = """
        CREATE TABLE t_aj (
            c_ajbs varchar(64), c_ah varchar(200), c_fy varchar(20), n_ajlx varchar(12), n_ajly varchar(12),
            c_sdrq varchar(20), dt_larq timestamp, c_ay varchar(20), n_sycx varchar(12), c_spt varchar(300),
            c_cbr varchar(300), dt_sxqs date, dt_sxjm date, n_fdsx integer, n_sjsl integer, n_csx integer,
            n_csxyy varchar(12), dt_jarq timestamp, n_jafs varchar(12), c_jaay varchar(20), n_qsje numeric,
            n_jaje numeric, c_sxrq varchar(20), n_dsrs integer, dt_gxsj timestamp);
        CREATE TABLE t_dsr (
            c_ajbs varchar(64), n_xh integer, c_xm varchar(400), n_lx varchar(12), n_ssdw varchar(12),
            n_zjlx varchar(12), c_zjhm varchar(40), dt_csrq date, n_xb varchar(12), c_dh varchar(40), c_dz varchar(400),
            dt_gxsj timestamp);
        CREATE TABLE t_sxbg (
            c_ajbs varchar(64), n_xh integer, n_lx varchar(12), c_yy varchar(400), dt_qs date, dt_js date, n_ts integer,
            dt_sp date, dt_gxsj timestamp);
        CREATE TABLE t_ssks (
            c_ajbs varchar(64), n_xh integer, n_lx varchar(12), dt_tc timestamp, c_tcr varchar(400), dt_ys timestamp,
            c_esah varchar(200), dt_gxsj timestamp);
        COMMENT ON TABLE t_aj IS '案件';
        COMMENT ON TABLE t_dsr IS '当事人';
        COMMENT ON TABLE t_sxbg IS '审限变更';
        COMMENT ON TABLE t_ssks IS '上诉抗诉';
        """

    /// - Parameter connection: to a database that is still empty.
    init(_ connection: PostgresConnection) throws {
        self.connection = connection
        try connection.execute(Self.definition)
        // What is invented can be invented again; no need to wait for the disk.
        try connection.execute("SET synchronous_commit = off")
        try connection.begin()
    }

    mutating func insert(_ planted: PlantedCase) throws {
        for _ in 0..<(planted.isDoubled ? 2 : 1) { append(planted.record) }
        for party in planted.record.parties + planted.orphanParties { append(party) }
        for change in planted.record.limitChanges + planted.orphanLimitChanges { append(change) }
        for appeal in planted.record.appeals + planted.orphanAppeals { append(appeal) }
        if buffers[0].count > 1 << 19 { try flush() }
    }

    mutating func finish() throws {
        try flush()
        try connection.commit()
        try connection.execute("ANALYZE")
    }

    private mutating func flush() throws {
        for (index, table) in Self.tables.enumerated() where !buffers[index].isEmpty {
            let copy = try connection.copyIn("COPY \(table) FROM STDIN")
            try buffers[index].withUnsafeBytes { try copy.write($0) }
            try copy.finish()
            buffers[index].removeAll(keepingCapacity: true)
        }
    }

    /// A line of COPY's text format; none of the invented texts has a letter that would have to be escaped.
    private mutating func appendLine(_ table: Int, _ values: [String?]) {
        for (index, value) in values.enumerated() {
            if index > 0 { buffers[table].append(UInt8(ascii: "\t")) }
            buffers[table].append(contentsOf: (value ?? "\\N").utf8)
        }
        buffers[table].append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ record: CaseRecord) {
        let received =
            record.impossibleDate == .received
            ? record.received.map { IdentityNumbers.padded($0.yearMonthDay.year, 4) + "-02-30" }
            : record.received?.description
        appendLine(
            0,
            [
                record.id, record.number, record.court == CaseRecord.unknownCode ? layout.unknownCourt : record.court,
                layout.code("ajlx", record.type), layout.code("ajly", record.source), received,
                record.filed.map { "\($0) 09:30:00" }, layout.code("ay", record.cause),
                layout.code("sycx", record.procedure), record.division, record.judge, record.limitStart?.description,
                record.limitEnd?.description, record.limitDays.map(String.init), record.trialDays.map(String.init),
                record.overLimitDays.map(String.init), layout.code("csxyy", record.overLimitReason),
                record.closed.map { "\($0) 16:00:00" }, layout.code("jafs", record.closingMethod),
                layout.code("ay", record.closingCause), record.claim?.text, record.settled?.text,
                record.effective?.description, record.partyCount.map(String.init), record.updated.text,
            ])
    }

    private mutating func append(_ party: PartyRecord) {
        appendLine(
            1,
            [
                party.caseID, String(party.order), party.name, layout.code("dsrlx", party.kind),
                layout.code("ssdw", party.standing), layout.code("zjlx", party.idKind), party.idNumber,
                party.born?.description, layout.code("xb", party.sex), party.phone, party.address, party.updated.text,
            ])
    }

    private mutating func append(_ change: LimitChangeRecord) {
        appendLine(
            2,
            [
                change.caseID, String(change.order), layout.code("sxbglx", change.kind), change.reason,
                change.start.description, change.end.description, String(change.days), change.approved.description,
                change.updated.text,
            ])
    }

    private mutating func append(_ appeal: AppealRecord) {
        appendLine(
            3,
            [
                appeal.caseID, String(appeal.order), layout.code("sslx", appeal.kind), "\(appeal.raised) 10:00:00",
                appeal.person, appeal.transferred.map { "\($0) 00:00:00" }, appeal.secondNumber, appeal.updated.text,
            ])
    }
}
