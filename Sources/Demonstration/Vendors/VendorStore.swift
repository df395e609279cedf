/// Takes the cases of one court into its trial database.
protocol VendorStore {
    mutating func insert(_ planted: PlantedCase) throws
    /// Makes all that was inserted permanent.
    mutating func finish() throws
}
