import Batches
import Diagnostics
import Digests
import Foundation

/// `manifest.json` of a batch: as it is, and with its checksum made right again, so that what lies behind is reached.
struct ManifestTarget: FuzzTarget {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder(name: Self.batch) }

    func run(_ input: [UInt8]) -> String { "\(answer(to: input)) \(answer(to: Self.sealed(input)))" }

    private func answer(to manifest: [UInt8]) -> String {
        do {
            try folder.write("manifest.json", manifest)
            let reader = try BatchReader.open(folder.path, verify: .content)
            return "open \(reader.manifest.tables.count) \(reader.manifest.rowCount)"
        } catch let error as OperationError {
            precondition([.badData, .noInput].contains(error.status), "a bad manifest is told as \(error.status)")
            return "\(error.code) \(error.message.en.filter { !$0.isNumber }.prefix(60))"
        } catch {
            preconditionFailure("an error of no known kind: \(error)")
        }
    }

    private static func sealed(_ manifest: [UInt8]) -> [UInt8] {
        guard let key = Data(manifest).range(of: Data(#""checksum":""#.utf8)), key.upperBound + 64 <= manifest.count
        else { return manifest }
        var sealed = manifest
        let digits = key.upperBound..<key.upperBound + 64
        sealed.replaceSubrange(digits, with: [UInt8](repeating: UInt8(ascii: "0"), count: 64))
        sealed.replaceSubrange(digits, with: Array(SHA256Digest.hex(of: sealed).utf8))
        return sealed
    }

    /// The name that the manifests of the corpus have.
    private static let batch = "trial-2026-10-0001"

    let dictionary = [
        "{", "}", "[", "]", ":", ",", "null", "true", "-1", "0", "1", "9223372036854775807", "9223372036854775808",
        "1e99",
        "1.5", "\"\"", "\"..\"", "\"../../x\"", "\"/etc/passwd\"", "\"\\u0000\"", "\"\\ud800\"", "\"format\":",
        "\"sitong-batch/1\"", "\"checksum\":\"", "\"tables\":", "\"tombstones\":", "\"parts\":", "\"rows\":",
        "\"path\":",
        "\"anjian/000001.csv.zst\"", "\"columns\":", "\"rowsPerCourt\":", "\"sequence\":", "\"previous\":", "\"id\":",
        "[[[[[[[[", "{\"a\":",
    ]
}
