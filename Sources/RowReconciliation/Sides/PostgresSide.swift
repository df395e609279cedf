import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import Foundation
import PostgresClient
import SQLGeneration
public import Schema

/// A table of a PostgreSQL server, in one read-only snapshot that stays open until this value goes.
///
/// The server hashes its rows where all its columns have the schema's types and it hashes a record as we do, which is tried out,
/// not concluded from its version; else they are fetched and hashed here.
public final class PostgresSide: RowSide {
    public let kind: String
    public var place: String { connection.displayName }
    public let time: String
    public let columns: [String]
    public private(set) var hashing = "server"
    /// When the first of what was compared was read, if that was in an earlier run.
    public private(set) var since: String?
    private let connection: PostgresConnection
    private let relation: String
    /// The server's columns by the schema's codes: name and type as the catalog prints it.
    private let types: [String: (name: String, type: String)]
    private let fetched: ReadSide
    private let pace: ScanPace
    private let checkpoint: RowCheckpoint.Side?

    /// - Parameters:
    ///   - schemaName: where the table is looked for; nil for the user's search path.
    ///   - checkpoint: what is known of the side from a run that was broken off; nil keeps nothing.
    /// - Throws: `OperationError` 65 when there is no such table.
    public init(
        _ conninfo: String, kind: String = "postgres", table: TableDefinition, schemaName: String? = nil,
        pace: ScanPace = ScanPace(), checkpoint: RowCheckpoint.Side? = nil
    ) throws {
        let connection = try PostgresConnection(conninfo, applicationName: "sitong reconcile rows")
        if try connection.execute("SHOW server_encoding").first?.first == "SQL_ASCII" {
            try connection.execute("SET client_encoding = 'SQL_ASCII'")
        }
        if let schemaName { try connection.execute("SET search_path = \(PostgresConnection.identifier(schemaName))") }
        try connection.begin(.readSnapshot)
        // now() is the begin of the transaction, and so before its snapshot.
        let row = try connection.execute(
            """
            SET LOCAL work_mem = '64MB';
            SET LOCAL jit = off;
            SET LOCAL statement_timeout = '\(pace.statementSeconds)s';
            SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            """)
        time = (row.first?.first ?? nil) ?? ""
        let names = table.name == table.title ? [table.name] : [table.name, table.title]
        guard
            let name = try names.first(where: { name in
                try connection.execute("SELECT to_regclass($1)", [PostgresConnection.identifier(name)])
                    .first?.first.flatMap { $0 } != nil
            })
        else { throw OperationError.rowTableMissing(table, at: connection.displayName) }
        let relation = PostgresConnection.identifier(name)
        var types: [String: (name: String, type: String)] = [:]
        for row in try connection.execute(
            """
            SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
            WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """, [relation])
        {
            guard let name = row[0], let type = row[1], let column = table.column(offered: name) else { continue }
            if types[column.name] == nil { types[column.name] = (name, type) }
        }
        let known = types
        self.kind = kind
        self.pace = pace
        self.checkpoint = checkpoint
        self.connection = connection
        self.relation = name
        self.types = types
        columns = table.columns.map(\.name).filter { known[$0] != nil }
        fetched = ReadSide(kind: kind, place: connection.displayName, time: time, columns: columns) { names in
            let list = names.map { name in
                "t.\(PostgresConnection.identifier(known[name]?.name ?? name)) AS \(PostgresConnection.identifier(name))"
            }
            return try BinaryCopyReader(
                connection, select: "SELECT \(list.joined(separator: ", ")) FROM \(relation) t")
        }
    }

    public func bucketSums(_ plan: RowPlan) throws -> BucketSums {
        guard let whole = try statements(plan) else {
            hashing = "client"
            try pace.wait(on: connection)
            return try fetched.bucketSums(plan)
        }
        guard pace.isInChunks || checkpoint != nil, let extent = try TableExtent(of: relation, on: connection) else {
            try pace.wait(on: connection)
            var sums = BucketSums()
            try add(whole.sums.description, to: &sums)
            return sums
        }
        let kept = checkpoint?.progress.flatMap { $0.table == extent.identity ? $0 : nil }
        var progress = kept ?? RowCheckpoint.Progress(extent.identity, since: time)
        var chunk = pace.firstChunkPages
        while progress.pages < extent.pages {
            try pace.wait(on: connection)
            let pages = progress.pages..<min(progress.pages + chunk, extent.pages)
            let begin = ContinuousClock.now
            guard let part = digest(plan, pages: pages) else { throw OperationError.rowSumsUnreadable(place) }
            try add(part.sums.description, to: &progress.sums)
            progress.pages = pages.upperBound
            try checkpoint?.save(progress)
            chunk = pace.nextChunk(chunk, took: (ContinuousClock.now - begin) / .seconds(1))
        }
        if progress.since != time { since = progress.since }
        return progress.sums
    }

