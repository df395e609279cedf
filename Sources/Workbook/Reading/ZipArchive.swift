import Compression
import Diagnostics

/// The parts of a zip archive that is held in memory; plain ones only: one volume, not encrypted, less than 4 GB.
struct ZipArchive {
    private struct Entry {
        var isStored: Bool
        var checksum: UInt32
        var compressedSize: Int
        var size: Int
        var headerOffset: Int
    }

    private let bytes: [UInt8]
    private let path: String
    private var entries: [String: Entry] = [:]

    /// What one part may grow to; a sheet of a million figures has less.
    private static let largestPart = 512 << 20

    init(_ bytes: [UInt8], path: String) throws(OperationError) {
        self.bytes = bytes
        self.path = path
        // The directory's end is the last 22 bytes and a comment of at most 65,535.
        let candidates = stride(from: bytes.count - 22, through: max(0, bytes.count - 22 - 65_535), by: -1)
        guard bytes.count >= 22, let end = candidates.first(where: { word(at: $0) == 0x0605_4B50 }) else {
            throw .workbookUnreadable(path, LocalizedText(en: "it is no .xlsx file", zh: "不是 .xlsx 文件"))
        }
        let count = Int(half(at: end + 10))
        var place = Int(word(at: end + 16))
        for _ in 0..<count {
            guard place + 46 <= bytes.count, word(at: place) == 0x0201_4B50 else { throw damaged }
            let (flags, method) = (half(at: place + 8), half(at: place + 10))
            let nameLength = Int(half(at: place + 28))
            let next = place + 46 + nameLength + Int(half(at: place + 30)) + Int(half(at: place + 32))
            guard next <= bytes.count else { throw damaged }
            let name = String(decoding: bytes[place + 46..<place + 46 + nameLength], as: UTF8.self)
            guard flags & 1 == 0 else {
                throw .workbookUnreadable(path, LocalizedText(en: "it is encrypted", zh: "已加密"))
            }
            guard method == 0 || method == 8 else { throw damaged }
            entries[name] = Entry(
                isStored: method == 0, checksum: word(at: place + 16), compressedSize: Int(word(at: place + 20)),
                size: Int(word(at: place + 24)), headerOffset: Int(word(at: place + 42)))
            place = next
        }
    }

    /// A part's bytes; nil when the archive has no such part.
    func part(_ name: String) throws(OperationError) -> [UInt8]? {
        guard let entry = entries[name] else { return nil }
        let header = entry.headerOffset
        guard header + 30 <= bytes.count, word(at: header) == 0x0403_4B50 else { throw damaged }
        let start = header + 30 + Int(half(at: header + 26)) + Int(half(at: header + 28))
        guard start + entry.compressedSize <= bytes.count else { throw damaged }
        guard entry.size <= Self.largestPart else {
            throw .workbookUnreadable(path, LocalizedText(en: "'\(name)' is too large", zh: "“\(name)”过大"))
        }
        return try DeflatedBytes.inflate(
            bytes[start..<start + entry.compressedSize], count: entry.size, checksum: entry.checksum,
            isStored: entry.isStored, file: "\(path)(\(name))")
    }

    private var damaged: OperationError {
        .workbookUnreadable(path, LocalizedText(en: "the archive is damaged", zh: "压缩包已损坏"))
    }

    private func half(at place: Int) -> UInt16 { UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8 }

    private func word(at place: Int) -> UInt32 {
        UInt32(half(at: place)) | UInt32(half(at: place + 2)) << 16
    }
}
