/// The four truth values, in an order in which `and` is the least and `not` mirrors.
///
/// `and` takes the first of false, error, null, true that occurs; `or` the first of true, error, null, false.
enum FormTruth: UInt8, Sendable {
    case isFalse = 0
    case isError = 1
    case isNull = 2
    case isTrue = 3

    @inline(__always) static func not(_ truth: UInt8) -> UInt8 {
        // Swaps false and true, and leaves error and null: 0↔3.
        truth == 0 ? 3 : truth == 3 ? 0 : truth
    }

    @inline(__always) static func or(_ left: UInt8, _ right: UInt8) -> UInt8 {
        not(min(not(left), not(right)))
    }
}

/// Whether a register's lane holds a number; of two operands the lesser one decides.
enum LaneState {
    static let error: UInt8 = 0
    static let null: UInt8 = 1
    static let number: UInt8 = 2
}
