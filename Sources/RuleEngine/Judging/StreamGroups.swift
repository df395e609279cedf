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
        let group = UnsafeMutableBufferPointer(start: arena.make(Candidate.self, members.count), count: members.count)
        for number in 0..<members.groupCount {
            var member = Int(members.first[number])
            guard members.next[member] >= 0 else { continue }
            var count = 0
            while member >= 0 {
                if Bits.test(rest.complete, member) {
                    group[count] = Candidate(hash: rest.hash(member), member: Int32(truncatingIfNeeded: member))
                    count += 1
                }
                member = Int(members.next[member])
            }
            try note(UnsafeMutableBufferPointer(rebasing: group[..<count]), members)
        }
    }

    private struct Candidate {
        /// Of the rule's other columns.
        var hash: UInt64
        var member: Int32
    }

    /// Notes those of a group that are not alone with their hash.
    private func note(_ group: UnsafeMutableBufferPointer<Candidate>, _ members: Members) throws {
        // Nearly all groups have a few rows and nothing to be noted, which is seen without putting them in order.
        if group.count <= 8 {
            var hasEqual = false
            for one in group.indices {
                for other in 0..<one { hasEqual = hasEqual || group[one].hash == group[other].hash }
            }
            guard hasEqual else { return }
        }
        var group = group
        group.sort { ($0.hash, $0.member) < ($1.hash, $1.member) }
        for index in group.indices {
            let hash = group[index].hash
            let isAlone =
                (index == 0 || group[index - 1].hash != hash)
                && (index + 1 == group.count || group[index + 1].hash != hash)
            guard !isAlone else { continue }
            try candidates.append(
                row: KeyRecord.row(members.places[Int(group[index].member)]),
                rule: rule | Int(GroupRole.member.code) << GroupRole.shift)
        }
    }

    func finish() { candidates.finish() }
}
