import Columnar
import DataAccess
import DelimitedText
import FormEngine
import Reconciliation
import Schema
import TestSupport
import Testing

@Suite("Reading figures")
struct FigureReaderTests {
    private static let places = FigureReader.Places(form: 0, court: 1, period: 2, row: 3, column: 4, value: 5, own: 6)

    private func read(
        _ csv: String, into store: FigureStore, places: FigureReader.Places = places
    ) throws -> FigureReader {
        var reader = FigureReader(into: store, places: places)
        var cells = try CSVCellReader(BytesSource(Array(csv.utf8)), file: "figures.csv")
        var block = CellBlock()
        while try cells.next(into: &block) { try reader.append(block) }
        return reader
    }

    private func csv(_ lines: [String]) -> String {
        (["form,court,period,row,column,value,own"] + lines).map { $0 + "\n" }.joined()
    }

    @Test func `figures read block by block are those that are put in one by one`() throws {
        let seed = TestSeed.draw()
        print("random figures: seed \(seed)")
        var random = RandomForms(seed: seed)
        let forms = RandomForms.schema.forms
        for shuffled in [false, true] {
            var figures = random.figures().map { figure in
                // A line that is there without a value is blank.
                var figure = figure
                if figure.value == .absent { figure.value = .blank }
                if figure.own == .absent { figure.own = .blank }
                return figure
            }
            if shuffled { figures.shuffle(using: &random.numbers) }
            let lines = figures.map { figure in
                let isTitle = random.chance(1, in: 3)
                let form = forms.first { $0.name == figure.form } ?? forms[0]
                let row = form.rowIndex(figure.row).map { form.rows[$0].title } ?? ""
                return [
                    isTitle ? form.title : figure.form, figure.court, figure.period, isTitle ? row : figure.row,
                    figure.column, figure.value.number.map { "\($0)" } ?? "", figure.own.number.map { "\($0)" } ?? "",
                ].joined(separator: ",")
            }
            let read = FigureStore(forms: forms)
            #expect(try self.read(csv(lines), into: read).misplaced.isEmpty)
            let table = figures.reduce(into: FigureTable(forms: forms)) { _ = $0.insert($1) }
            #expect(read.figures == table.figures, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("0", "0"), ("7", "7"), ("12345678", "12345678"), ("123456789", "123456789"), ("-5", "-5"), ("00012", "12"),
        ("12.50", "12.5"), ("-0.05", "-0.05"), ("999999999999999999", "999999999999999999"),
        ("9223372036854775808", "9223372036854775808"),
        ("-12345678901234567890123456789012345678", "-12345678901234567890123456789012345678"),
    ])
    func `a number keeps its value`(_ text: String, _ expected: String) throws {
        let store = FigureStore(forms: RandomForms.schema.forms)
        _ = try read(csv(["F1,甲,2026-10,r1,c1,\(text),"]), into: store)
        #expect(store.figures.map(\.value) == [.number(try #require(ExactDecimal(expected)))])
        #expect(store.figures.map(\.own) == [.blank])
    }

    @Test(arguments: ["+1", "1e3", "１２", ".5", "5.", "1.2.3", " 1", "--1", "-", "0x1F", "1,2", "12a45678", "/2345678"])
    func `what is no number is told with its row`(_ text: String) throws {
        let store = FigureStore(forms: RandomForms.schema.forms)
        let lines = csv(["F1,甲,2026-10,r1,c1,1,", "F1,甲,2026-10,r1,c2,\"\(text)\","])
        let fault = try #require(throws: FigureReader.Fault.self) { try read(lines, into: store) }
        #expect(fault.row == 1)
        #expect(fault.part == .value)
    }

    @Test func `figures without a place are counted by reason, with the first line of each`() throws {
        let store = FigureStore(forms: RandomForms.schema.forms)
        let reader = try read(
            csv([
                "F1,甲,2026-10,r1,c1,1,", "F1,甲,2026-10,r1,c1,1.0,", "F1,甲,2026-10,r1,c1,2,", "F9,甲,2026-10,r1,c1,1,",
                "F1,甲,2026-10,r9,c1,1,", "F1,甲,2026-10,r9,c2,1,", "F1,甲,2026-10,r1,c9,1,",
                "F1,甲,2026-10,r1,这一栏的名称比十五个字节长,1,", "F1,甲,2026-10,r2,c1,3,",
            ]), into: store)
        let found = FigureTable.Misplacement.allCases.map { reason in
            reader.misplaced[reason].map { "\(reason.rawValue) \($0.count) from \($0.line)" }
        }
        let expected = ["unknownForm 1 from 5", "unknownRow 2 from 6", "unknownColumn 2 from 8", "repeated 1 from 4"]
        #expect(found == expected)
        #expect(store.figures.map(\.value) == [.number(ExactDecimal(1)), .number(ExactDecimal(3))])
    }

    @Test func `many courts and periods, long names among them, are found again`() throws {
        let store = FigureStore(forms: RandomForms.schema.forms)
        let names = (0..<3000).map { $0 % 2 == 0 ? "法\($0)" : "名称很长的第\($0)号人民法院" }
        _ = try read(csv(names.map { "F3,\($0),2026-10,r1,c1,1,2" }), into: store)
        _ = try read(csv(names.reversed().map { "F3,\($0),2026-10,r1,c2,3," }), into: store)
        #expect(store.courts == names)
        #expect(store.figures.count == 6000)
    }
}
