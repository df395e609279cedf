import Columnar
import PostgresClient
import Proof
import ReferenceInterpreter
import RulePlan
import TestSupport
import Testing

/// The native engine, value by value, against the reference interpreter.
struct TruthTableTests {
    @Test(
        "every operator gives what the reference gives, over edges, NULL and errors of every type",
        arguments: TruthTables.operations)
    func operatorsAgree(_ operation: TruthTables.Operation) throws {
        if let disagreement = try TruthTables.disagreement(operation, NativeEngine()) {
            Issue.record("\(disagreement)")
        }
    }

    @Test("every operator gives the same inside PostgreSQL")
    func postgresAgrees() throws {
        let engine = PostgresEngine(try PostgresConnection(try TestPostgres.freshDatabase(), applicationName: "proof"))
        for operation in TruthTables.operations {
            if let disagreement = try TruthTables.disagreement(operation, engine) { Issue.record("\(disagreement)") }
        }
    }

    @Test("the reference's connectives are the truth tables of the language page")
    func connectives() {
        // In the order undecided, true, false, error, as the plan's tables are.
        let all: [Truth] = [.undecided, .isTrue, .isFalse, .error]
        for (row, left) in all.enumerated() {
            #expect(all.firstIndex(of: Truth.not(left)) == Int(TruthTable.not[row].rawValue))
            for (column, right) in all.enumerated() {
                #expect(all.firstIndex(of: Truth.and([left, right])) == Int(TruthTable.and[row][column].rawValue))
                #expect(all.firstIndex(of: Truth.or([left, right])) == Int(TruthTable.or[row][column].rawValue))
            }
        }
    }
}
