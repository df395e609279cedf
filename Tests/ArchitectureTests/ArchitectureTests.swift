import Foundation
import Testing

/// Holds the sources against the table of modules in Package.swift: SwiftPM itself lets a module import what its
/// dependencies depend on.
@Suite struct ArchitectureTests {
    let tree: SourceTree
    let table: ManifestTable

    init() throws {
        tree = try SourceTree()
        table = try ManifestTable()
    }

    /// Parts of the Swift distribution that any module may use.
    static let everywhere: Set<String> = ["Swift", "Glibc", "Darwin", "Synchronization"]
    /// Pure modules at the bottom, which do without Foundation.
    static let withoutFoundation: Set<String> = ["Columnar", "Diagnostics", "RuleLanguage", "RulePlan", "RuleEngine"]
    /// Only these print, read the environment, or end the process.
    static let atTheTop: Set<String> = ["Commands", "sitong", "Bench"]

    @Test("the manifest's table is read whole")
    func manifestIsRead() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: SourceTree.packageFolder.appending(path: "Sources").path(percentEncoded: false))
        #expect(Set(table.modules.keys).union(table.systemLibraries) == Set(folders))
        #expect(table.modules["RuleEngine"]?.row == 2)
        #expect(table.modules["RuleEngine"]?.imports.contains("RulePlan") == true)
        #expect(table.modules["sitong"]?.imports == ["Commands"])
    }

    @Test("a module imports only what its line in the manifest names")
    func importsAreDeclared() {
        for file in tree.files {
            guard let module = table.modules[file.module] else { continue }
            for imported in importedModules(of: file) {
                if Self.everywhere.contains(imported) || module.imports.contains(imported) { continue }
                let isFoundation = ["Foundation", "Dispatch"].contains(imported)
                if isFoundation, !Self.withoutFoundation.contains(file.module) { continue }
                Issue.record("\(file.path) imports \(imported), which the manifest does not allow to \(file.module)")
            }
        }
    }

    @Test("a module stands above what it imports")
    func rowsAreOrdered() {
        for module in table.modules.values {
            guard let row = module.row else { continue }
            for imported in module.imports {
                guard let below = table.modules[imported]?.row else { continue }
                #expect(below <= row, "\(module.name) in row \(row) imports \(imported) of row \(below)")
            }
        }
    }

    @Test("each C library has exactly one importer")
    func systemLibrariesHaveOneImporter() {
        for library in table.systemLibraries {
            let users = table.modules.values.filter { $0.imports.contains(library) }.map(\.name)
            #expect(users.count == 1, "\(library) is named by \(users.sorted())")
            let importers = Set(tree.files.filter { importedModules(of: $0).contains(library) }.map(\.module))
            #expect(importers.count <= 1, "\(library) is imported by \(importers.sorted())")
        }
    }

    @Test("only the commands and the executables print, read the environment, or exit")
    func sideEffectsStayAtTheTop() throws {
        let patterns = [
            #/(?:^|[^\w.])(?:Swift\.)?(?:print|debugPrint|dump)\(/#, #/\bprocessInfo\.environment\b/#,
            #/(?:^|[^\w.])(?:Glibc\.)?(?:getenv|secure_getenv|setenv|putenv)\(/#, #/(?:^|[^\w.])(?:Glibc\.)?_?exit\(/#,
        ]
        for file in tree.files where !Self.atTheTop.contains(file.module) {
            for (number, line) in lines(of: file) {
                for pattern in patterns where line.contains(pattern) {
                    Issue.record("\(file.path):\(number): \(line.trimmingCharacters(in: .whitespaces))")
                }
            }
        }
    }

    @Test("nothing gives up with fatalError or try!")
    func nothingGivesUp() {
        for file in tree.files {
            for (number, line) in lines(of: file) where line.contains(#/\bfatalError\(|\btry!/#) {
                Issue.record("\(file.path):\(number): \(line.trimmingCharacters(in: .whitespaces))")
            }
        }
    }

    @Test("each fault point is one place, well named, and listed in docs/fault-points.md")
    func faultPointsAreListed() throws {
        var places: [String: [String]] = [:]
        for file in tree.files {
            for match in file.code.matches(of: #/\bfaultPoint\("([^"]*)"\)/#) {
                places[String(match.1), default: []].append(file.path)
            }
        }
        for (name, files) in places {
            #expect(files.count == 1, "fault point \(name) stands in \(files.sorted())")
            #expect(
                name.wholeMatch(of: #/[a-z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*/#) != nil,
                "fault point \(name) is not named module.place")
        }
        let page = try String(
            contentsOf: SourceTree.packageFolder.appending(path: "docs/fault-points.md"), encoding: .utf8)
        let listed = Set(page.matches(of: #/\| `([^`]+)` \| `([^`]+)` \|/#).map { "\($0.1) \($0.2)" })
        let present = Set(places.flatMap { name, files in files.map { "\(name) \($0)" } })
        #expect(listed == present, "docs/fault-points.md is out of date; run `make docs`")
    }

    private func importedModules(of file: SourceTree.File) -> Set<String> {
        let pattern =
            #/^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/#
            .anchorsMatchLineEndings()
        return Set(file.codeWithoutStrings.matches(of: pattern).map { String($0.1) })
    }

    private func lines(of file: SourceTree.File) -> [(Int, Substring)] {
        file.codeWithoutStrings.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { ($0.offset + 1, $0.element) }
    }
}
