import Foundation
import TestSupport
import Testing

/// A short turn of each fuzz target; `make fuzz` takes longer ones.
@Suite(.serialized) struct FuzzTests {
    @Test(
        "random edits of the corpus neither crash nor hang a reader", .timeLimit(.minutes(10)),
        arguments: ["csv", "rules", "definitions", "manifest"])
    func noCrash(target: String) throws {
        let seed = String(TestSeed.draw())
        let run = try Script.run("scripts/fuzz.sh", [Script.built("Fuzz"), "20", seed, target])
        #expect(run.status == 0, Comment(rawValue: run.output))
        #expect(run.output.contains("none wrong"), Comment(rawValue: run.output))
    }
}
