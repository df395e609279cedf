import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import Foundation
import Library
import RuleEngine
import Schema

/// Where `qc` takes its rows from.
protocol QualityInput: AnyObject {
    /// Codes, in the order of the schema.
    var tables: [String] { get }
    func open(_ request: QualityCheck.TableRequest) throws -> any CellReader
    /// What fetches single rows of a table that was read; nil when nothing can.
    func fetcher(_ request: QualityCheck.TableRequest) throws -> (any RowFetcher)?
    /// Records that are no rows, of a table, after it was read.
    func malformed(in table: String) -> [(file: String, record: MalformedRecord)]
    /// The file and the row's number in it, for a row number of a table.
    func place(of row: Int, in table: String) -> String?
    var notices: [LocalizedText] { get }
    /// Whether a row's number says where it is. Rows of a library are known by their key alone.
    var numbersRows: Bool { get }
    /// Of the files' texts.
    var encoding: TextEncoding { get }
    /// Files and their bytes, by table.
    var sizes: [String: (files: Int, bytes: Int)] { get }
}

extension QualityInput {
    func fetcher(_ request: QualityCheck.TableRequest) throws -> (any RowFetcher)? { nil }
    var numbersRows: Bool { true }
    var encoding: TextEncoding { .utf8 }
}

/// Rows of the library, in one snapshot.
final class LibraryInput: QualityInput {
    let library: StandardLibrary
    let tables: [String]
    let notices: [LocalizedText] = []
    let numbersRows = false
    let sizes: [String: (files: Int, bytes: Int)] = [:]
    private let snapshot: LibrarySnapshot
    private let schema: StandardSchema

    init(_ library: StandardLibrary, schema: StandardSchema) throws {
        self.library = library
        self.schema = schema
        snapshot = try library.snapshot()
        tables = schema.tables.map(\.name)
    }

    func open(_ request: QualityCheck.TableRequest) throws -> any CellReader {
        try snapshot.reader(table: request.table, columns: request.required + request.optional, schema: schema)
    }

    func malformed(in table: String) -> [(file: String, record: MalformedRecord)] { [] }
    func place(of row: Int, in table: String) -> String? { nil }
}

/// Rows of the files that `--table` names.
final class FileInput: QualityInput {
    let tables: [String]
    private let files: [String: [String]]
    let encoding: TextEncoding
    private let options: CSVOptions
    private let schema: StandardSchema
    /// The reader of each table's last pass.
    private var readers: [String: FileTable] = [:]

    init(_ arguments: [String], schema: StandardSchema, options: CSVOptions, encoding: TextEncoding) throws {
        var files: [String: [String]] = [:]
        for argument in arguments {
            guard let equals = argument.firstIndex(of: "=") else { throw OperationError.tableArgument(argument) }
            let name = String(argument[..<equals])
            guard let table = schema.table(name) else { throw OperationError.tableUnknown(name, schema) }
            files[table.name, default: []].append(String(argument[argument.index(after: equals)...]))
        }
        self.files = files
        self.options = options
        self.encoding = encoding
        self.schema = schema
        tables = schema.tables.map(\.name).filter { files[$0] != nil }
    }

    func open(_ request: QualityCheck.TableRequest) throws -> any CellReader { try reader(of: request.table.name) }

    /// A reader of all rows of a table, by its code.
    func reader(of table: String) throws -> any CellReader {
        let reader = try FileTable(files: files[table] ?? [], options: options, encoding: encoding)
        readers[table] = reader
        return reader
    }

    func fetcher(_ request: QualityCheck.TableRequest) throws -> (any RowFetcher)? {
        try readers[request.table.name]?.fetcher()
    }

    func malformed(in table: String) -> [(file: String, record: MalformedRecord)] { readers[table]?.malformed ?? [] }

    func place(of row: Int, in table: String) -> String? {
        readers[table]?.starts.last { $0.row <= row }?.file
    }

    var notices: [LocalizedText] {
        let unknown = readers.sorted { $0.key < $1.key }.flatMap { table, reader in
            reader.columns.filter { schema.table(table)?.columnIndex($0) == nil }.map { column in
                LocalizedText(
                    en: "table '\(table)' has no column '\(column)' of \(reader.files[0]): it is left out",
                    zh: "表“\(table)”没有 \(reader.files[0]) 中的列“\(column)”：不予读取")
            }
        }
        return unknown + fileNotices
    }

    private var fileNotices: [LocalizedText] {
        readers.values.flatMap(\.notices).map { file, notice in
            switch notice {
            case .byteOrderMark:
                LocalizedText(en: "\(file) begins with a byte order mark", zh: "\(file) 以字节顺序标记（BOM）开头")
            case .carriageReturns: LocalizedText(en: "\(file) has CRLF line ends", zh: "\(file) 使用 CRLF 换行")
            case .mixedLineEnds: LocalizedText(en: "\(file) mixes line ends", zh: "\(file) 混用了不同的换行")
            case .loneCarriageReturn:
                LocalizedText(en: "\(file) has carriage returns alone", zh: "\(file) 含有单独的回车符")
            }
        }
    }

    var sizes: [String: (files: Int, bytes: Int)] {
        files.mapValues { paths in
            let bytes = paths.reduce(0) { sum, path in
                let attributes = try? FileManager.default.attributesOfItem(atPath: path)
                return sum + ((attributes?[.size] as? Int) ?? 0)
            }
            return (paths.count, bytes)
        }
    }
}

extension OperationError {
    static func tableArgument(_ text: String) -> OperationError {
        OperationError(
            .usage, code: "table-argument",
            LocalizedText(en: "--table is NAME=FILE, not '\(text)'", zh: "--table 应为 表名=文件，不是“\(text)”"),
            hint: LocalizedText(
                en: "for example --table anjian=anjian.csv", zh: "例如 --table anjian=anjian.csv"))
    }

    static func tableUnknown(_ name: String, _ schema: StandardSchema) -> OperationError {
        let names = schema.tables.map { $0.name == $0.title ? $0.name : "\($0.name) \($0.title)" }
        return OperationError(
            .usage, code: "table-unknown",
            LocalizedText(en: "the definitions have no table '\(name)'", zh: "定义中没有表“\(name)”"),
            hint: LocalizedText(
                en: "they have: \(names.joined(separator: ", "))", zh: "现有的表：\(names.joined(separator: "、"))"))
    }
}
