import CKernels
import Glibc

extension Array where Element == UInt8 {
    /// Zeros are appended until there are so many.
    mutating func grow(to count: Int) {
        guard self.count < count else { return }
        self = Array(unsafeUninitializedCapacity: count) { target, initializedCount in
            guard let base = UnsafeMutableRawPointer(target.baseAddress) else { return }
            withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
            memset(base + self.count, 0, count - self.count)
            initializedCount = count
        }
    }

    /// Where the first line feed stands.
    func firstFeed(in range: Range<Int>) -> Int? {
        withUnsafeBytes { bytes in
            guard !range.isEmpty, let base = bytes.baseAddress else { return nil }
            return memchr(base + range.lowerBound, 0x0A, range.count).map { UnsafeRawPointer($0) - base }
        }
    }

    /// Where the last line feed stands before `end`.
    func lastFeed(before end: Int) -> Int? {
        withUnsafeBufferPointer { $0[..<end].lastIndex(of: 0x0A) }
    }
}

extension ArraySlice where Element == UInt8 {
    /// - Parameter level: of the kernels.
    func isValidUTF8(level: Int) -> Bool {
        withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { sitong_utf8_valid($0, bytes.count, Int32(level)) } ?? true
        }
    }
}
