import Diagnostics
import PostgresClient

/// The version of a library's ledger: what this program finds there, and how it brings an older one up.
struct LibraryVersion {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) { self.connection = connection }

    /// 0 where there is no library yet; 1 for those made before versions were counted.
    func found() throws -> Int {
        let tables = try connection.execute(
            "SELECT to_regclass('sitong.schema_version') IS NOT NULL, to_regclass('sitong.library_version') IS NOT NULL"
        ).first
        guard tables?.first == "t" else { return 0 }
        guard tables?.last == "t" else { return 1 }
        let rows = try connection.execute("SELECT coalesce(max(version), 1) FROM sitong.library_version")
        return (rows.first?.first ?? nil).flatMap { Int($0) } ?? 1
    }

    /// Within the caller's transaction.
    func bringUp() throws {
        let found = try found()
        guard found <= LedgerTables.current else { throw OperationError.libraryNewer(connection.displayName, found) }
        try connection.execute(LedgerTables.versionTable)
        for version in found..<LedgerTables.current {
            try connection.execute(LedgerTables.versions[version])
            try connection.execute(
                "INSERT INTO sitong.library_version (version) VALUES ($1::integer)", [String(version + 1)])
        }
    }

    /// - Throws: `OperationError` 66 when there is no library, 65 when it is of another version than this program's.
    func require() throws {
        let found = try found()
        guard found > 0 else { throw OperationError.libraryIsEmpty(connection.displayName) }
        guard found <= LedgerTables.current else { throw OperationError.libraryNewer(connection.displayName, found) }
        guard found == LedgerTables.current else { throw OperationError.libraryOlder(connection.displayName, found) }
    }
}

extension OperationError {
    static func libraryNewer(_ place: String, _ version: Int) -> OperationError {
        OperationError(
            .badData, code: "library-newer",
            LocalizedText(
                en: "the library \(place) is of version \(version); this program knows \(LedgerTables.current)",
                zh: "标准库 \(place) 的版本为 \(version)，本程序只支持到 \(LedgerTables.current)"),
            hint: LocalizedText(
                en: "a newer sitong has brought it up; use that one, nothing was changed",
                zh: "它已由较新的 sitong 升级；请使用较新的程序。未作任何修改"))
    }

    static func libraryOlder(_ place: String, _ version: Int) -> OperationError {
        OperationError(
            .badData, code: "library-older",
            LocalizedText(
                en: "the library \(place) is of version \(version); this program needs \(LedgerTables.current)",
                zh: "标准库 \(place) 的版本为 \(version)，本程序需要 \(LedgerTables.current)"),
            hint: LocalizedText(
                en: "'sitong schema apply' brings it up; rows stay as they are",
                zh: "请执行 sitong schema apply 升级；数据行不变"))
    }
}
