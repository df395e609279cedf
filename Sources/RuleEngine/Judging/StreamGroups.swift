import Columnar
import RuleLanguage
import Schema

/// Finds the rows that may break a `unique` rule among the rows of a key stream, where rows with equal keys are together
/// already: only the rule's other columns are left to be compared. One per thread and rule.
struct StreamGroups {
    private let state: TableState
    private let rule: Int
    private let home: TableProgram.GroupHome
    private let restTypes: [ExpressionType]
    private let candidates: LateRows.Writer

    /// All such rules of a table.
    static func all(of state: TableState) -> [StreamGroups] {
        let columns = state.program.table.columns
        return state.program.groupHomes.sorted { $0.key < $1.key }.map { rule, home in
            StreamGroups(
                state: state, rule: rule, home: home,
                restTypes: home.rest.map { ExpressionType(columns[$0.column].type.kind) },
                candidates: state.candidates.makeWriter())
        }
    }

    /// Notes each row of a partition that is not alone with its key.
    func run(_ partition: PartitionRows) throws {
        let members = try partition.members(of: state, stream: home.stream)
        let arena = partition.arena
        let rest = EncodedKeys(
            home.rest.map { members.vector($0.slot, arena) }, restTypes, count: members.count,
            mask: state.program.keyMask, arena)
        var group: [(hash: UInt64, member: Int)] = []
        for number in 0..<members.groupCount {
            var member = Int(members.first[number])
            guard members.next[member] >= 0 else { continue }
            group.removeAll(keepingCapacity: true)
            while member >= 0 {
                if Bits.test(rest.complete, member) { group.append((rest.hash(member), member)) }
                member = Int(members.next[member])
            }
            group.sort { $0.hash < $1.hash }
            for (index, one) in group.enumerated() {
                let isAlone =
                    (index == 0 || group[index - 1].hash != one.hash)
                    && (index + 1 == group.count || group[index + 1].hash != one.hash)
                guard !isAlone else { continue }
                try candidates.append(
                    row: KeyRecord.row(members.places[one.member]),
                    rule: rule | Int(GroupRole.member.code) << GroupRole.shift)
            }
        }
    }

    func finish() { candidates.finish() }
}
