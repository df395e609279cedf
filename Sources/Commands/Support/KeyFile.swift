import Columnar
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Extraction
import Foundation
import Schema

extension KeyList {
    /// Keys of a file (补抽清单): CSV whose header names columns of a key, by code or title; or one key a line, for the first table
    /// of a source whose key is one column.
    ///
    /// - Throws: `OperationError` 66 when the file cannot be read, 65 when it holds no keys or a key lacks a part.
    init(file: String, of sources: [SourceDefinition], in schema: StandardSchema) throws {
        let tables = sources.flatMap(\.tables).compactMap { schema.table($0.table) }
        var bytes: [UInt8] = []
        var source = try FileSource(file)
        while try source.read(into: &bytes) {}
        let first = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let names = String(decoding: first, as: UTF8.self).split(separator: ",").map(String.init)
        let owner = tables.first { table in
            !names.isEmpty
                && names.allSatisfy { name in table.column(name).map { table.key.contains($0.name) } ?? false }
        }
        let columns: [String]
        if let owner {
            columns = names.compactMap { owner.column($0)?.name }
        } else {
            guard let single = tables.first(where: { $0.key.count == 1 })?.key[0] else {
                throw OperationError.keysWithoutHeader(file)
            }
            columns = [single]
            bytes = Array("\(single)\n".utf8) + bytes
        }
        var reader = try CSVReader(BytesSource(bytes), file: file)
        var rows: [[String]] = []
        while let block = try reader.next() {
            for row in 0..<block.rowCount {
                let parts = block.columns.compactMap { $0[row] }
                guard parts.count == columns.count else { throw OperationError.keyIncomplete(file) }
                rows.append(parts)
            }
        }
        guard reader.takeMalformed().isEmpty else { throw OperationError.keyIncomplete(file) }
        guard !rows.isEmpty else { throw OperationError.keysEmpty(file) }
        self.init(columns: columns, rows: rows)
    }
}

extension OperationError {
    fileprivate static func keysEmpty(_ file: String) -> OperationError {
        OperationError(
            .badData, code: "keys-empty", LocalizedText(en: "'\(file)' holds no keys", zh: "“\(file)”中没有主键"))
    }

    fileprivate static func keyIncomplete(_ file: String) -> OperationError {
        OperationError(
            .badData, code: "keys-incomplete",
            LocalizedText(en: "'\(file)': a key lacks a part, or has too many", zh: "“\(file)”：有主键缺少或多出组成部分"),
            hint: LocalizedText(
                en: "one column for each part of the key, none empty", zh: "主键的每个组成部分占一列，均不得为空"))
    }

    fileprivate static func keysWithoutHeader(_ file: String) -> OperationError {
        OperationError(
            .badData, code: "keys-header",
            LocalizedText(
                en: "'\(file)' has no header, and no table of the sources has a key of one column",
                zh: "“\(file)”没有表头，且来源中没有单列主键的表"),
            hint: LocalizedText(en: "name the key's columns in the first line", zh: "请在首行写明主键列名"))
    }
}
