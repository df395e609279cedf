import Columnar
import RuleLanguage
import Schema

/// Dates: parts, distances, shifts.
enum DateKernel {
    static func apply(_ op: Operator, _ operands: [Vector], _ arena: Arena) -> Vector {
        guard case .words(let a) = operands[0].storage else { return operands[0] }
        let count = operands[0].count
        switch op {
        case .dateOfTimestamp:
            let words = arena.make(Int64.self, count)
            for row in 0..<count { words[row] = floorDivided(a[row], 86_400_000_000) }
            return Strict.vector(.words(words), operands, arena)
        case .year: return part(operands, a, arena) { $0.year }
        case .month: return part(operands, a, arena) { $0.month }
        case .day: return part(operands, a, arena) { $0.day }
        case .days:
            guard case .words(let b) = operands[1].storage else { return operands[0] }
            let words = arena.make(Int64.self, count)
            for row in 0..<count { words[row] = b[row] &- a[row] }
            return Strict.vector(.words(words), operands, arena)
        default:
            let shift = operands[1].wide(scaledBy: 0, arena)
            let monthsPerStep = op == .addYears ? 12 : 1
            let words = arena.make(Int64.self, count)
            let state = Strict.state(operands, arena)
            let has = Bits.make(count, arena) { row in
                words[row] = 0
                // 120,000 months lead out of the calendar from any date.
                let steps = shift[row]
                guard Bits.test(state.valid, row), steps.magnitude <= 120_000,
                    let date = CivilDate(days: Int32(truncatingIfNeeded: a[row])).adding(
                        months: Int(steps) * monthsPerStep)
                else { return false }
                words[row] = Int64(date.days)
                return true
            }
            return Strict.vector(.words(words), operands, has: has, arena)
        }
    }

    /// A function of two dates.
    static func between(_ operands: [Vector], _ arena: Arena, _ days: (CivilDate, CivilDate) -> Int) -> Vector {
        guard case .words(let a) = operands[0].storage, case .words(let b) = operands[1].storage else {
            return operands[0]
        }
        let result = Strict.vector(.words(arena.make(Int64.self, operands[0].count)), operands, arena)
        guard case .words(let words) = result.storage else { return result }
        for row in 0..<result.count {
            words[row] =
                result.isValid(row)
                ? Int64(
                    days(
                        CivilDate(days: Int32(truncatingIfNeeded: a[row])),
                        CivilDate(days: Int32(truncatingIfNeeded: b[row])))) : 0
        }
        return result
    }

    @inline(__always)
    private static func part(
        _ operands: [Vector], _ days: UnsafeMutablePointer<Int64>, _ arena: Arena,
        _ pick: ((year: Int, month: Int, day: Int)) -> Int
    ) -> Vector {
        let count = operands[0].count
        let words = arena.make(Int64.self, count)
        for row in 0..<count {
            words[row] =
                operands[0].isValid(row)
                ? Int64(pick(CivilDate(days: Int32(truncatingIfNeeded: days[row])).yearMonthDay)) : 0
        }
        return Strict.vector(.words(words), operands, arena)
    }

    private static func floorDivided(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// 工作日: counts days that are worked, the first excluded and the last included, like `days`; negative backwards.
struct WorkdayCounter: Sendable {
    private let calendar: WorkCalendar

    init(_ calendar: WorkCalendar) { self.calendar = calendar }

    /// 1970-01-01 was a Thursday.
    private static func isWeekend(_ day: Int) -> Bool { ((day + 3) % 7 + 7) % 7 >= 5 }

    func days(from first: CivilDate, to last: CivilDate) -> Int {
        if last < first { return -days(from: last, to: first) }
        // Whole weeks count five; only named days and the rest of a week are looked at one by one.
        let span = Int(last.days) - Int(first.days)
        let weeks = span / 7
        var count = weeks * 5
        let restStart = Int(first.days) + weeks * 7
        for day in stride(from: restStart + 1, through: Int(last.days), by: 1)
        where !WorkdayCounter.isWeekend(day) { count += 1 }
        for holiday in calendar.holidays where first < holiday && holiday <= last {
            if !WorkdayCounter.isWeekend(Int(holiday.days)) { count -= 1 }
        }
        for workday in calendar.workdays where first < workday && workday <= last {
            if WorkdayCounter.isWeekend(Int(workday.days)) { count += 1 }
        }
        return count
    }
}
