import Columnar
import Proof
import ReferenceInterpreter
import Testing

/// The reference is the judge of the engines; what it rests on is judged here, by other means.
struct ReferenceTests {
    @Test("sums, products, quotients and their text agree with 128-bit integers")
    func arithmetic() {
        var random = RandomSource(seed: 11)
        for _ in 0..<3000 {
            let bits = [4, 20, 40, 62]
            let (a, b) = (
                Int(truncatingIfNeeded: random.next()) >> random.pick(bits),
                Int(truncatingIfNeeded: random.next()) >> random.pick(bits)
            )
            let (x, y) = (BigInteger(a), BigInteger(b))
            func same(_ value: BigInteger, _ wide: Int128) -> Bool { Number(value).text == String(wide) }
            #expect(same(x + y, Int128(a) + Int128(b)))
            #expect(same(x - y, Int128(a) - Int128(b)))
            #expect(same(x * y, Int128(a) * Int128(b)))
            #expect((x < y) == (a < b))
            #expect((x * y).int == Int(exactly: Int128(a) * Int128(b)))
            guard b != 0 else { continue }
            let (quotient, remainder) = (x * x).dividedTowardsZero(by: y)
            #expect(same(quotient, Int128(a) * Int128(a) / Int128(b)))
            #expect(same(remainder, Int128(a) * Int128(a) % Int128(b)))
        }
    }

    @Test(
        "decimals are read, rounded and divided as in school",
        arguments: [
            ("0.5", 0, "1"), ("-0.5", 0, "-1"), ("2.5", 0, "3"), ("1.4999", 0, "1"), ("-0.05", 1, "-0.1"),
            ("149", -2, "100"),
            ("150", -2, "200"), ("49.99", -2, "0"), ("0.005", 2, "0.01"), ("1", 3, "1"),
        ])
    func rounding(_ text: String, _ places: Int, _ expected: String) throws {
        let number = try #require(Number(Array(text.unicodeScalars)))
        let wanted = try #require(Number(Array(expected.unicodeScalars)))
        #expect(number.rounded(to: places) == wanted)
    }

    @Test("there are as many days as the calendar has, each the day after the one before")
    func days() throws {
        let first = try #require(CivilDate("0001-01-01"))
        var previous = 0
        for days in stride(from: Int32(0), through: 3_652_058, by: 1) {
            let date = CivilDate(days: first.days + days).yearMonthDay
            let day = try #require(Day(date.year, date.month, date.day))
            try #require(day.number == previous + 1)
            previous = day.number
        }
        #expect(previous == Day(9999, 12, 31)?.number)
    }

    @Test(
        "patterns match as they read",
        arguments: [
            ("a*", "", true), ("a*", "aab", false), ("(a|ab)*b?", "aabab", true), ("[^a]{2}", "é😀", true),
            ("[^a]{2}", "e\u{301}x", false),
            ("a{2,}", "a", false), ("a{0}", "", true), ("[0-9]{4}", "2024\n", false), ("x|", "", true),
            ("(a?){3}", "aa", true), ("\\.", "x", false),
        ])
    func patterns(_ pattern: String, _ text: String, _ matches: Bool) throws {
        #expect(try #require(PatternTree(pattern)).matches(Array(text.unicodeScalars)) == matches)
    }

    @Test("an operation judged by hand comes out as by hand")
    func byHand() throws {
        func values(_ text: String) throws -> [String?] {
            var question = try TruthTables.question(try #require(TruthTables.operations.first))
            question.cells = ["t": [["t", "f"], ["f", "2"], [nil, "t"], ["t", nil]]]
            return try ReferenceEngine().values(of: text, on: "t", question).map { $0.isError ? "error" : $0.cellText }
        }
        #expect(try values("a and b") == ["f", "f", nil, nil])
        #expect(try values("a or b") == ["t", "error", "t", "t"])
        #expect(try values("a = b") == ["f", "error", nil, nil])
        #expect(try values("if a then 1 else 2 end") == ["1", "2", "2", "1"])
        #expect(try values("coalesce(a, b)") == ["t", "f", "t", "t"])
        #expect(try values("b is null") == ["f", "error", "f", "t"])
        #expect(try values("div(7, 2, 0) + round(-2.5, 0) * mod(-7, 3)") == ["7", "7", "7", "7"])
        #expect(
            try values("caseno('（2015）豫民初字第12号', 'type') & '|' & left('e\u{301}x', 2)")
                == Array(repeating: "民初|e\u{301}", count: 4))
        #expect(try values("addmonths(2024-01-31, 1)") == Array(repeating: "2024-02-29", count: 4))
        #expect(
            try values("idcard18_valid('11010519491231002X') and not uscc_valid('91350100M000100Y44')") == [
                "t", "t", "t", "t",
            ])
    }
}
