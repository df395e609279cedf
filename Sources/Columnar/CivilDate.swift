/// A day of the proleptic Gregorian calendar, 0001-01-01 to 9999-12-31, kept as days since 1970-01-01.
public struct CivilDate: Sendable, Hashable, Comparable {
    public var days: Int32

    @inlinable public init(days: Int32) { self.days = days }

    /// Nil when there is no such day.
    @inlinable public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.lastDay(ofMonth: month, year: year)
        else { return nil }
        self.init(uncheckedYear: year, month: month, day: day)
    }

    /// Days from the civil date by the algorithm of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    @inlinable init(uncheckedYear: Int, month: Int, day: Int) {
        let year = month <= 2 ? uncheckedYear - 1 : uncheckedYear
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        days = Int32(era * 146_097 + dayOfEra - 719_468)
    }

    @inlinable public var yearMonthDay: (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    @inlinable public static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    @inlinable public static func lastDay(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The same day so many months later, clamped to the last day of the month; nil outside years 1 to 9999.
    public func adding(months: Int) -> CivilDate? {
        let (year, month, day) = yearMonthDay
        let total = year * 12 + month - 1 + months
        let newYear = total >= 0 ? total / 12 : -1
        let newMonth = total >= 0 ? total % 12 + 1 : 1
        guard (1...9999).contains(newYear) else { return nil }
        return CivilDate(
            year: newYear, month: newMonth, day: min(day, CivilDate.lastDay(ofMonth: newMonth, year: newYear)))
    }

    public func adding(days more: Int) -> CivilDate { CivilDate(days: days + Int32(more)) }

    /// `YYYY-MM-DD` or `YYYYMMDD`, nothing else.
    public init?(_ text: some StringProtocol) {
        let digits = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in digits[range] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            return value
        }
        let parts: (Int?, Int?, Int?)
        switch digits.count {
        case 10 where digits[4] == 45 && digits[7] == 45: parts = (number(0..<4), number(5..<7), number(8..<10))
        case 8: parts = (number(0..<4), number(4..<6), number(6..<8))
        default: return nil
        }
        guard let year = parts.0, let month = parts.1, let day = parts.2 else { return nil }
        self.init(year: year, month: month, day: day)
    }

    @inlinable public static func < (left: CivilDate, right: CivilDate) -> Bool { left.days < right.days }
}

extension CivilDate: CustomStringConvertible {
    public var description: String {
        let (year, month, day) = yearMonthDay
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}
