import Batches
import Columnar
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Extraction
import Foundation
import RowReconciliation
import Schema

/// Opens what `--left` and `--right` name.
struct RowSides {
    let table: TableDefinition
    let schema: StandardSchema
    let library: LibraryOptions
    let session: Session
    var pace = ScanPace()
    var checkpoint: RowCheckpoint?

    /// What a text names.
    private enum Place {
        case library
        case postgres(String)
        case sqlite(String)
        case batch(String)
        case csv([String])
        case folder(String)
    }

    func side(_ text: String, _ name: RowSideName) throws -> any RowSide {
        switch try place(text) {
        case .library:
            return try PostgresSide(
                try session.connectionText(library), kind: "library", table: table, schemaName: "public", pace: pace,
                checkpoint: checkpoint?.side(name.rawValue))
        case .postgres(let conninfo):
            return try PostgresSide(
                conninfo, table: table, pace: pace, checkpoint: checkpoint?.side(name.rawValue))
        case .sqlite(let path): return try ReadSide.sqlite(path, table: table)
        case .batch(let folder): return try batch(folder)
        case .csv(let files): return try csv(files)
        case .folder(let path):
            throw OperationError(
                .noInput, code: "rows-side-folder",
                LocalizedText(en: "'\(path)' is a folder without a batch", zh: "目录“\(path)”中没有批次"),
                hint: LocalizedText(en: "a batch has a manifest.json", zh: "批次目录中应有 manifest.json"))
        }
    }

    /// Lends the table of a source, mapped as `extract` maps it, and its code translations.
    ///
    /// - Parameter text: where the source is; nil for where its definition says.
    func withMapped<R>(
        _ file: String, at text: String?, connections: Int,
        _ body: (any RowSide, [String: [String: String]]) throws -> R
    ) throws -> R {
        guard let path = try FileNames.expand([file], what: LocalizedText(en: "source", zh: "来源定义")).first else {
            throw OperationError(
                .noInput, code: "sources-missing",
                LocalizedText(en: "no source definition matches \(file)", zh: "没有符合 \(file) 的来源定义"))
        }
        var source = try DefinitionLoader.loadSource(file: path, schema: schema)
        if let text { source.connection = try connection(text) }
        source = try source.filled(from: session.environment)
        return try MappedTable.with(source, table: table, schema: schema, connections: connections) { mapped in
            let side = ReadSide(
                kind: "source", place: source.name, time: mapped.snapshotTime, columns: mapped.columns
            ) { _ in try mapped.reader() }
            return try body(side, mapped.codes)
        }
    }

    private func connection(_ text: String) throws -> SourceDefinition.Connection {
        switch try place(text) {
        case .library: .postgres(try session.connectionText(library))
        case .postgres(let conninfo): .postgres(conninfo)
        case .sqlite(let path): .sqlite(path: path)
        case .folder(let path): .csv(folder: path)
        case .batch, .csv:
            throw OperationError(
                .usage, code: "rows-source-place",
                LocalizedText(
                    en: "--source maps a database or a folder of CSV files, not '\(text)'",
                    zh: "--source 用于数据库或 CSV 目录，不是“\(text)”"),
                hint: LocalizedText(
                    en: "a batch is mapped already; leave --source out", zh: "批次已经转换过，请去掉 --source"))
        }
    }

    private func place(_ text: String) throws -> Place {
        if text == "library" { return .library }
        let isFile = FileManager.default.fileExists(atPath: text)
        if !isFile, text.contains("://") || text.contains("=") {
            guard !ConnectionSettings.postgres(text).holdsPassword else { throw OperationError.passwordInArguments }
            return .postgres(text)
        }
        let files = try FileNames.expand([text], what: LocalizedText(en: "side", zh: "比对对象"))
        guard let first = files.first else {
            throw OperationError(
                .noInput, code: "input-missing",
                LocalizedText(en: "no file matches '\(text)'", zh: "没有符合“\(text)”的文件"))
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: first, isDirectory: &isFolder), isFolder.boolValue {
            let hasManifest = FileManager.default.fileExists(atPath: first + "/manifest.json")
            return hasManifest ? .batch(first) : .folder(first)
        }
        var start: [UInt8] = []
        var source = try FileSource(first)
        _ = try source.read(into: &start)
        return start.starts(with: Array("SQLite format 3\0".utf8)) ? .sqlite(first) : .csv(files)
    }

    private func batch(_ folder: String) throws -> any RowSide {
        let batch = try BatchReader.open(folder, verify: .files)
        guard let reader = try batch.reader(table: table.name) else {
            throw OperationError(
                .badData, code: "rows-table-missing",
                LocalizedText(
                    en: "batch \(batch.manifest.id) has no table '\(table.name)'",
                    zh: "批次 \(batch.manifest.id) 中没有表“\(table.title)”"))
        }
        if batch.manifest.kind != .full {
            session.console.warn(
                LocalizedText(
                    en: "batch \(batch.manifest.id) holds changes only: other rows will be missing in it",
                    zh: "批次 \(batch.manifest.id) 只含变更：其余的行会显示为缺失"))
        }
        return ReadSide(
            kind: "batch", place: folder, time: batch.manifest.snapshotTime, columns: known(reader.columns)
        ) { [table] _ in
            let joined = try JoinedBatches([batch], table: table.name)
            return RowsWithoutGaps(BlockCells(joined)) { joined.malformed.first.map { ($0.file, $0.record.row) } }
        }
    }

    private func csv(_ files: [String]) throws -> any RowSide {
        let columns = try FileTable(files: files).columns
        let changed = try FileManager.default.attributesOfItem(atPath: files[0])[.modificationDate] as? Date
        return ReadSide(
            kind: "csv", place: files.joined(separator: " "), time: (changed ?? Date()).formatted(.iso8601),
            columns: known(columns)
        ) { _ in
            let reader = try FileTable(files: files)
            return RowsWithoutGaps(reader) { reader.malformed.first.map { ($0.file, $0.record.row) } }
        }
    }

    private func known(_ offered: [String]) -> [String] { offered.compactMap { table.column(offered: $0)?.name } }
}

/// Rows of files in which a record that is no row is an error: a comparison that passed over rows would be none.
private struct RowsWithoutGaps: CellReader {
    private var base: any CellReader
    private let malformed: () -> (file: String, row: Int)?

    init(_ base: any CellReader, malformed: @escaping () -> (file: String, row: Int)?) {
        self.base = base
        self.malformed = malformed
    }

    var columns: [String] { base.columns }

    mutating func next(into block: inout CellBlock) throws -> Bool {
        let hasMore = try base.next(into: &block)
        if let (file, row) = malformed() {
            throw OperationError(
                .badData, code: "rows-record",
                LocalizedText(en: "row \(row) of \(file) cannot be read", zh: "\(file) 的第 \(row) 行无法读取"),
                hint: LocalizedText(
                    en: "'sitong qc --table …' tells what is wrong with it", zh: "可用“sitong qc --table …”查明原因"))
        }
        return hasMore
    }
}
