import Columnar
import Testing

/// The packed four-valued connectives against a table written out by hand.
struct OutcomeMaskTests {
    /// and: the first of false, error, undecided, true that occurs.
    static func and(_ a: Outcome, _ b: Outcome) -> Outcome {
        [.isFalse, .error, .undecided, .isTrue].first { $0 == a || $0 == b } ?? .error
    }

    static func or(_ a: Outcome, _ b: Outcome) -> Outcome {
        [.isTrue, .error, .undecided, .isFalse].first { $0 == a || $0 == b } ?? .error
    }

    @Test("and, or and not follow their rule for every pair of outcomes, across word borders")
    func connectives() {
        let all = Outcome.allCases
        let count = 16 * 9
        var left = OutcomeMask(count: count)
        var right = OutcomeMask(count: count)
        for row in 0..<count {
            left[row] = all[row % 16 / 4]
            right[row] = all[row % 4]
        }
        var (both, either, neither) = (left, left, left)
        both.formAnd(right)
        either.formOr(right)
        neither.formNot()
        for row in 0..<count {
            #expect(both[row] == OutcomeMaskTests.and(left[row], right[row]))
            #expect(either[row] == OutcomeMaskTests.or(left[row], right[row]))
        }
        #expect((0..<4).map { neither[$0 * 4] } == [.undecided, .isFalse, .isTrue, .error])
        #expect(left.tally() == right.tally())
        #expect(left.tally().error == count / 4)
        #expect(left.errorRows.population == count / 4 && left.undecidedRows.population == count / 4)
    }

    @Test("bits beyond the last row stay zero through not")
    func tails() {
        var mask = OutcomeMask(repeating: .isFalse, count: 3)
        mask.formNot()
        #expect(mask.truths == [7] && mask.falses == [0])
        #expect(mask.trueRows.population == 3 && mask.undecidedRows.population == 0)
    }

    @Test("fingerprints tell parts from their concatenation, and TextIndex finds what was put in")
    func keys() {
        var first = Fingerprint()
        first.mix("ab")
        first.mix("c")
        var second = Fingerprint()
        second.mix("a")
        second.mix("bc")
        #expect(first != second)
        var index = TextIndex()
        for number in 0..<1000 { #expect(index.insert("豫\(number)") == number) }
        #expect(index.insert("豫7") == 7 && index.find("豫999") == 999 && index.find("豫1000") == nil)
        #expect(TextIndex([""]).find("") == 0)
    }
}
