/// Files in folders at another place (远端存储), with the few operations that sending needs.
///
/// Paths are absolute and decoded, as `RemoteLocation.path`. All calls block; a store belongs to one thread. Errors are
/// `OperationError`s; `isTransient` says that the same call may succeed later. A new kind of server is one file with
/// one conforming type, and a line in `RemoteStores.open`.
public protocol RemoteStore: AnyObject {
    /// Makes the folder and those above it; it may be there already.
    func ensureFolder(_ path: String) throws
    /// In bytes; nil when there is no such file.
    func size(of path: String) throws -> Int?
    /// Writes the local file there, in place of what was there.
    ///
    /// - Parameter progress: bytes handed over so far, some times per second.
    func upload(localFile: String, to path: String, progress: (Int) -> Void) throws
    /// Hands over the content piece by piece.
    func download(_ path: String, into sink: (UnsafeRawBufferPointer) throws -> Void) throws
    /// In place of what was at `to`, if anything.
    func rename(_ from: String, to: String) throws
    /// It may be absent.
    func remove(_ path: String) throws
    /// The names in a folder, in no order, without `.` and `..`; none when there is no such folder.
    func list(_ folder: String) throws -> [String]
}

/// Chooses the store for a location.
public enum RemoteStores {
    /// Does not yet connect.
    ///
    /// - Throws: `OperationError` with status 66 when the private key of the options is missing.
    public static func open(_ location: RemoteLocation, options: TransferOptions) throws -> any RemoteStore {
        switch location.scheme {
        case .file: LocalStore()
        case .sftp: try SFTPStore(location, options: options)
        }
    }
}
