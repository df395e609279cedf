import CKernels
public import Columnar
import Glibc

/// Records of the strict profile, made from cells as they lie.
extension CSVEncoding {
    /// The record of one row, without a line end: what quarantine keeps.
    public static func record(_ block: CellBlock, row: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        block.bytes.withUnsafeBufferPointer { text in
            for column in 0..<block.columnCount {
                if column > 0 { bytes.append(UInt8(ascii: ",")) }
                let cell = block.cells[row * block.columnCount + column]
                if !cell.isNull { append(UnsafeBufferPointer(rebasing: text[cell.range]), to: &bytes) }
            }
        }
        return bytes
    }
}

/// Bytes of whoever does not promise that they are text.
public enum UTF8Text {
    public static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.baseAddress.map { sitong_utf8_valid($0, bytes.count, sitong_level()) } ?? true
    }

    /// Whether they are UTF-8 without U+0000, which no text of PostgreSQL can hold.
    public static func isStorable(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        return memchr(base, 0, bytes.count) == nil && isValid(bytes)
    }
}
