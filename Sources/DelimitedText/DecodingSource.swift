public import DataAccess
public import Diagnostics
import Glibc

/// Makes UTF-8 of a text in another encoding while it is read, in memory that does not grow with the text.
///
/// A byte that cannot be decoded becomes `substitute`, which no UTF-8 holds, and decoding goes on with the next: so the
/// CSV reader sets just that record aside, at its place, and reads the rest.
public final class DecodingSource<Inner: ByteSource>: ByteSource {
    /// What a byte becomes that cannot be decoded.
    private let substitute = CChar(bitPattern: 0xFF)
    private var inner: Inner
    private let converter: iconv_t
    private let piece = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1 << 20)
    /// What was read; what lies before `position` is decoded.
    private var encoded: [UInt8] = []
    private var position = 0
    private var isAtEnd = false

    /// Throws `encoding-unavailable` (64) when the system's C library lacks the encoding.
    public init(_ inner: Inner, from encoding: TextEncoding) throws(OperationError) {
        self.inner = inner
        converter = iconv_open("UTF-8", encoding.rawValue.uppercased())
        guard converter != iconv_t(bitPattern: -1) else {
            piece.deallocate()
            throw .encodingUnavailable(encoding)
        }
    }

    deinit {
        iconv_close(converter)
        piece.deallocate()
    }

    public func read(into buffer: inout [UInt8]) throws -> Bool {
        while true {
            let written = decode()
            if written > 0 {
                buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(piece)[..<written]))
                return true
            }
            if isAtEnd { return false }
            encoded.removeSubrange(..<position)
            position = 0
            isAtEnd = try !inner.read(into: &encoded)
        }
    }

    /// Decodes what was read as far as it is whole and `piece` has room; how many bytes it made.
    private func decode() -> Int {
        encoded.withUnsafeMutableBytes { source in
            guard let start = source.baseAddress, let target = piece.baseAddress else { return 0 }
            var from: UnsafeMutablePointer<CChar>? = start.assumingMemoryBound(to: CChar.self) + position
            var left = source.count - position
            var to: UnsafeMutablePointer<CChar>? = target
            var room = piece.count
            while left > 0, room > 0 {
                if iconv(converter, &from, &left, &to, &room) != -1 { break }
                // A letter that the text ends in the midst of is as bad as one that there is not.
                guard errno == EILSEQ || errno == EINVAL && isAtEnd, room > 0 else { break }
                to?.pointee = substitute
                to = to.map { $0 + 1 }
                room -= 1
                from = from.map { $0 + 1 }
                left -= 1
            }
            position = source.count - left
            return piece.count - room
        }
    }
}

extension OperationError {
    static func encodingUnavailable(_ encoding: TextEncoding) -> OperationError {
        OperationError(
            .usage, code: "encoding-unavailable",
            LocalizedText(
                en: "this system cannot decode \(encoding.rawValue)", zh: "本系统无法解码 \(encoding.rawValue)"),
            hint: LocalizedText(
                en: "install the C library's character sets (gconv), or save the file as UTF-8",
                zh: "请安装 C 库的字符集模块（gconv），或将文件另存为 UTF-8"))
    }
}
