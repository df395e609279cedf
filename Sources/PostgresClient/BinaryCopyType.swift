/// The types whose binary form (`COPY … (FORMAT binary)`) we read; a column of any other type is asked for as text.
///
/// Their texts are those that the server prints under the session settings of `PostgresConnection`, byte by byte, also of
/// what our own types cannot hold: `infinity`, `NaN`, a year before Christ or after 9999. Such a value is thus an
/// error of its cell, wherever it is judged, and not of the reading.
enum BinaryCopyType {
    case bool, int2, int4, int8, numeric, date, timestamp, text

    /// By the OID of the type in every server; nil for a type that is asked for as text.
    init?(oid: UInt32) {
        switch oid {
        case 16: self = .bool
        case 20: self = .int8
        case 21: self = .int2
        case 23: self = .int4
        case 25, 1042, 1043: self = .text  // text, char(n), varchar
        case 1082: self = .date
        case 1114: self = .timestamp
        case 1700: self = .numeric
        default: return nil
        }
    }

    /// Bytes that a value's text takes at most beside the bytes in which it came; of a numeric those of 38 digits.
    var room: Int {
        switch self {
        case .text: 0
        case .numeric: 104
        default: 40
        }
    }
}

/// Numbers in the byte order of the network. The caller has checked that they lie within the bytes.
enum BigEndian {
    @inline(__always) static func int16(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int16 {
        Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))
    }

    @inline(__always) static func int32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int32 {
        Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }

    @inline(__always) static func int64(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int64 {
        Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }
}
