import CZstd
public import DataAccess
import Diagnostics

/// Decompresses zstd while it is read. A stream that is cut short or damaged ends with `compressed-damaged` (65).
public final class ZstdSource<Inner: ByteSource>: ByteSource {
    private var inner: Inner
    private let file: String
    private let context: OpaquePointer
    private var compressed: [UInt8] = []
    private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    private var position = 0
    /// 0 when the last frame ended just here.
    private var expected = 0
    private var isAtEnd = false

    /// - Parameter file: for messages.
    public init(_ inner: Inner, file: String) {
        self.inner = inner
        self.file = file
        guard let context = ZSTD_createDStream() else { preconditionFailure("no memory for a decompressor") }
        self.context = context
    }

    deinit {
        ZSTD_freeDStream(context)
        piece.deallocate()
    }

    public func read(into buffer: inout [UInt8]) throws -> Bool {
        while true {
            if position == compressed.count, !isAtEnd {
                compressed.removeAll(keepingCapacity: true)
                position = 0
                isAtEnd = try !inner.read(into: &compressed)
            }
            let written = try compressed.withUnsafeBytes { source in
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: position)
                var output = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
                let result = ZSTD_decompressStream(context, &output, &input)
                guard ZSTD_isError(result) == 0 else {
                    let cause = String(cString: ZSTD_getErrorName(result))
                    throw OperationError.compressedDamaged(file, cause, cause)
                }
                // Nothing in and nothing out keeps what the last call said.
                if output.pos > 0 || input.pos > position { expected = result }
                position = input.pos
                return output.pos
            }
            buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<written]))
            if written > 0 { return true }
            // Only now is nothing held back any more.
            if isAtEnd, position == compressed.count {
                guard expected == 0 else {
                    throw OperationError.compressedDamaged(file, "it ends too early", "过早结束")
                }
                return false
            }
        }
    }
}

extension OperationError {
    static func compressedDamaged(_ file: String, _ en: String, _ zh: String) -> OperationError {
        OperationError(
            .badData, code: "compressed-damaged",
            LocalizedText(en: "'\(file)' cannot be decompressed: \(en)", zh: "无法解压“\(file)”：\(zh)"),
            hint: LocalizedText(
                en: "it was damaged or cut short on its way; ask for it again", zh: "文件在传输中损坏或被截断，请重新获取"))
    }
}
