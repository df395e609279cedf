import Columnar
import RuleLanguage
import Schema

/// `in`: literals.
enum SetKernel {
    static func member(
        _ operand: Vector, _ type: ExpressionType, _ set: LiteralSet, _ resource: ExpressionEvaluator.Resource
    ) -> Vector {
        switch set {
        case .texts:
            guard case .texts(let index) = resource else { return operand }
            return TextKernel.predicate(operand) { index.find($0) != nil }
        case .words(let members):
            guard case .words(let words) = operand.storage else { return operand }
            let sorted = Set(members)
            return LogicKernel.strict([operand], Bits.make(operand.count) { sorted.contains(words[$0]) })
        case .numbers(let members, let scale):
            // Both sides at the finer scale; a member that does not fit there equals nothing of the column.
            guard case .number(_, let own) = type else { return operand }
            let values = operand.wide(scaledBy: 0)
            let factor = PowerOfTen.value(max(0, own - scale))
            let divisor = PowerOfTen.value(max(0, scale - own))
            var wanted: Set<Int128> = []
            for member in members {
                let (scaled, overflow) = member.multipliedReportingOverflow(by: factor)
                if !overflow, scaled % divisor == 0 { wanted.insert(scaled / divisor) }
            }
            return LogicKernel.strict([operand], Bits.make(operand.count) { wanted.contains(values[$0]) })
        }
    }
}

/// 码表: whether a code is in a list, or in a subtree of it, at all or on a day.
struct CodeMembership: Sendable {
    private let codes: TextIndex
    /// Per code the first and last day of each of its versions.
    private var versions: [[(since: Int64, until: Int64)]]

    init(_ list: CodeList, under root: String?) {
        var index = TextIndex()
        var versions: [[(since: Int64, until: Int64)]] = []
        let subtree = root.map { CodeMembership.subtree(of: $0, in: list) }
        for entry in list.entries where subtree?.contains(entry.code) ?? true {
            let number = index.insert(entry.code)
            if number == versions.count { versions.append([]) }
            versions[number].append(
                (entry.since.map { Int64($0.days) } ?? .min, entry.until.map { Int64($0.days) } ?? .max))
        }
        codes = index
        self.versions = versions
    }

    private static func subtree(of root: String, in list: CodeList) -> Set<String> {
        var children: [String: [String]] = [:]
        for entry in list.entries {
            if let parent = entry.parent { children[parent, default: []].append(entry.code) }
        }
        var found: Set<String> = []
        var open = [root]
        while let code = open.popLast() {
            guard found.insert(code).inserted else { continue }
            open.append(contentsOf: children[code] ?? [])
        }
        return found
    }

    func test(_ operand: Vector, day: Vector?) -> Vector {
        guard let day else { return TextKernel.predicate(operand) { codes.find($0) != nil } }
        guard case .text(let column) = operand.storage, case .words(let days) = day.storage else { return operand }
        let bits = column.bytes.withUnsafeBufferPointer { bytes in
            Bits.make(operand.count) { row in
                guard let number = codes.find(UnsafeBufferPointer(rebasing: bytes[column.range(row)])) else {
                    return false
                }
                return versions[number].contains { $0.since <= days[row] && days[row] <= $0.until }
            }
        }
        return LogicKernel.strict([operand, day], bits)
    }
}

/// 代码属性: an attribute of each code, of its latest version; NULL for a code that is not in the list.
struct CodeAttribute: Sendable {
    private let codes: TextIndex
    private let values: [[UInt8]?]

    init(_ list: CodeList, _ attribute: Int) {
        var index = TextIndex()
        var values: [[UInt8]?] = []
        var since: [CivilDate?] = []
        for entry in list.entries {
            let number = index.insert(entry.code)
            let value = attribute < entry.values.count ? entry.values[attribute].map { Array($0.utf8) } : nil
            if number == values.count {
                values.append(value)
                since.append(entry.since)
            } else if (entry.since?.days ?? .min) >= (since[number]?.days ?? .min) {
                values[number] = value
                since[number] = entry.since
            }
        }
        codes = index
        self.values = values
    }

    func values(of operand: Vector) -> Vector {
        TextKernel.texts([operand]) { _, bytes, made in
            guard let number = codes.find(bytes), let value = values[number] else { return false }
            made.append(contentsOf: value)
            return true
        }
    }
}
