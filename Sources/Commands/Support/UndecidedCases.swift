import Diagnostics
import FormEngine
import Library
import Schema

/// Cases that no cell of a form counts because something about them could not be decided, to be told beside the form.
struct UndecidedCases {
    let items: [FormComputation.Undecided]
    private let schema: StandardSchema

    /// - Parameter run: whose figures are shown.
    init(_ library: StandardLibrary, run: String, schema: StandardSchema) throws {
        items = try library.undecided(run: run)
        self.schema = schema
    }

    /// Of the court's whole jurisdiction, as its figures are.
    func cases(form: String, court: String, period: String) throws -> Int {
        let own = items.filter { $0.form == form && $0.period == period }
        guard !own.isEmpty else { return 0 }
        let courts = Set(try schema.jurisdictions(of: [], named: [court]).courts)
        return own.reduce(0) { courts.contains($1.court) ? $0 + $1.cases : $0 }
    }

    /// What is said under a form; nil when there is nothing to say.
    static func note(_ cases: Int) -> LocalizedText? {
        guard cases > 0 else { return nil }
        return LocalizedText(
            en: "\(Format.count(cases)) more cases could not be decided and are in no cell.",
            zh: "另有 \(Format.count(cases)) 件案件因所需信息缺失无法判定，未计入任何一格。")
    }
}
