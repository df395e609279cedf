import Columnar
import RuleLanguage
import Schema

/// `in`: literals.
enum SetKernel {
    static func member(
        _ texts: ShortTexts, _ codes: CodeIndex, _ arena: Arena
    ) -> Vector {
        let (words, spans, count) = (texts.words, texts.spans, texts.operand.count)
        let bits: BitWords
        if let few = codes.few {
            bits = any(few, in: words, count, arena)
        } else {
            bits = Bits.make(count, arena) { codes.find(words[$0], spans[$0]) >= 0 }
        }
        return Vector(
            .bits(bits), valid: texts.operand.valid, errors: texts.operand.errors, count: texts.operand.count)
    }

    /// The same where most texts have a number, of which the answer is known.
    static func member(
        _ texts: ShortTexts, numbers: UnsafeMutablePointer<Int32>, _ answers: [Bool], _ codes: CodeIndex, _ arena: Arena
    ) -> Vector {
        let (words, spans) = (texts.words, texts.spans)
        let bits = answers.withUnsafeBufferPointer { answers in
            Bits.make(texts.operand.count, arena) { row in
                let number = Int(numbers[row])
                return number >= 0 ? answers[number] : codes.find(words[row], spans[row]) >= 0
            }
        }
        return Vector(
            .bits(bits), valid: texts.operand.valid, errors: texts.operand.errors, count: texts.operand.count)
    }

    /// Numbers and booleans.
    static func member(
        _ operand: Vector, _ type: ExpressionType, _ set: LiteralSet, _ arena: Arena
    ) -> Vector {
        let count = operand.count
        let bits: BitWords
        switch (set, operand.storage) {
        case (.words(let members), .words(let words)):
            bits = SetKernel.words(words, members, count, arena)
        case (.words(let members), .bits(let truths)):
            let (no, yes) = (members.contains(0), members.contains(1))
            bits = Bits.make(count, arena) { Bits.test(truths, $0) ? yes : no }
        case (.numbers(let members, let scale), _):
            // Both sides at the finer scale; a member that does not fit there equals nothing of the column.
            guard case .number(_, let own) = type else { return operand }
            let factor = PowerOfTen.value(max(0, own - scale))
            let divisor = PowerOfTen.value(max(0, scale - own))
            var wanted: [Int128] = []
            for member in members {
                let (scaled, overflow) = member.multipliedReportingOverflow(by: factor)
                if !overflow, scaled % divisor == 0 { wanted.append(scaled / divisor) }
            }
            if case .words(let words) = operand.storage {
                bits = SetKernel.words(words, wanted.compactMap { Int64(exactly: $0) }, count, arena)
            } else {
                let values = operand.wide(scaledBy: 0, arena)
                let known = Set(wanted)
                bits = Bits.make(count, arena) { known.contains(values[$0]) }
            }
        default: return Vector(.bits(arena.bits(count, all: false)), valid: operand.valid, count: count)
        }
        return Vector(.bits(bits), valid: operand.valid, errors: operand.errors, count: count)
    }

    private static func words(
        _ words: UnsafeMutablePointer<Int64>, _ members: [Int64], _ count: Int, _ arena: Arena
    ) -> BitWords {
        guard members.count <= 4 else {
            let known = Set(members)
            return Bits.make(count, arena) { known.contains(words[$0]) }
        }
        return any(
            members.map { UInt64(bitPattern: $0) },
            in: UnsafeMutableRawPointer(words).assumingMemoryBound(to: UInt64.self),
            count, arena)
    }

    /// A bit for each number that is one of a few.
    private static func any(
        _ members: [UInt64], in numbers: UnsafeMutablePointer<UInt64>, _ count: Int, _ arena: Arena
    ) -> BitWords {
        let bits = arena.bits(count, all: false)
        let found = arena.bits(count)
        for member in members {
            ColumnKernels.find(member, in: numbers, count, into: found)
            for index in 0..<Bits.words(count) { bits[index] |= found[index] }
        }
        return bits
    }
}

/// The codes directly below each code of a list.
struct CodeTree {
    private let children: [ExactText: [ExactText]]

