import Columnar
import RuleLanguage
import Schema

/// Dates: parts, distances, shifts.
extension RowTerms {
    func date(_ op: Operator, _ operands: [SQLTerm]) -> SQLTerm {
        let values = operands.map(\.value)
        switch op {
        case .dateOfTimestamp: return operands.strict(.date, .cast(values[0], .date))
        case .year: return operands.strict(.integer, Self.part("year", values[0]))
        case .month: return operands.strict(.integer, Self.part("month", values[0]))
        case .day: return operands.strict(.integer, Self.part("day", values[0]))
        case .days: return operands.strict(.integer, .infix("-", [values[1], values[0]]))
        default: return shift(operands, monthsPerStep: op == .addYears ? 12 : 1)
        }
    }

    private static func part(_ field: String, _ date: SQLExpression) -> SQLExpression {
        .cast(.extract(field, date), .integer)
    }

    /// Clamped to the month's end, as `date + interval` does it; NULL outside the years 1 to 9999, where the server would
    /// go on, or stop.
    private func shift(_ operands: [SQLTerm], monthsPerStep: Int) -> SQLTerm {
        let date = bound(operands[0])
        let steps = bound(operands[1])
        let isNear = SQLExpression.between(steps.value, .number("-120000"), .number("120000"))
        let months = SQLExpression.infix(
            "*", [.cast(steps.value, .integer), .number("\(monthsPerStep)")])
        let month = SQLExpression.infix(
            "+",
            [
                .infix("*", [Self.part("year", date.value), .number("12")]), Self.part("month", date.value), months,
            ])
        let moved = SQLExpression.cast(
            .infix("+", [date.value, .call("make_interval", [.number("0"), months])]), .date)
        // Month 13 is January of year 1, month 119,999 + 1 December of 9999.
        return [date, steps].strict(
            .date, .when(isNear, .when(.between(month, .number("13"), .number("120000")), moved)))
    }

    /// Worked days up to a day, the last minus the first: weekdays, less the holidays among them, plus weekend days that
    /// are worked. `width_bucket` counts the days of a sorted array that are not later.
    func workdays(_ name: String, _ operands: [SQLTerm]) -> SQLTerm {
        guard let calendar = schema.calendars[name] else { return .null(.int) }
        let operands = operands.map(bound)
        let holidays = calendar.holidays.filter { !$0.isWeekend }.sorted().map(\.description)
        let workdays = calendar.workdays.filter(\.isWeekend).sorted().map(\.description)
        func upTo(_ day: SQLExpression) -> SQLExpression {
            // 0001-01-01 is a Monday.
            let number = SQLExpression.infix("-", [day, .typed(.date, "0001-01-01")])
            let next = SQLExpression.infix("+", [number, .number("1")])
            var sum: [SQLExpression] = [
                .infix("*", [.infix("/", [next, .number("7")]), .number("5")]),
                .call("least", [.infix("%", [next, .number("7")]), .number("5")]),
            ]
            if !workdays.isEmpty { sum.append(.call("width_bucket", [day, .dateArray(workdays)])) }
            let worked = SQLExpression.infix("+", sum)
            return holidays.isEmpty
                ? worked : .infix("-", [worked, .call("width_bucket", [day, .dateArray(holidays)])])
        }
        return operands.strict(.integer, .infix("-", [upTo(operands[1].value), upTo(operands[0].value)]))
    }
}

extension CivilDate {
    /// 1970-01-01 was a Thursday.
    fileprivate var isWeekend: Bool { ((Int(days) + 3) % 7 + 7) % 7 >= 5 }
}
