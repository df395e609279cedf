import Columnar
import DataAccess
import RuleEngine
import RuleLanguage
import Schema
import Testing

/// However little memory there is, however many threads, and however badly fingerprints collide: one answer.
struct MemoryAndThreadsTests {
    private static let rules = [
        EngineFixture.rule("true", id: "key") { $0.body = .unique(["案件标识"]) },
        EngineFixture.rule("true", id: "keys") { $0.body = .unique(["法院", "案号"]) },
        // Its groups are found among the rows that the relation has brought together.
        EngineFixture.rule("true", on: "当事人", id: "numbered") { $0.body = .unique(["案件标识", "序号"]) },
        EngineFixture.rule("true", when: "有值(结案日期)", id: "when") { $0.body = .unique(["案号"]) },
        EngineFixture.rule("true", when: "计数(当事人) = 1", id: "related-when") { $0.body = .unique(["案号"]) },
        EngineFixture.rule("true", id: "depends") { $0.body = .depends(from: ["案号"], to: ["法院", "结案日期"]) },
        EngineFixture.rule("当事人数 = 计数(当事人)", id: "count"),
        EngineFixture.rule("当事人数 = 计数(当事人 当 出生日期 < 本行.立案日期)", id: "correlated"),
        EngineFixture.rule("最大(当事人.序号) = 计数(当事人)", id: "max"),
        EngineFixture.rule("结案日期 >= 立案日期", id: "row"),
        EngineFixture.rule("存在(案件)", on: "当事人", id: "exists"),
        EngineFixture.rule("出生日期 < 案件.立案日期", on: "当事人", id: "lookup"),
        EngineFixture.rule("序号 < 3", on: "当事人", id: "message") {
            $0.message = ExpressionText("{序号} of {案件.案号}")
        },
    ]

    /// Cases and parties with what makes trouble: doubled, missing and long keys, parties of no case and of two.
    private static let tables: [String: [EngineFixture.Row]] = {
        var state: UInt64 = 20_261_121
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        func key(_ number: Int) -> String? {
            switch number % 5 {
            case 0: String(repeating: "a", count: 24) + String(10_000_000 + number)
            case 1: "k\(number)"
            case 2: "a key that is longer than fifteen bytes \(number)"
            case 3: number % 50 == 3 ? nil : "案件\(number)"
            default: number % 70 == 4 ? "" : "\(number)"
            }
        }
        var cases: [EngineFixture.Row] = []
        var parties: [EngineFixture.Row] = []
        for number in 0..<900 {
            let own = random(20) == 0 ? random(900) : number
            cases.append([
                "ajbs": key(own), "ah": random(9) == 0 ? nil : "（2024）豫1702民初\(random(400))号",
                "fydm": ["豫17", "豫1702", "豫1703", nil][random(4)], "larq": "2024-0\(1 + random(9))-1\(random(10))",
                "jarq": random(3) == 0 ? nil : random(40) == 0 ? "x" : "2024-0\(1 + random(9))-15",
                "dsrs": String(random(4)),
            ])
            for place in 0..<random(4) {
                parties.append([
                    "ajbs": key(random(15) == 0 ? random(1200) : own), "xh": String(place + 1), "xm": "张\(number)",
                    "csrq": random(5) == 0 ? nil : "\(1950 + random(80))-03-0\(1 + random(9))",
                ])
            }
        }
        return ["anjian": cases, "dangshiren": parties]
    }()

    private func told(_ configure: (inout QualityCheck.Options) -> Void, blockSize: Int = 37) throws
        -> (findings: [Finding], statistics: [RuleStatistics], spilled: Int)
    {
        var options = QualityCheck.Options()
        configure(&options)
        let result = try EngineFixture.run(Self.rules, options: options, blockSize: blockSize, Self.tables)
        return (Array(result.findings), result.statistics, result.spilledBytes)
    }

    @Test("colliding fingerprints, spilled keys and several threads change nothing")
    func oneAnswer() throws {
        let plain = try told { _ in }
        #expect(plain.spilled == 0)
        // Every rule has violations and rows that keep it, else this test would not see much.
        for statistics in plain.statistics where !statistics.isBuiltin {
            #expect(statistics.isFalse > 0 && statistics.isTrue > 0, "\(statistics.rule)")
        }
        for mask: UInt64 in [0, 1, 0x8000_0000_0000_0003] {
            let colliding = try told { $0.keyMask = mask }
            #expect(colliding.findings == plain.findings, "mask \(mask)")
            #expect(colliding.statistics == plain.statistics, "mask \(mask)")
        }
        let spilled = try told { $0.memory = 1 }
        #expect(spilled.spilled > 10_000)
        #expect(spilled.findings == plain.findings)
        #expect(spilled.statistics == plain.statistics)
        for jobs in [2, 5] {
            let parallel = try told({ $0.jobs = jobs }, blockSize: 11)
            #expect(parallel.findings == plain.findings, "\(jobs) threads")
            #expect(parallel.statistics == plain.statistics, "\(jobs) threads")
        }
        let all = try told({
            $0.jobs = 3
            $0.memory = 1
            $0.keyMask = 1
        })
        #expect(all.findings == plain.findings)
        #expect(all.statistics == plain.statistics)
    }

    @Test("a folder for spilled data that is not there is told, with status 73")
    func noFolder() throws {
        let error = #expect(throws: (any Error).self) {
            try told {
                $0.memory = 1
                $0.spillDirectory = "/no/such/folder"
            }
        }
        #expect("\(String(describing: error))".contains("/no/such/folder"))
    }
}
