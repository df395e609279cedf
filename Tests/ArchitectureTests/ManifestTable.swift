import Foundation

/// The table of modules in Package.swift, read as text: which row a module stands in and what it may import.
struct ManifestTable {
    struct Module {
        var name: String
        /// Nil for executables, which stand above all.
        var row: Int?
        var imports: Set<String>
    }

    var modules: [String: Module] = [:]
    /// The C libraries.
    var systemLibraries: Set<String> = []

    init() throws {
        let file = SourceTree.packageFolder.appending(path: "Package.swift")
        let text = strippedSwift(try String(contentsOf: file, encoding: .utf8), keepingStrings: true)
        let targets = text[(text.range(of: "targets: [")?.upperBound ?? text.endIndex)...]
        for call in Self.calls(of: "module", in: targets) {
            let row = Int(call.drop { !$0.isNumber }.prefix { $0.isNumber })
            add(Self.literals(in: call), row: row)
        }
        for call in Self.calls(of: "native", in: targets) { add(Self.literals(in: call), row: 0) }
        // What stands below Tests/ serves the tests, and may import as they do.
        for call in Self.calls(of: "executableTarget", in: targets) where !call.contains(#"path: "Tests/"#) {
            add(Self.literals(in: call), row: nil)
        }
        for call in Self.calls(of: "system", in: targets) {
            if let name = Self.literals(in: call).first { systemLibraries.insert(name) }
        }
    }

    private mutating func add(_ names: [String], row: Int?) {
        guard let name = names.first else { return }
        modules[name] = Module(name: name, row: row, imports: Set(names.dropFirst()))
    }

    /// What stands between the brackets of each call `name(…)`.
    private static func calls(of name: String, in text: Substring) -> [Substring] {
        var found: [Substring] = []
        var rest = text
        while let start = rest.range(of: name + "(") {
            var depth = 1
            var end = start.upperBound
            while end < rest.endIndex, depth > 0 {
                if rest[end] == "(" { depth += 1 }
                if rest[end] == ")" { depth -= 1 }
                end = rest.index(after: end)
            }
            let isWord =
                start.lowerBound == text.startIndex
                || !(rest[..<start.lowerBound].last.map { $0.isLetter } ?? false)
            if isWord { found.append(rest[start.upperBound..<end]) }
            rest = rest[end...]
        }
        return found
    }

    private static func literals(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
