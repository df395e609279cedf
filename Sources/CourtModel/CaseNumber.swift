public import Columnar

/// 案号: `（2016）豫1702民初123号` of 法〔2015〕137号, or the older `（2015）豫民初字第123号`.
///
/// It reads letters only: whether the court or the type exists is for code lists to say. Parts are byte ranges of the
/// text that was read; nothing is allocated.
public struct CaseNumber: Sendable, Hashable {
    public enum Style: String, Sendable, Hashable {
        /// 法〔2015〕137号.
        case since2016 = "2016"
        /// With 字第.
        case old
    }

    /// 收案年度.
    public var year: Int
    /// 法院代字: 最高法, or one province character with up to four digits.
    public var court: Range<Int>
    /// 类型代字, all letters between the court's mark and the number.
    public var type: Range<Int>
    /// 案件编号.
    public var number: Int64
    /// What follows 号, such as 之一; often empty.
    public var suffix: Range<Int>
    public var style: Style

    /// Nil when the bytes are no case number.
    public init?(_ text: UnsafeBufferPointer<UInt8>) {
        var reader = Reader(text: text)
        guard reader.take(0x28) || reader.take(0xEF, 0xBC, 0x88), let year = reader.fourDigits(),
            reader.take(0x29) || reader.take(0xEF, 0xBC, 0x89)
        else { return nil }
        self.year = year
        let courtStart = reader.index
        if reader.starts(with: CaseNumber.supremeCourt) {
            reader.index += CaseNumber.supremeCourt.count
        } else {
            guard let province = reader.scalar(), CaseNumber.provinces.contains(province) else { return nil }
            reader.index += 3
            var digits = 0
            while digits < 4, reader.digit() != nil {
                reader.index += 1
                digits += 1
            }
        }
        court = courtStart..<reader.index
        let typeStart = reader.index
        while let scalar = reader.scalar(), CaseNumber.isLetter(scalar), scalar != CaseNumber.hao { reader.index += 3 }
        var typeEnd = reader.index
        if typeEnd - typeStart >= 6, reader.ends(with: CaseNumber.ziDi, at: typeEnd) {
            typeEnd -= 6
            style = .old
        } else {
            style = .since2016
        }
        guard typeEnd > typeStart else { return nil }
        type = typeStart..<typeEnd
        var number: Int64 = 0
        var digits = 0
        while let digit = reader.digit() {
            digits += 1
            guard digits <= 18 else { return nil }
            number = number * 10 + Int64(digit)
            reader.index += 1
        }
        guard digits > 0, reader.take(0xE5, 0x8F, 0xB7) else { return nil }
        self.number = number
        suffix = reader.index..<text.count
        while reader.index < text.count {
            if let scalar = reader.scalar(), CaseNumber.isLetter(scalar) {
                reader.index += 3
            } else if reader.digit() != nil || text[reader.index] == 0x2D {
                reader.index += 1
            } else {
                return nil
            }
        }
    }

    /// The leading letter of the type that is a mark of its own (专门审判代字), if taking it off leaves a listed mark.
    public func special(in text: UnsafeBufferPointer<UInt8>, marks: TextIndex) -> Range<Int>? {
        guard type.count > 3, marks.find(UnsafeBufferPointer(rebasing: text[type])) == nil,
            marks.find(UnsafeBufferPointer(rebasing: text[type.lowerBound + 3..<type.upperBound])) != nil
        else { return nil }
        return type.lowerBound..<type.lowerBound + 3
    }

    private static let supremeCourt = Array("最高法".utf8)
    private static let ziDi = Array("字第".utf8)
    private static let provinces = Set("京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云藏陕甘青宁新兵军".unicodeScalars.map(\.value))

    /// 号 ends the number and is no letter of a mark.
    private static let hao: UInt32 = 0x53F7

    /// Ideographs of three bytes.
    private static func isLetter(_ scalar: UInt32) -> Bool { scalar >= 0x3400 && scalar <= 0x9FFF }

    private struct Reader {
        let text: UnsafeBufferPointer<UInt8>
        var index = 0

        func digit() -> UInt8? {
            guard index < text.count, text[index] &- 48 <= 9 else { return nil }
            return text[index] &- 48
        }

        mutating func fourDigits() -> Int? {
            var value = 0
            for _ in 0..<4 {
                guard let digit = digit() else { return nil }
                value = value * 10 + Int(digit)
                index += 1
            }
            return value
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard index < text.count, text[index] == byte else { return false }
            index += 1
            return true
        }

        mutating func take(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
            guard index + 3 <= text.count, text[index] == first, text[index + 1] == second, text[index + 2] == third
            else { return false }
            index += 3
            return true
        }

        /// A code point of three bytes; nil for any other.
        func scalar() -> UInt32? {
            guard index + 3 <= text.count, text[index] & 0xF0 == 0xE0 else { return nil }
            return UInt32(text[index] & 0x0F) << 12 | UInt32(text[index + 1] & 0x3F) << 6
                | UInt32(text[index + 2] & 0x3F)
        }

        func starts(with part: [UInt8]) -> Bool {
            index + part.count <= text.count && part.indices.allSatisfy { text[index + $0] == part[$0] }
        }

        func ends(with part: [UInt8], at end: Int) -> Bool {
            end >= part.count && part.indices.allSatisfy { text[end - part.count + $0] == part[$0] }
        }
    }
}
