import ArgumentParser
import Diagnostics
import RuleEngine
import RuleLanguage
import Schema

/// `--builtin`: which built-in checks are made beside those that always are.
enum BuiltInChoice: String, CaseIterable, ExpressibleByArgument {
    case all
}

/// What the definitions of tables demand of their rows (必填项、主键), asked like rules.
///
/// `required.<table>.<column>` and `key.<table>.<column>`: the cell is not NULL; the names and meanings of `load`.
/// `key.<table>`: no key comes twice; rows whose key is not complete are undecided.
struct BuiltInChecks {
    private(set) var rules: [RuleDefinition] = []

    init(of tables: [TableDefinition], language: Language) {
        for table in tables {
            for column in table.columns where table.key.contains(column.name) {
                let title = LocalizedText(
                    en: "key column \(column.name) is empty", zh: "主键列“\(column.title)”为空")
                add("key.\(table.name).\(column.name)", title.text(in: language), table, Self.hasValue(column))
            }
            if !table.key.isEmpty {
                let title = LocalizedText(en: "the key comes several times", zh: "主键重复")
                add("key.\(table.name)", title.text(in: language), table, .unique(table.key))
            }
            for column in table.columns where column.isRequired && !table.key.contains(column.name) {
                let title = LocalizedText(
                    en: "required column \(column.name) is empty", zh: "必填列“\(column.title)”为空")
                add("required.\(table.name).\(column.name)", title.text(in: language), table, Self.hasValue(column))
            }
        }
    }

    /// Marks what these checks counted as not of a rules document.
    func mark(_ statistics: inout [RuleStatistics]) {
        let names = Set(rules.map(\.id))
        for index in statistics.indices where names.contains(statistics[index].rule) {
            statistics[index].isBuiltin = true
        }
    }

    private mutating func add(_ id: String, _ title: String, _ table: TableDefinition, _ body: RuleDefinition.Body) {
        // A place in no file, so that no let of a file hides a column.
        let place = SourceLocation(file: "--builtin", line: 1, column: 1)
        rules.append(RuleDefinition(id: id, title: title, table: table.name, body: body, location: place))
    }

    private static func hasValue(_ column: ColumnDefinition) -> RuleDefinition.Body {
        .check(ExpressionText("`\(column.name)` is not null"))
    }
}
