/// A day of the proleptic Gregorian calendar from 0001-01-01 to 9999-12-31, as the words of the calendar have it.
public struct Day: Sendable, Hashable, Comparable {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Nil when there is no such day.
    public init?(_ year: Int, _ month: Int, _ day: Int) {
        guard year >= 1, year <= 9999, month >= 1, month <= 12, day >= 1, day <= Day.length(of: month, in: year) else {
            return nil
        }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Every fourth year, except full centuries, except every fourth of these.
    static func isLeap(_ year: Int) -> Bool {
        if year % 400 == 0 { return true }
        if year % 100 == 0 { return false }
        return year % 4 == 0
    }

    static func length(of month: Int, in year: Int) -> Int {
        month == 2 ? (isLeap(year) ? 29 : 28) : [31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// 0001-01-01 is day 1, a Monday.
    public var number: Int {
        let before = year - 1
        var count = before * 365 + before / 4 - before / 100 + before / 400
        for earlier in 1..<month { count += Day.length(of: earlier, in: year) }
        return count + day
    }

    /// So many months later, or earlier; the last day of the month where the month is too short. Nil beyond the calendar.
    public func adding(months: BigInteger) -> Day? {
        guard let count = (months + BigInteger(year * 12 + month - 1)).int, count >= 12 else { return nil }
        guard count / 12 <= 9999 else { return nil }
        let (newYear, newMonth) = (count / 12, count % 12 + 1)
        return Day(newYear, newMonth, min(day, Day.length(of: newMonth, in: newYear)))
    }

    public static func < (a: Day, b: Day) -> Bool {
        (a.year, a.month, a.day) < (b.year, b.month, b.day)
    }

    /// Exactly `YYYY-MM-DD` or `YYYYMMDD`, in ASCII digits; nil for anything else and for impossible days.
    public init?(_ text: [Unicode.Scalar]) {
        let parts: [ArraySlice<Unicode.Scalar>]
        if text.count == 10, text[4] == "-", text[7] == "-" {
            parts = [text[0..<4], text[5..<7], text[8..<10]]
        } else if text.count == 8 {
            parts = [text[0..<4], text[4..<6], text[6..<8]]
        } else {
            return nil
        }
        guard parts.allSatisfy({ $0.allSatisfy(isDigit) }) else { return nil }
        let numbers = parts.compactMap { BigInteger($0)?.int }
        guard numbers.count == 3 else { return nil }
        self.init(numbers[0], numbers[1], numbers[2])
    }
}

/// A moment without a zone, to the microsecond.
public struct Moment: Sendable, Hashable, Comparable {
    public let day: Day
    /// Microseconds since midnight.
    public let micros: Int

    /// `YYYY-MM-DD HH:MM:SS[.ffffff]`, `T` allowed for the blank; nil for anything else.
    public init?(_ text: [Unicode.Scalar]) {
        guard text.count >= 19, text[10] == " " || text[10] == "T", text[13] == ":", text[16] == ":",
            let day = Day(Array(text[0..<10]))
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            text[range].allSatisfy(isDigit) ? BigInteger(text[range])?.int : nil
        }
        guard let hour = number(11..<13), hour < 24, let minute = number(14..<16), minute < 60,
            let second = number(17..<19), second < 60
        else { return nil }
        var fraction = 0
        if text.count > 19 {
            guard text[19] == ".", (21...26).contains(text.count), let digits = number(20..<text.count) else {
                return nil
            }
            fraction = digits
            for _ in text.count..<26 { fraction *= 10 }
        }
        self.day = day
        micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    }

    public static func < (a: Moment, b: Moment) -> Bool { (a.day, a.micros) < (b.day, b.micros) }
}

func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar >= "0" && scalar <= "9" }

/// 工作日, counted one by one: day after day is a weekday or not, a holiday or not.
public struct Workdays: Sendable {
    /// How many days up to and including each day of the calendar are worked, by `Day.number`.
    private let upTo: [Int32]

    public init(holidays: Set<Day>, workdays: Set<Day>) {
        let off = Set(holidays.map(\.number))
        let on = Set(workdays.map(\.number))
        var counts: [Int32] = [0]
        var count: Int32 = 0
        let last = Day(9999, 12, 31)?.number ?? 0
        for number in 1...last {
            let isWeekend = (number - 1) % 7 >= 5
            if isWeekend ? on.contains(number) : !off.contains(number) { count += 1 }
            counts.append(count)
        }
        upTo = counts
    }

    /// The first day excluded, the last included; negative backwards, like `days`.
    public func count(from first: Day, to last: Day) -> Int { Int(upTo[last.number]) - Int(upTo[first.number]) }
}
