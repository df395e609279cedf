public import Batches
import Foundation
import PostgresClient

extension StandardLibrary {
    /// What the batches of a run say of the completeness of their tables, in the order in which they were loaded.
    public func completeness(run: String) throws -> [(batch: String, table: BatchManifest.Completeness)] {
        let found = try connection.execute(
            """
            SELECT batch, manifest->'completeness' FROM sitong.batch
            WHERE run = $1 AND status = 'loaded' AND manifest ? 'completeness' ORDER BY number
            """, [run])
        return try found.flatMap { row in
            try JSONDecoder().decode([BatchManifest.Completeness].self, from: Data((row[1] ?? "[]").utf8))
                .map { (batch: row[0] ?? "", table: $0) }
        }
    }
}
