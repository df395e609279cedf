import Diagnostics

/// A file of a folder to be sent, as its manifest describes it.
public struct FileEntry: Sendable, Hashable {
    /// Relative to the folder, with `/` between names.
    public var path: String
    public var bytes: Int
    /// In lower-case hexadecimal.
    public var sha256: String

    public init(path: String, bytes: Int, sha256: String) {
        self.path = path
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// What a transfer did (传输回执): the basis of the ledger's entry.
public struct TransferReceipt: Sendable, Hashable {
    /// Including the manifest.
    public var filesSent = 0
    /// Whole and unchanged from an earlier attempt.
    public var filesAlreadyThere = 0
    /// Of the files sent; a repetition is not counted again.
    public var bytesSent = 0
    /// How often something was tried again.
    public var retries = 0

    public init() {}
}

/// How far a transfer is; reported some times per second, and at the end of each file.
public struct TransferProgress: Sendable, Hashable {
    /// As in `FileEntry`.
    public var file: String
    /// Of all files, sent or already there.
    public var bytes: Int
    public var totalBytes: Int
}

/// Sends a folder whole or not at all, as far as the receiver can see.
///
/// Each file arrives as `.<name>.<run>.part`, is checked by its size and by reading it back, and only then gets its
/// name; the manifest comes last and is the mark of completeness (提交标记): receivers ignore a folder without it. A
/// repetition keeps what is there and right, replaces the rest, and takes away what broken attempts left. When
/// something is to be replaced under a manifest that is there already, that manifest is withdrawn first.
public enum FolderTransfer {
    /// - Parameters:
    ///   - manifest: also an entry, not among `files`.
    ///   - location: the folder itself that shall be as the local one, not the one it lies in.
    ///   - run: names the attempt in temporary names; letters, digits, `-`.
    ///   - digest: makes a SHA-256.
    /// - Throws: `OperationError`: 65 the local files are not as described, or what is read back differs; 66 a local
    ///   file is missing; 69 the server cannot be reached or was lost; 73 a folder cannot be made; 74 no room; 77 host
    ///   key, user key or permission.
    public static func send(
        folder: String, files: [FileEntry], manifest: FileEntry, to location: RemoteLocation, run: String,
        options: TransferOptions, digest: @escaping () -> any ContentDigest,
        progress: @escaping (TransferProgress) -> Void = { _ in }
    ) throws -> TransferReceipt {
        let store = try RemoteStores.open(location, options: options)
        let job = TransferJob(
            store: store, folder: folder, location: location, run: run, retrier: Retrier(options), makeDigest: digest,
            totalBytes: files.reduce(manifest.bytes) { $0 + $1.bytes }, progress: progress)
        return try job.send(files, manifest)
    }
}

/// One call of `FolderTransfer.send`.
private final class TransferJob {
    let store: any RemoteStore
    let folder: String
    let location: RemoteLocation
    let run: String
    let retrier: Retrier
    let makeDigest: () -> any ContentDigest
    let totalBytes: Int
    let progress: (TransferProgress) -> Void
    private var doneBytes = 0
    private var receipt = TransferReceipt()

    init(
        store: any RemoteStore, folder: String, location: RemoteLocation, run: String, retrier: Retrier,
        makeDigest: @escaping () -> any ContentDigest, totalBytes: Int, progress: @escaping (TransferProgress) -> Void
    ) {
        self.store = store
        self.folder = folder
        self.location = location
        self.run = run
        self.retrier = retrier
        self.makeDigest = makeDigest
        self.totalBytes = totalBytes
        self.progress = progress
    }

    func send(_ files: [FileEntry], _ manifest: FileEntry) throws -> TransferReceipt {
        for entry in files + [manifest] { try checkLocal(entry) }
        let names = try prepareFolders(files + [manifest])
        var missing: [FileEntry] = []
        for entry in files {
            if try isThere(entry, names) { countThere(entry) } else { missing.append(entry) }
        }
        let manifestIsThere = try missing.isEmpty && isThere(manifest, names)
        if !manifestIsThere, names.contains(remotePath(manifest)) {
            try retrier.run { _ in try store.remove(remotePath(manifest)) }
        }
        faultPoint("transfer.beforeParts")
        for entry in missing { try send(entry) }
        faultPoint("transfer.beforeManifest")
        if manifestIsThere { countThere(manifest) } else { try send(manifest) }
        faultPoint("transfer.afterManifest")
        receipt.retries = retrier.retries
        return receipt
    }

    private func checkLocal(_ entry: FileEntry) throws {
        let names = entry.path.split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !["", ".", ".."].contains($0) }), entry.path.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
        else { throw OperationError.badEntry(entry.path) }
        if try LocalFile.size(localPath(entry)) != entry.bytes { throw OperationError.localDiffers(localPath(entry)) }
    }