    init(_ list: CodeList) {
        var children: [ExactText: [ExactText]] = [:]
        for entry in list.entries {
            if let parent = entry.parent { children[ExactText(parent), default: []].append(ExactText(entry.code)) }
        }
        self.children = children
    }

    /// The codes below a code, itself included.
    func subtree(of root: String) -> Set<ExactText> {
        var found: Set<ExactText> = []
        var open = [ExactText(root)]
        while let code = open.popLast() {
            guard found.insert(code).inserted else { continue }
            open.append(contentsOf: children[code] ?? [])
        }
        return found
    }
}

/// 码表: whether a code is in a list, or in a subtree of it, at all or on a day.
final class CodeMembership {
    let codes: CodeIndex
    /// Per code the first and last day of each of its versions.
    private let versions: [[(since: Int64, until: Int64)]]

    /// - Parameter subtree: the codes that count; nil for all of the list.
    init(_ list: CodeList, among subtree: Set<ExactText>?) {
        var numbers: [ExactText: Int] = [:]
        var texts: [String] = []
        var versions: [[(since: Int64, until: Int64)]] = []
        for entry in list.entries {
            let code = ExactText(entry.code)
            guard subtree?.contains(code) ?? true else { continue }
            let number = numbers[code] ?? texts.count
            if number == texts.count {
                numbers[code] = number
                texts.append(entry.code)
                versions.append([])
            }
            versions[number].append(
                (entry.since.map { Int64($0.days) } ?? .min, entry.until.map { Int64($0.days) } ?? .max))
        }
        codes = CodeIndex(texts)
        self.versions = versions
    }

    func test(_ texts: ShortTexts, day: Vector, _ arena: Arena) -> Vector {
        guard case .words(let days) = day.storage else { return SetKernel.member(texts, codes, arena) }
        let (operand, words, spans) = (texts.operand, texts.words, texts.spans)
        let bits = Bits.make(operand.count, arena) { row in
            let number = codes.find(words[row], spans[row])
            guard number >= 0 else { return false }
            return versions[number].contains { $0.since <= days[row] && days[row] <= $0.until }
        }
        return Strict.vector(.bits(bits), [operand, day], arena)
    }
}

/// 代码属性: an attribute of each code, of its latest version; NULL for a code that is not in the list.
final class CodeAttribute {
    private let codes: CodeIndex
    /// The attribute of each code; nil where it has none.
    private let values: [TextSpan?]
    private let memory = Arena()

    init(_ list: CodeList, _ attribute: Int) {
        var numbers: [ExactText: Int] = [:]
        var texts: [String] = []
        var latest: [(since: CivilDate?, value: String?)] = []
        for entry in list.entries {
            let value = attribute < entry.values.count ? entry.values[attribute] : nil
            if let number = numbers[ExactText(entry.code)] {
                if (entry.since?.days ?? .min) >= (latest[number].since?.days ?? .min) {
                    latest[number] = (entry.since, value)
                }
            } else {
                numbers[ExactText(entry.code)] = texts.count
                texts.append(entry.code)
                latest.append((entry.since, value))
            }
        }
        codes = CodeIndex(texts)
        let memory = memory
        values = latest.map { $0.value.map { memory.text($0) } }
    }

    func values(of texts: ShortTexts, _ arena: Arena) -> Vector {
        let words = texts.words
        return TextKernel.texts([texts.operand], arena) { row, span in
            let number = codes.find(words[row], span)
            return number < 0 ? nil : values[number]
        }
    }
}

/// A vector of texts, each also as a word.
struct ShortTexts {
    let operand: Vector
    let spans: UnsafeMutablePointer<TextSpan>
    let words: UnsafeMutablePointer<UInt64>
    /// The numbers of `DistinctCodes`; nil where nothing asks for them.
    var numbers: UnsafeMutablePointer<Int32>?

    /// Nil for what are no texts.
    init?(_ operand: Vector, _ arena: Arena) {
        guard case .text(let spans) = operand.storage else { return nil }
        self.operand = operand
        self.spans = spans
        words = ShortText.words(spans, operand.count, arena)
    }
}