    private func add(_ select: String, to sums: inout BucketSums) throws {
        let reader = try BinaryCopyReader(connection, select: select)
        var block = CellBlock()
        while try reader.next(into: &block) {
            for row in 0..<block.rowCount {
                guard let bucket = number(block, row, 0), let count = number(block, row, 1),
                    let high = number(block, row, 2), let low = number(block, row, 3),
                    sums.counts.indices.contains(Int(bucket))
                else { throw OperationError.rowSumsUnreadable(place) }
                sums.counts[Int(bucket)] += Int(count)
                sums.high[Int(bucket)] &+= high
                sums.low[Int(bucket)] &+= low
            }
        }
    }

    public func rows(_ plan: RowPlan, in buckets: [Int]?) throws -> any BucketReader {
        guard hashing == "server", let statements = try statements(plan) else {
            return try fetched.rows(plan, in: buckets)
        }
        try pace.wait(on: connection)
        return try ServerBuckets(
            BinaryCopyReader(connection, select: statements.rows(in: buckets).description), plan, place)
    }

    /// Ends the snapshot, so that the server may clean up behind it while nothing is read; what is read later is newer.
    public func release() { connection.rollback() }

    public func quarantinedKeys(_ plan: RowPlan) throws -> Set<[UInt8]> {
        guard kind == "library" else { return [] }
        var keys: Set<[UInt8]> = []
        let headers = try connection.execute(
            """
            SELECT DISTINCT columns FROM sitong.quarantine
            WHERE table_name = $1 AND state = 'open' AND columns IS NOT NULL ORDER BY columns
            """, [plan.table.name])
        for header in headers.compactMap(\.first) {
            guard let header else { continue }
            // A row that a reader cannot take is in quarantine for that; it stands under no key.
            let rows = try connection.execute(
                """
                SELECT encode(raw, 'base64') FROM sitong.quarantine
                WHERE table_name = $1 AND state = 'open' AND columns = $2
                """, [plan.table.name, header])
            var text = Array(header.utf8) + [UInt8(ascii: "\n")]
            for row in rows.compactMap({ $0.first ?? nil }) {
                guard let bytes = Data(base64Encoded: row, options: .ignoreUnknownCharacters) else { continue }
                text += Array(bytes) + [UInt8(ascii: "\n")]
            }
            var reader = try CSVCellReader(BytesSource(text), file: "quarantine")
            let packer = try RowPacker(keysOf: plan, offered: reader.columns)
            var block = CellBlock()
            while try reader.next(into: &block) {
                try packer.forEachRow(of: block) { keys.insert($0.bytes) }
            }
        }
        return keys
    }

    /// Digits with a sign, without a string for each.
    private func number(_ block: CellBlock, _ row: Int, _ column: Int) -> Int64? {
        let cell = block.cells[row * block.columnCount + column]
        guard cell.count > 0 else { return nil }
        let digits = block.bytes[cell.range]
        let isNegative = digits.first == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in digits.dropFirst(isNegative ? 1 : 0) {
            guard byte &- UInt8(ascii: "0") <= 9 else { return nil }
            value = value &* 10 &- Int64(byte &- UInt8(ascii: "0"))
        }
        return isNegative ? value : 0 &- value
    }

    /// Nil when the server cannot hash these columns as it is done here.
    private func statements(_ plan: RowPlan) throws -> RowDigestSQL? {
        guard plan.neededNames.allSatisfy({ types[$0]?.name == $0 }), try hashesAlike() else { return nil }
        return digest(plan, pages: nil)
    }

    private func digest(_ plan: RowPlan, pages: Range<Int>?) -> RowDigestSQL? {
        let server = ServerTable(
            definition: plan.table, relation: SQLIdentifier(relation),
            columns: types.mapValues { ServerColumn(type: $0.type) })
        return RowDigestSQL(
            server, columns: plan.columns, keyCount: plan.key.count, filter: plan.filter,
            bucketCount: BucketSums.bucketCount, schema: plan.schema, pages: pages)
    }

