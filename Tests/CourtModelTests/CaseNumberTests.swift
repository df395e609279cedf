import Columnar
import CourtModel
import Testing

/// 案号 as it is written and miswritten.
struct CaseNumberTests {
    struct Parts: Equatable {
        var year: Int, court: String, type: String, number: Int64, suffix: String, style: String
    }

    static func parts(_ text: String) -> Parts? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { buffer in
            CaseNumber(buffer).map { number in
                func part(_ range: Range<Int>) -> String { String(decoding: buffer[range], as: UTF8.self) }
                return Parts(
                    year: number.year, court: part(number.court), type: part(number.type), number: number.number,
                    suffix: part(number.suffix), style: number.style.rawValue)
            }
        }
    }

    @Test(
        "a case number gives its parts",
        arguments: [
            (
                "（2026）豫1702民初123号",
                Parts(year: 2026, court: "豫1702", type: "民初", number: 123, suffix: "", style: "2016")
            ),
            (
                "(2022)沪0115民初13290号之一",
                Parts(year: 2022, court: "沪0115", type: "民初", number: 13290, suffix: "之一", style: "2016")
            ),
            ("（2019)最高法知民终1号", Parts(year: 2019, court: "最高法", type: "知民终", number: 1, suffix: "", style: "2016")),
            ("（2021）豫执复7号", Parts(year: 2021, court: "豫", type: "执复", number: 7, suffix: "", style: "2016")),
            ("（2015）豫法民终字第00123号", Parts(year: 2015, court: "豫", type: "法民终", number: 123, suffix: "", style: "old")),
            (
                "（2016)军0101刑初5号-1",
                Parts(year: 2016, court: "军0101", type: "刑初", number: 5, suffix: "-1", style: "2016")
            ),
            ("(2014）兵9001民破字第7号", Parts(year: 2014, court: "兵9001", type: "民破", number: 7, suffix: "", style: "old")),
            (
                "（2013）最高法民申字第0012号之十一",
                Parts(year: 2013, court: "最高法", type: "民申", number: 12, suffix: "之十一", style: "old")
            ),
            ("（2020）沪74民初1号", Parts(year: 2020, court: "沪74", type: "民初", number: 1, suffix: "", style: "2016")),
            ("（2020）京刑终2号", Parts(year: 2020, court: "京", type: "刑终", number: 2, suffix: "", style: "2016")),
            (
                "（2024）粤0604诉前调确999999999999999999号",
                Parts(
                    year: 2024, court: "粤0604", type: "诉前调确", number: 999_999_999_999_999_999, suffix: "",
                    style: "2016")
            ),
            (
                "(2021)川0104民诉前调801号",
                Parts(year: 2021, court: "川0104", type: "民诉前调", number: 801, suffix: "", style: "2016")
            ),
        ])
    func reads(_ text: String, _ expected: Parts) {
        #expect(CaseNumberTests.parts(text) == expected)
    }

    @Test(
        "what is no case number gives none",
        arguments: [
            "", "2026豫1702民初123号", "（2026）豫1702民初号", "（2026）豫17021民初1号x", "（26）豫1702民初123号", "（2026）豫1702民初123",
            "（2026）1702民初123号", "（２０２６）豫1702民初123号", "（2026）豫1702123号", "（2026） 豫1702民初123号", "（2026）豫1702民初123号 ",
            "（2026）豫1702民初1234567890123456789号", "（2015）豫字第1号", "（2026）豫1702民号初1号", "（2026", "（2026）豫\u{E5}",
            "（2026）蒙01民初1号", "（2026）豫1702ab1号", "（2026）豫1702民初1号 之一", "（2014）驻民初字第12号", "（2026）豫民初-1号",
            "（2015）豫1702民初字1号x", "〔2026〕豫1702民初1号", "豫1702（2026）民初1号",
        ])
    func refuses(_ text: String) {
        #expect(CaseNumberTests.parts(text) == nil)
    }

    @Test("one leading letter that makes the rest a listed mark is taken off, unless the whole is listed")
    func special() {
        let marks = TextIndex(["民初", "知民终", "民终"])
        func special(_ text: String) -> String? {
            Array(text.utf8).withUnsafeBufferPointer { bytes in
                CaseNumber(bytes)?.special(in: bytes, marks: marks).map { String(decoding: bytes[$0], as: UTF8.self) }
            }
        }
        #expect(special("（2019）豫0191知民初1号") == "知")
        #expect(special("（2019）最高法知民终1号") == nil)
        #expect(special("（2019）豫0191民初1号") == nil)
        #expect(special("（2019）豫0191刑初1号") == nil)
    }
}
