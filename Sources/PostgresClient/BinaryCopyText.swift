import Columnar

/// Writes the texts of binary values. What is malformed is nil: no length or digit of the server is trusted.
struct BinaryCopyText {
    /// Where the next text begins.
    var end: UnsafeMutablePointer<UInt8>

    /// - Parameter field: as the server sent it.
    /// - Returns: whether the field was well-formed.
    @inline(__always)
    mutating func write(_ type: BinaryCopyType, _ field: UnsafeRawBufferPointer) -> Bool {
        switch type {
        case .text: return false  // Has no text but itself.
        case .bool:
            guard field.count == 1 else { return false }
            put(field[0] == 0 ? 102 : 116)
        case .int2:
            guard field.count == 2 else { return false }
            write(Int64(BigEndian.int16(field, 0)))
        case .int4:
            guard field.count == 4 else { return false }
            write(Int64(BigEndian.int32(field, 0)))
        case .int8:
            guard field.count == 8 else { return false }
            write(BigEndian.int64(field, 0))
        case .date:
            guard field.count == 4 else { return false }
            switch BigEndian.int32(field, 0) {
            case .max: write("infinity")
            case .min: write("-infinity")
            case let days: return writeDate(Int64(days))
            }
        case .timestamp:
            guard field.count == 8 else { return false }
            switch BigEndian.int64(field, 0) {
            case .max: write("infinity")
            case .min: write("-infinity")
            case let microseconds: return writeTimestamp(microseconds)
            }
        case .numeric: return writeNumeric(field)
        }
        return true
    }

    /// Copies a text as it is.
    ///
    /// - Parameter readable: bytes from the field's first on that may be read, whether they belong to it or not.
    @inline(__always) mutating func copy(_ field: UnsafeRawBufferPointer, readable: Int) {
        guard let source = field.baseAddress else { return }
        if field.count <= 16, readable >= 16 {
            // Most are codes and short names: one vector is faster than a call. What comes next overwrites the excess.
            UnsafeMutableRawPointer(end).storeBytes(
                of: source.loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
        } else {
            UnsafeMutableRawPointer(end).copyMemory(from: source, byteCount: field.count)
        }
        end += field.count
    }

    @inline(__always) private mutating func put(_ byte: UInt8) {
        end.pointee = byte
        end += 1
    }

    private mutating func write(_ word: StaticString) {
        end.update(from: word.utf8Start, count: word.utf8CodeUnitCount)
        end += word.utf8CodeUnitCount
    }

    @inline(__always) private mutating func write(_ value: Int64) {
        if value < 0 { put(45) }
        var rest = value.magnitude
        var length = 1
        var bound: UInt64 = 10
        // No Int64 reaches 10^19, which is still a UInt64.
        while rest >= bound {
            length += 1
            bound &*= 10
        }
        var place = length
        repeat {
            place -= 1
            end[place] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        } while place > 0
        end += length
    }

    @inline(__always) private mutating func writeTwo(_ value: Int) {
        put(UInt8(truncatingIfNeeded: 48 + value / 10))
        put(UInt8(truncatingIfNeeded: 48 + value % 10))
    }

    /// - Parameter days: since 2000-01-01.
    private mutating func writeDate(_ days: Int64) -> Bool {
        guard let isBeforeChrist = writeDay(days) else { return false }
        if isBeforeChrist { write(" BC") }
        return true
    }

    /// - Parameter microseconds: since 2000-01-01 00:00:00.
    private mutating func writeTimestamp(_ microseconds: Int64) -> Bool {
        let perDay: Int64 = 86_400_000_000
        var (days, time) = microseconds.quotientAndRemainder(dividingBy: perDay)
        if time < 0 {
            days -= 1
            time += perDay
        }
        guard let isBeforeChrist = writeDay(days) else { return false }
        let seconds = Int(time / 1_000_000)
        put(32)
        writeTwo(seconds / 3600)
        put(58)
        writeTwo(seconds / 60 % 60)
        put(58)
        writeTwo(seconds % 60)
        var fraction = Int(time % 1_000_000)
        if fraction > 0 {
            put(46)
            var weight = 100_000
            while fraction > 0 {
                put(UInt8(truncatingIfNeeded: 48 + fraction / weight))
                fraction %= weight
                weight /= 10
            }
        }
        if isBeforeChrist { write(" BC") }
        return true
    }

    /// The day without its era; whether that is before Christ, nil when no calendar goes so far.
    private mutating func writeDay(_ days: Int64) -> Bool? {
        let epoch: Int64 = 10_957  // 2000-01-01
        guard let sinceEpoch = Int32(exactly: days + epoch) else { return nil }
        let (year, month, day) = CivilDate(days: sinceEpoch).yearMonthDay
        // The year before 1 is 1 BC.
        let shown = year > 0 ? year : 1 - year
        if shown < 10_000 {
            writeTwo(shown / 100)
            writeTwo(shown % 100)
        } else {
            write(Int64(shown))
        }
        put(45)
        writeTwo(month)
        put(45)
        writeTwo(day)
        return year <= 0
    }

    /// Sign, digits to the base 10,000 with the weight of the first, and how many decimals are shown.
    private mutating func writeNumeric(_ field: UnsafeRawBufferPointer) -> Bool {
        guard let shape = NumericShape(field) else { return false }
        switch shape.sign {
        case 0xC000: write("NaN")
        case 0xD000: write("Infinity")
        case 0xF000: write("-Infinity")
        case 0x0000, 0x4000:
            if shape.sign != 0 { put(45) }
            var place = 0
            if shape.weight < 0 {
                place = shape.weight + 1
                put(48)
            } else {
                while place <= shape.weight {
                    guard let digit = shape.digit(place, field) else { return false }
                    if place == 0 { write(Int64(digit)) } else { writeFour(digit) }
                    place += 1
                }
            }
            if shape.scale > 0 {
                put(46)
                let last = end + shape.scale
                while end < last {
                    guard let digit = shape.digit(place, field) else { return false }
                    writeFour(digit)
                    place += 1
                }
                end = last
            }
        default: return false
        }
        return true
    }

    @inline(__always) private mutating func writeFour(_ digit: Int) {
        writeTwo(digit / 100)
        writeTwo(digit % 100)
    }
}

/// The header of a binary `numeric`.
struct NumericShape {
    var count: Int
    /// Of the first digit, as a power of 10,000.
    var weight: Int
    var sign: UInt16
    /// Decimals that are shown.
    var scale: Int

    /// Nil when the field's length is not what its header says.
    @inline(__always) init?(_ field: UnsafeRawBufferPointer) {
        guard field.count >= 8 else { return nil }
        count = Int(BigEndian.int16(field, 0))
        weight = Int(BigEndian.int16(field, 2))
        sign = UInt16(bitPattern: BigEndian.int16(field, 4))
        scale = Int(UInt16(bitPattern: BigEndian.int16(field, 6)))
        guard count >= 0, field.count == 8 + 2 * count else { return nil }
    }

    /// Bytes that its text takes at most.
    var room: Int { max(weight + 1, 1) * 4 + scale + 16 }

    /// The digit at a place, 0 beyond those that were sent; nil when it is none to the base 10,000.
    @inline(__always) func digit(_ place: Int, _ field: UnsafeRawBufferPointer) -> Int? {
        guard place >= 0, place < count else { return 0 }
        let digit = Int(BigEndian.int16(field, 8 + 2 * place))
        return (0..<10_000).contains(digit) ? digit : nil
    }
}
