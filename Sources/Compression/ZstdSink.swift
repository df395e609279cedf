import CZstd
public import DataAccess
import Diagnostics

/// Compresses with zstd while it is written: one frame, with a checksum of its content.
public final class ZstdSink<Inner: ByteSink>: ByteSink {
    public private(set) var inner: Inner
    private let context: OpaquePointer
    private var output = [UInt8](repeating: 0, count: 1 << 17)

    /// - Parameters:
    ///   - level: 1 is fastest; text of cases gains little beyond 3.
    ///   - workers: threads that compress while the caller goes on; the bytes are the same for any number but 0.
    public init(_ inner: Inner, level: Int32 = 1, workers: Int32 = 0) {
        self.inner = inner
        guard let context = ZSTD_createCCtx() else { preconditionFailure("no memory for a compressor") }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        // A library that was built without threads refuses this, and compresses on the caller's.
        ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, workers)
    }

    deinit { ZSTD_freeCCtx(context) }

    public func write(_ bytes: UnsafeRawBufferPointer) throws { try compress(bytes, ZSTD_e_continue) }

    public func finish() throws {
        try compress(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end)
        try inner.finish()
    }

    private func compress(_ bytes: UnsafeRawBufferPointer, _ mode: ZSTD_EndDirective) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isDone = false
        while !isDone {
            let (left, count) = output.withUnsafeMutableBytes { target in
                var piece = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                let left = ZSTD_compressStream2(context, &piece, &input, mode)
                return (left, piece.pos)
            }
            precondition(ZSTD_isError(left) == 0, "compression of bytes in memory does not fail")
            if count > 0 {
                try output.withUnsafeBytes { try inner.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            }
            isDone = mode == ZSTD_e_end ? left == 0 : input.pos == input.size
        }
    }
}
