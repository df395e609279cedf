public import Diagnostics
import Glibc

/// Reads a file with `pread` in pieces of one mebibyte.
///
/// Not mapped into memory: a file that is cut short while it is read must be an error, not a signal.
public struct FileSource: ByteSource {
    private let handle: FileHandleOwner
    private var offset: off_t = 0
    private let path: String

    /// Throws `file-open` (66) when it does not exist, may not be read, or is no file.
    public init(_ path: String) throws(OperationError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .fileNotOpened(path, errno) }
        handle = FileHandleOwner(descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .fileNotRead(path, errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .fileNotOpened(path, EISDIR) }
    }

    /// The next bytes are read from this place of the file on.
    public mutating func seek(to byteOffset: Int) { offset = off_t(byteOffset) }

    public mutating func read(into buffer: inout [UInt8]) throws -> Bool {
        let piece = handle.piece
        let count = try fill(piece)
        buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<count]))
        return count > 0
    }

    public mutating func read(straightInto piece: UnsafeMutableRawBufferPointer) throws -> Int? { try fill(piece) }

    private mutating func fill(_ piece: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = retryingOnInterrupt { pread(handle.descriptor, piece.baseAddress, piece.count, offset) }
        guard count >= 0 else { throw OperationError.fileNotRead(path, errno) }
        offset += off_t(count)
        return count
    }
}

/// A descriptor and the piece of memory that is read into; both go when nobody holds it any more.
final class FileHandleOwner {
    let descriptor: Int32
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        close(descriptor)
        piece.deallocate()
    }
}

func retryingOnInterrupt(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

extension OperationError {
    public static func fileNotOpened(_ path: String, _ number: Int32) -> OperationError {
        let cause = String(cString: strerror(number))
        return OperationError(
            .noInput, code: "file-open",
            LocalizedText(en: "unable to open '\(path)': \(cause)", zh: "无法打开“\(path)”：\(cause)"),
            hint: LocalizedText(
                en: "check the path and that this user may read it", zh: "请检查路径，以及当前用户是否有读取权限"))
    }

    public static func fileNotRead(_ path: String, _ number: Int32) -> OperationError {
        let cause = String(cString: strerror(number))
        return OperationError(
            .ioError, code: "file-read",
            LocalizedText(en: "unable to read '\(path)': \(cause)", zh: "无法读取“\(path)”：\(cause)"),
            hint: LocalizedText(
                en: "check the disk; the same command can be repeated", zh: "请检查磁盘；同一命令可以重复执行"))
    }

    public static func fileNotCreated(_ path: String, _ number: Int32) -> OperationError {
        let cause = String(cString: strerror(number))
        return OperationError(
            number == ENOSPC || number == EDQUOT ? .ioError : .cannotCreate, code: "file-create",
            LocalizedText(en: "unable to create '\(path)': \(cause)", zh: "无法创建“\(path)”：\(cause)"),
            hint: LocalizedText(
                en: "check that the folder exists and that this user may write there",
                zh: "请检查目录是否存在，以及当前用户是否有写入权限"))
    }

    public static func fileNotWritten(_ path: String, _ number: Int32) -> OperationError {
        let cause = String(cString: strerror(number))
        return OperationError(
            .ioError, code: "file-write",
            LocalizedText(en: "unable to write '\(path)': \(cause)", zh: "无法写入“\(path)”：\(cause)"),
            hint: LocalizedText(
                en: "make room on the disk and repeat; nothing half-written was left",
                zh: "请腾出磁盘空间后重试；没有留下写了一半的文件"))
    }
}
