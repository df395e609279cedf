import Columnar
import DataAccess
import DelimitedText
import Proof
import ReferenceInterpreter
import RuleLanguage
import Schema
import Testing

/// What must not change the native engine's answers, and what must change them in a known way.
struct MetamorphicTests {
    static let seeds: [UInt64] = [1, 2, 3, 4]

    private let engine = NativeEngine()

    private func question(_ seed: UInt64, rules: Int = 60) throws -> ProofCase {
        var questions = QuestionGenerator(seed: seed)
        return try questions.next(rules: rules).question
    }

    @Test("the order of the rows of any table moves violations along and changes nothing else", arguments: seeds)
    func rowOrder(_ seed: UInt64) throws {
        let question = try question(seed)
        var random = RandomSource(seed: seed)
        var shuffled = question
        var places: [String: [Int]] = [:]
        for table in question.schema.tables {
            let order = Array((question.cells[table.name] ?? []).indices).shuffled(using: &random)
            shuffled.cells[table.name] = order.compactMap { question.cells[table.name]?[$0] }
            places[table.name] = order
        }
        let moved = zip(question.rules.rules, try engine.judge(shuffled)).map { rule, verdict -> Verdict? in
            guard var moved = verdict else { return nil }
            let order = rule.table.flatMap { question.schema.table($0) }.flatMap { places[$0.name] } ?? []
            moved.violations = moved.violations.map { $0 == 0 ? 0 : order[$0 - 1] + 1 }.sorted()
            return moved
        }
        try expect(moved, try engine.judge(question), question)
    }

    @Test("blocks of any size are judged alike", arguments: seeds)
    func blocks(_ seed: UInt64) throws {
        let question = try question(seed)
        let whole = try NativeEngine(blockSizes: [1000]).judge(question)
        for sizes in [[1], [2, 3], [31], [64, 1]] {
            try expect(try NativeEngine(blockSizes: sizes).judge(question), whole, question)
        }
    }

    @Test("one file, or the same rows in several, with the columns in any order and more of them", arguments: seeds)
    func files(_ seed: UInt64) throws {
        let question = try question(seed)
        let whole = try engine.judge(question)
        for parts in [1, 2, 5] {
            let read = NativeEngine { table, rows in try CSVParts(table, rows, parts: parts, seed: seed) }
            try expect(try read.judge(question), whole, question)
        }
    }

    @Test("a column more, and columns in another order, change nothing", arguments: seeds)
    func columns(_ seed: UInt64) throws {
        let question = try question(seed)
        var random = RandomSource(seed: seed)
        var changed = question
        for (index, table) in question.schema.tables.enumerated() {
            let order = Array(table.columns.indices).shuffled(using: &random)
            changed.schema.tables[index].columns =
                [ColumnDefinition(name: "irrelevant", type: .int)] + order.map { table.columns[$0] }
            changed.cells[table.name] = question.cells[table.name]?.map { row in
                [random.chance(50) ? "x" : nil] + order.map { row[$0] }
            }
        }
        try expect(try engine.judge(changed), try engine.judge(question), question)
    }

    @Test("a rule alone, or twice among others, comes out the same", arguments: seeds)
    func doubled(_ seed: UInt64) throws {
        let question = try question(seed, rules: 25)
        let answers = try engine.judge(question)
        var doubled = question
        for (index, rule) in question.rules.rules.enumerated() {
            var copy = rule
            copy.id = "copy\(index)"
            doubled.rules.rules.append(copy)
        }
        try expect(try engine.judge(doubled), answers + answers, doubled)
        for (index, rule) in question.rules.rules.enumerated() {
            var alone = question
            alone.rules.rules = [rule]
            try expect(try engine.judge(alone), [answers[index]], alone)
        }
    }

    @Test("a negated check swaps true and false where no relation finds several rows", arguments: seeds)
    func negated(_ seed: UInt64) throws {
        var question = try question(seed, rules: 80)
        question.rules.rules = question.rules.rules.filter { rule in
            guard case .check(let text) = rule.body, rule.nullPolicy == .undecided, rule.when == nil else {
                return false
            }
            // A column of a related row, here or in a let, may be one of several.
            return !text.text.contains(".") && !text.text.contains("简称")
        }
        #expect(question.rules.rules.count > 5)
        var negated = question
        for (index, rule) in question.rules.rules.enumerated() {
            if case .check(let text) = rule.body {
                negated.rules.rules[index].body = .check(ExpressionText("not (\(text.text))"))
            }
        }
        let (plain, turned) = (try engine.judge(question), try engine.judge(negated))
        for (index, rule) in question.rules.rules.enumerated() {
            let (a, b) = (try #require(plain[index]), try #require(turned[index]))
            #expect(
                [a.isTrue, a.isFalse, a.undecided, a.error] == [b.isFalse, b.isTrue, b.undecided, b.error],
                "\(rule.body)")
            #expect(Set(a.violations).isDisjoint(with: b.violations))
        }
    }

    private func expect(_ changed: [Verdict?], _ plain: [Verdict?], _ question: ProofCase) throws {
        try #require(changed.count == plain.count)
        for (index, rule) in question.rules.rules.enumerated() where changed[index] != plain[index] {
            Issue.record(
                "\(rule.body) when \(rule.when?.text ?? "–"): \(String(describing: changed[index])), not \(String(describing: plain[index]))"
            )
        }
    }
}

/// The rows of a table as CSV in several parts, as the program reads the files of one table; each part has the columns
/// in the first one's order, which is not the table's, and one that the table does not know.
private struct CSVParts: BlockReader {
    let columns: [String]
    private var readers: [CSVReader<BytesSource>]
    private var rowsBefore = 0

    init(_ table: TableDefinition, _ rows: [[String?]], parts: Int, seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let order = Array(table.columns.indices).shuffled(using: &random)
        columns = ["not in the table"] + order.map { table.columns[$0].title }
        let size = rows.count / parts + 1
        readers = try stride(from: 0, to: rows.count, by: size).map { [columns] start in
            let part = rows[start..<min(start + size, rows.count)].map { row in ["a,b\r\n\"c"] + order.map { row[$0] } }
            return try CSVReader(BytesSource(try CaseFiles.csv(columns, part)), file: "part")
        }
    }

    mutating func next() throws -> RawBlock? {
        while let reader = readers.first {
            if var block = try reader.next() {
                block.firstRow += rowsBefore
                return block
            }
            rowsBefore += reader.recordCount
            readers.removeFirst()
        }
        return nil
    }
}