    /// Makes the folders, clears away the leftovers of broken attempts, and returns the paths of all files there.
    private func prepareFolders(_ entries: [FileEntry]) throws -> Set<String> {
        var there: Set<String> = []
        let temporary = Dictionary(grouping: entries) { Self.split(remotePath($0)).folder }
        for folder in Set(temporary.keys).union([location.path]).sorted() {
            let names = try retrier.run { _ in
                try store.ensureFolder(folder)
                return try store.list(folder)
            }
            let stems = (temporary[folder] ?? []).map { ".\(Self.split($0.path).name)." }
            for name in names {
                let path = Self.join(folder, name)
                if name.hasSuffix(".part"), stems.contains(where: { name.hasPrefix($0) }) {
                    try retrier.run { _ in try store.remove(path) }
                } else {
                    there.insert(path)
                }
            }
        }
        return there
    }

    private func isThere(_ entry: FileEntry, _ names: Set<String>) throws -> Bool {
        guard names.contains(remotePath(entry)) else { return false }
        return try retrier.run { _ in try isRight(remotePath(entry), entry) }
    }

    /// Whether the remote file has the size and the digest; reads it whole only when the size is right.
    private func isRight(_ path: String, _ entry: FileEntry) throws -> Bool {
        guard try store.size(of: path) == entry.bytes else { return false }
        var digest = makeDigest()
        try store.download(path) { digest.update($0) }
        return digest.finish() == entry.sha256
    }

    private func send(_ entry: FileEntry) throws {
        let path = remotePath(entry)
        let (folder, name) = Self.split(path)
        let part = Self.join(folder, ".\(name).\(run).part")
        do {
            try retrier.run { attempt in
                if attempt > 1, try isRight(path, entry) { return }
                try store.upload(localFile: localPath(entry), to: part) { sent in
                    progress(TransferProgress(file: entry.path, bytes: doneBytes + sent, totalBytes: totalBytes))
                }
                faultPoint("transfer.afterPart")
                guard try isRight(part, entry) else {
                    try checkDigest(entry)
                    throw OperationError.readBackDiffers(location.appending(entry.path))
                }
                do {
                    try store.rename(part, to: path)
                } catch {
                    // It may have been done although the answer was lost.
                    if try !isRight(path, entry) { throw error }
                }
                faultPoint("transfer.afterRename")
            }
        } catch {
            // Room is given back at once; when the server is gone the next attempt clears it away.
            if let error = error as? OperationError, error.status != .unavailable { try? store.remove(part) }
            throw error
        }
        receipt.filesSent += 1
        receipt.bytesSent += entry.bytes
        finish(entry)
    }

    /// Which side is wrong when they differ.
    private func checkDigest(_ entry: FileEntry) throws {
        var digest = makeDigest()
        try LocalFile.read(localPath(entry)) { digest.update($0) }
        if digest.finish() != entry.sha256 { throw OperationError.localDiffers(localPath(entry)) }
    }

    private func countThere(_ entry: FileEntry) {
        receipt.filesAlreadyThere += 1
        finish(entry)
    }

    private func finish(_ entry: FileEntry) {
        doneBytes += entry.bytes
        progress(TransferProgress(file: entry.path, bytes: doneBytes, totalBytes: totalBytes))
    }

    private func localPath(_ entry: FileEntry) -> String { folder + "/" + entry.path }

    private func remotePath(_ entry: FileEntry) -> String { Self.join(location.path, entry.path) }

    private static func join(_ folder: String, _ name: String) -> String {
        folder == "/" ? "/" + name : folder + "/" + name
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }
}
