/// Computes the digest of a content that comes in pieces; SHA-256 in batches.
///
/// This module does not choose a cryptographic library: who sends gives a digest.
public protocol ContentDigest {
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// In lower-case hexadecimal; nothing may be called after it.
    mutating func finish() -> String
}