    /// A record with everything in it that servers might print or hash in ways of their own.
    private func hashesAlike() throws -> Bool {
        let found = try connection.execute(
            """
            SELECT current_setting('server_encoding') = 'UTF8'
               AND to_regprocedure('hashtextextended(text, bigint)') IS NOT NULL
            """)
        guard found.first?.first == "t" else { return false }
        let odd = "司统\u{A0}\u{85}\u{3000}ａ"
        let row = try connection.execute(
            """
            SELECT hashtextextended(ROW('', NULL::text, 'a b', \(SQLLiteral(odd)), E'"\\\\,()\\n\\t', -12::bigint, true,
                DATE '2020-01-02', TIMESTAMP '2020-01-02 03:04:05.5', 1.5::numeric(18,2))::text COLLATE "C", 1)
            """)
        var probe = PackedRow()
        let texts: [(String?, ValueType)] = [
            ("", .text(maxLength: nil)), (nil, .text(maxLength: nil)), ("a b", .text(maxLength: nil)),
            (odd, .text(maxLength: nil)), ("\"\\,()\n\t", .text(maxLength: nil)), ("-12", .int), ("1", .bool),
            ("20200102", .date), ("2020-01-02T03:04:05.500", .timestamp), ("1.5", .decimal(precision: 18, scale: 2)),
        ]
        for (text, type) in texts {
            probe.append(text, as: CanonicalText(ColumnDefinition(name: "", type: type)))
        }
        var record = RecordText()
        record.set(probe, cells: texts.indices)
        let expected = Int64(bitPattern: TextHash.hash(record.bytes, seed: 1))
        return row.first?.first == String(expected)
    }
}

/// Rows that a server sends in the order of their buckets, with the bucket before the cells.
private final class ServerBuckets: BucketReader {
    private let reader: BinaryCopyReader
    private let forms: [CanonicalText]
    private let place: String
    private var block = CellBlock()
    private var row = 0

    init(_ reader: BinaryCopyReader, _ plan: RowPlan, _ place: String) throws {
        self.reader = reader
        self.place = place
        forms = plan.columns.map { CanonicalText(plan.table.columns[$0]) }
    }

    func next() throws -> BucketRows? {
        guard let bucket = try currentBucket() else { return nil }
        var result = BucketRows(bucket: bucket, rows: [])
        while try currentBucket() == bucket {
            var packed = PackedRow()
            block.bytes.withUnsafeBufferPointer { bytes in
                for (index, form) in forms.enumerated() {
                    let cell = block.cells[row * block.columnCount + index + 1]
                    packed.append(cell.isNull ? nil : UnsafeBufferPointer(rebasing: bytes[cell.range]), as: form)
                }
            }
            result.rows.append(packed)
            row += 1
        }
        return result
    }

    /// Of the row that comes next, nil at the end.
    private func currentBucket() throws -> Int? {
        if row >= block.rowCount {
            guard try reader.next(into: &block) else { return nil }
            row = 0
        }
        guard let bucket = block.text(row: row, column: 0).flatMap({ Int($0) }) else {
            throw OperationError.rowSumsUnreadable(place)
        }
        return bucket
    }
}

extension PackedRow {
    fileprivate mutating func append(_ text: String?, as form: CanonicalText) {
        guard let text else { return append(nil as UnsafeBufferPointer<UInt8>?, as: form) }
        Array(text.utf8).withUnsafeBufferPointer { append($0, as: form) }
    }
}

extension OperationError {
    static func rowTableMissing(_ table: TableDefinition, at place: String) -> OperationError {
        OperationError(
            .badData, code: "rows-table-missing",
            LocalizedText(
                en: "database \(place) has no table '\(table.name)'", zh: "数据库 \(place) 中没有表“\(table.name)”"),
            hint: LocalizedText(
                en: "a source whose tables are called otherwise is mapped with --source",
                zh: "若来源的表另有名称，请用 --source 给出对应"))
    }

    static func rowSumsUnreadable(_ place: String) -> OperationError {
        OperationError(
            .internalError, code: "rows-sums",
            LocalizedText(en: "the bucket sums of \(place) could not be read", zh: "无法读取 \(place) 的分桶校验和"))
    }
}
