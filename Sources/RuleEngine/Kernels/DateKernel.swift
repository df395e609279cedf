import Columnar
import RuleLanguage
import Schema

/// Dates: parts, distances, shifts.
enum DateKernel {
    static func apply(_ op: Operator, _ operands: [Vector]) -> Vector {
        guard case .words(let a) = operands[0].storage else { return operands[0] }
        switch op {
        case .dateOfTimestamp:
            return NumberKernel.result(.words(a.map { floorDivided($0, 86_400_000_000) }), operands)
        case .year: return part(operands) { $0.year }
        case .month: return part(operands) { $0.month }
        case .day: return part(operands) { $0.day }
        case .days:
            guard case .words(let b) = operands[1].storage else { return operands[0] }
            var words = a
            for row in words.indices { words[row] = b[row] &- a[row] }
            return NumberKernel.result(.words(words), operands)
        default:
            let shift = operands[1].wide(scaledBy: 0)
            let monthsPerStep = op == .addYears ? 12 : 1
            var result = NumberKernel.result(.words(a), operands)
            var words = a
            for row in words.indices where result.isValid(row) {
                // 120,000 months lead out of the calendar from any date.
                let steps = shift[row]
                if steps.magnitude <= 120_000,
                    let date = CivilDate(days: Int32(truncatingIfNeeded: a[row])).adding(
                        months: Int(steps) * monthsPerStep)
                {
                    words[row] = Int64(date.days)
                } else {
                    result.valid[row >> 6] &= ~(1 << UInt64(row & 63))
                }
            }
            result.storage = .words(words)
            return result
        }
    }

    /// A function of two dates.
    static func between(_ operands: [Vector], _ days: (CivilDate, CivilDate) -> Int) -> Vector {
        guard case .words(var a) = operands[0].storage, case .words(let b) = operands[1].storage else {
            return operands[0]
        }
        let result = NumberKernel.result(.words(a), operands)
        for row in a.indices where result.isValid(row) {
            a[row] = Int64(
                days(
                    CivilDate(days: Int32(truncatingIfNeeded: a[row])),
                    CivilDate(days: Int32(truncatingIfNeeded: b[row]))))
        }
        return Vector(storage: .words(a), valid: result.valid, errors: result.errors, count: result.count)
    }

    @inline(__always)
    private static func part(_ operands: [Vector], _ pick: ((year: Int, month: Int, day: Int)) -> Int) -> Vector {
        guard case .words(let a) = operands[0].storage else { return operands[0] }
        let words = a.map { Int64(pick(CivilDate(days: Int32(truncatingIfNeeded: $0)).yearMonthDay)) }
        return NumberKernel.result(.words(words), operands)
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
