import Diagnostics
import RowReconciliation

/// A side under its name.
struct NamedRowSide {
    var name: RowSideName
    var side: any RowSide
}

/// Two sides of which the second is made of the first (环节): trial database and library, library and returned copy.
struct RowLink {
    var left: NamedRowSide
    var right: NamedRowSide
    /// Whether its left side is that of the whole comparison.
    var isFirst: Bool

    var name: String { "\(left.name.rawValue)→\(right.name.rawValue)" }

    /// The links between sides, in the order in which they were named.
    static func all(_ sides: [NamedRowSide]) -> [RowLink] {
        zip(sides, sides.dropFirst()).enumerated().map { RowLink(left: $1.0, right: $1.1, isFirst: $0 == 0) }
    }
}

/// `reconcile rows --side … --json`: more than two sides, link by link.
struct RowsLinksSummary: Encodable {
    var format = "sitong.reconcile-rows-links/1"
    var table: String
    /// The sides' names, in the order of the links.
    var sides: [String]
    var seconds: Double
    var differences: Int
    var unexplained: Int
    /// What each link introduced.
    var links: [RowsSummary]
    var status: Int32

    init(_ links: [RowsSummary], table: String, seconds: Double) {
        self.links = links
        self.table = table
        self.seconds = seconds
        sides = links.prefix(1).map(\.left.name) + links.map(\.right.name)
        differences = links.reduce(0) { $0 + $1.differences }
        unexplained = links.reduce(0) { $0 + $1.unexplained }
        status = (unexplained == 0 ? ExitStatus.ok : .findings).rawValue
    }

    var text: LocalizedText {
        LocalizedText(
            en: links.map { "\($0.left.name)→\($0.right.name)  \($0.text.en)" }.joined(separator: "\n"),
            zh: links.map { "\($0.left.name)→\($0.right.name)  \($0.text.zh)" }.joined(separator: "\n"))
    }
}
