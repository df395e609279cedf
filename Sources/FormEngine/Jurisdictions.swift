public import Columnar
public import Schema

/// 辖区: the courts of a hierarchy under given roots, upper courts before their lower ones, in the order of the list.
public struct Jurisdictions: Sendable {
    /// Every court once; a parent stands before its children.
    public let courts: [String]
    public let roots: [String]
    private let parents: [String: String]
    private let childLists: [String: [String]]
    private let known: Set<String>

    /// - Parameters:
    ///   - roots: the courts whose subtrees are wanted; empty means all of the hierarchy.
    ///   - date: courts that are not valid on this day are left out (all are in when nil).
    ///
    /// A root that the hierarchy does not have still counts as a court, without children.
    public init(_ hierarchy: Hierarchy, codelist: CodeList?, roots: [String] = [], on date: CivilDate? = nil) {
        var listed: [String] = []
        var seen: Set<String> = []
        for entry in codelist?.entries ?? [] where date.map(entry.isValid(on:)) ?? true {
            if seen.insert(entry.code).inserted { listed.append(entry.code) }
        }
        if codelist == nil {
            listed = Set(hierarchy.parents.keys).union(hierarchy.parents.values).sorted()
            seen = Set(listed)
        }
        self.init(courts: listed, parents: hierarchy.parents, roots: roots)
    }

    /// From plain parts: the courts in order, and the parent of each that has one.
    public init(courts listed: [String], parents allParents: [String: String], roots wanted: [String] = []) {
        let all = Set(listed)
        var children: [String: [String]] = [:]
        var tops: [String] = []
        for court in listed {
            if let parent = allParents[court], all.contains(parent) {
                children[parent, default: []].append(court)
            } else {
                tops.append(court)
            }
        }
        let roots = wanted.isEmpty ? tops : wanted
        var ordered: [String] = []
        var seen: Set<String> = []
        var stack = Array(roots.reversed())
        while let court = stack.popLast() {
            guard seen.insert(court).inserted else { continue }
            ordered.append(court)
            stack.append(contentsOf: (children[court] ?? []).reversed())
        }
        courts = ordered
        self.roots = roots
        known = seen
        parents = allParents.filter { seen.contains($0.key) && seen.contains($0.value) }
        childLists = children.filter { seen.contains($0.key) }
    }

    public func contains(_ court: String) -> Bool { known.contains(court) }
    /// The upper court, nil for a root.
    public func parent(of court: String) -> String? { parents[court] }
    /// The courts directly below, in the order of the list.
    public func children(of court: String) -> [String] { childLists[court] ?? [] }
}
