import Columnar
import DataAccess
import DelimitedText
import PostgresClient
import SQLiteClient
import Schema
import TestSupport

@testable import RowReconciliation

/// The table that the tests compare: a column of every type, and a key of a number and a text.
enum RowTable {
    static let columns: [ColumnDefinition] = [
        ColumnDefinition(name: "n", type: .int), ColumnDefinition(name: "k", type: .text(maxLength: 50)),
        ColumnDefinition(name: "t", type: .text(maxLength: nil)),
        ColumnDefinition(name: "code", type: .code(.list("ajlx"))),
        ColumnDefinition(name: "i", type: .int), ColumnDefinition(name: "m", type: .decimal(precision: 18, scale: 2)),
        ColumnDefinition(name: "w", type: .decimal(precision: 38, scale: 10)),
        ColumnDefinition(name: "d", type: .date, nullTexts: ["1900-01-01"]),
        ColumnDefinition(name: "ts", type: .timestamp), ColumnDefinition(name: "b", type: .bool),
    ]
    static let definition = TableDefinition(name: "rows", title: "行", key: ["n", "k"], columns: columns)
    static let schema = StandardSchema(tables: [definition], codelists: [:])
    static let serverTypes = [
        "bigint", "text", "text", "text", "bigint", "numeric(18,2)", "numeric(38,10)", "date", "timestamp", "boolean",
    ]
}

/// Ways in which a table can be somewhere.
enum SideKind: String, CaseIterable, Sendable {
    /// Hashed by the server.
    case server
    /// On a server, but with texts where the schema has other types: fetched and hashed here.
    case serverTexts
    /// Narrower types, a column in capitals among them, another order.
    case otherTypes
    case sqlite
    case csv

    /// A side that holds the rows; values are written as this kind would.
    func side(_ rows: [[String?]], in folder: TemporaryDirectory, table: TableDefinition = RowTable.definition) throws
        -> any RowSide
    {
        switch self {
        case .server: return try postgres(rows, RowTable.serverTypes, table)
        case .serverTexts:
            return try postgres(rows.map(Self.rewritten), RowTable.serverTypes.map { _ in "text" }, table)
        case .otherTypes:
            var types = RowTable.serverTypes
            types[1] = "varchar(50)"
            types[4] = "integer"
            types[6] = "numeric(30,4)"
            return try postgres(rows, types, table)
        case .sqlite:
            let path = folder.appending("\(rows.count)-\(UInt64.random(in: 0 ... .max)).sqlite")
            let database = try SQLiteDatabase(path, mode: .readWrite)
            try database.execute(
                """
                CREATE TABLE rows (n INTEGER, k TEXT, t TEXT, code TEXT, i INTEGER, m TEXT, w TEXT, d TEXT, ts TEXT, b INTEGER)
                """)
            let insert = try database.prepare("INSERT INTO rows VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")
            try database.withTransaction {
                for row in rows {
                    try insert.run(
                        Self.rewritten(row).enumerated().map { place, text in
                            place == 9 ? SQLiteValue(text.map { $0 == "true" ? "1" : "0" }) : SQLiteValue(text)
                        })
                }
            }
            return try ReadSide.sqlite(path, table: table)
        case .csv:
            let path = folder.appending("\(UInt64.random(in: 0 ... .max)).csv")
            var writer = try CSVWriter(FileSink(path), columns: RowTable.columns.map(\.name))
            var block = RawBlock(columnCount: RowTable.columns.count)
            for row in rows.map(Self.rewritten) {
                for (place, text) in row.enumerated() { block.columns[place].append(text) }
                block.rowCount += 1
            }
            try writer.write(block)
            try writer.finish()
            return ReadSide(kind: "csv", place: "test", time: "", columns: RowTable.columns.map(\.name)) { _ in
                try CSVCellReader(try FileSource(path), file: path)
            }
        }
    }

    /// The same values in other words: days without dashes, `T` and zeros in timestamps, zeros around numbers, words for truth.
    private static func rewritten(_ row: [String?]) -> [String?] {
        row.enumerated().map { place, text in
            guard let text else { return place == 7 ? "1900-01-01" : nil }
            switch RowTable.columns[place].type {
            case .int: return text.hasPrefix("-") ? text : "0" + text
            case .decimal: return text.contains(".") ? text + "0" : text + ".000"
            case .date: return text.filter { $0 != "-" }
            case .timestamp:
                return text.replacing(" ", with: "T") + (text.contains(".") ? "" : ".000")
            case .bool: return text == "t" ? "true" : "false"
            default: return text
            }
        }
    }

    private func postgres(
        _ rows: [[String?]], _ types: [String], _ table: TableDefinition
    ) throws -> any RowSide {
        let place = try TestPostgres.freshDatabase()
        let connection = try PostgresConnection(place, applicationName: "tests")
        var order = Array(types.indices)
        if self == .otherTypes { order.reverse() }
        let list = order.map { "\"\(RowTable.columns[$0].name)\" \(types[$0])" }.joined(separator: ", ")
        try connection.execute("CREATE TABLE rows (\(list))")
        let names = order.map { "\"\(RowTable.columns[$0].name)\"" }.joined(separator: ", ")
        let marks = order.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        try connection.withTransaction {
            for row in rows {
                try connection.execute("INSERT INTO rows (\(names)) VALUES (\(marks))", order.map { row[$0] })
            }
        }
        return try PostgresSide(place, table: table)
    }
}
