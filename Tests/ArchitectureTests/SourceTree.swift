import Foundation

/// The Swift files below `Sources`, each with the module it belongs to.
struct SourceTree {
    struct File {
        var module: String
        /// Relative to the package.
        var path: String
        /// Without comments.
        var code: String
        /// Without comments and without what stands inside string literals.
        var codeWithoutStrings: String
    }

    static let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    var files: [File] = []

    init() throws {
        let sources = Self.packageFolder.appending(path: "Sources").path(percentEncoded: false)
        for relative in try FileManager.default.subpathsOfDirectory(atPath: sources).sorted()
        where relative.hasSuffix(".swift") {
            let text = try String(contentsOfFile: sources + "/" + relative, encoding: .utf8)
            files.append(
                File(
                    module: String(relative.prefix { $0 != "/" }), path: "Sources/" + relative,
                    code: strippedSwift(text, keepingStrings: true),
                    codeWithoutStrings: strippedSwift(text, keepingStrings: false)))
        }
    }
}

/// Swift text without its comments and, if asked, without the contents of string literals; line breaks stay.
///
/// What is interpolated into a string counts as the string.
func strippedSwift(_ text: String, keepingStrings: Bool) -> String {
    let bytes = Array(text.utf8)
    var kept: [UInt8] = []
    var index = 0
    func follows(_ expected: String, at place: Int) -> Bool { bytes[place...].starts(with: expected.utf8) }
    while index < bytes.count {
        if follows("//", at: index) {
            while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
        } else if follows("/*", at: index) {
            var depth = 0
            repeat {
                if follows("/*", at: index) {
                    depth += 1
                    index += 2
                } else if follows("*/", at: index) {
                    depth -= 1
                    index += 2
                } else {
                    if bytes[index] == UInt8(ascii: "\n") { kept.append(bytes[index]) }
                    index += 1
                }
            } while depth > 0 && index < bytes.count
        } else if bytes[index] == UInt8(ascii: "\"") {
            let quote = follows("\"\"\"", at: index) ? "\"\"\"" : "\""
            let start = index
            index += quote.utf8.count
            while index < bytes.count, !follows(quote, at: index) {
                index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            index = min(bytes.count, index + quote.utf8.count)
            kept += keepingStrings ? bytes[start..<index] : Array((quote + quote).utf8)[...]
        } else {
            kept.append(bytes[index])
            index += 1
        }
    }
    return String(decoding: kept, as: UTF8.self)
}
