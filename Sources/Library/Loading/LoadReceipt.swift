public import Diagnostics

/// What became of the rows of a part, a table or a batch.
public struct RowCounts: Sendable, Hashable {
    public var rowsIn = 0
    public var inserted = 0
    public var updated = 0
    public var unchanged = 0
    /// Another row of the same batch with the same key was later.
    public var superseded = 0
    public var quarantined = 0
    public var deleted = 0
    /// Late for a closed period.
    public var adjusted = 0

    public init() {}

    /// 守恒: nothing is lost and nothing comes from nowhere.
    public var isConserved: Bool {
        rowsIn == inserted + updated + unchanged + superseded + quarantined + deleted + adjusted
    }

    public static func += (total: inout RowCounts, part: RowCounts) {
        total.rowsIn += part.rowsIn
        total.inserted += part.inserted
        total.updated += part.updated
        total.unchanged += part.unchanged
        total.superseded += part.superseded
        total.quarantined += part.quarantined
        total.deleted += part.deleted
        total.adjusted += part.adjusted
    }
}

/// 入库回执: what loading a batch did.
public struct LoadReceipt: Sendable {
    public struct Part: Sendable, Hashable {
        public var name: String
        public var digest: String
        public var table: String
        public var counts: RowCounts

        public init(name: String, digest: String, table: String, counts: RowCounts = RowCounts()) {
            self.name = name
            self.digest = digest
            self.table = table
            self.counts = counts
        }
    }

    public var batch: String
    /// In the order of loading.
    public var number: Int
    /// The batch had been loaded before: the counts are those of then, and nothing was changed now.
    public var isReplay: Bool
    public var parts: [Part]
    /// Columns that the schema does not know, and the like.
    public var notices: [LocalizedText]

    public init(batch: String, number: Int, isReplay: Bool, parts: [Part], notices: [LocalizedText] = []) {
        self.batch = batch
        self.number = number
        self.isReplay = isReplay
        self.parts = parts
        self.notices = notices
    }

    public var total: RowCounts { parts.reduce(into: RowCounts()) { $0 += $1.counts } }
}

/// A limit on rows, as `--max-bad` and `--max-shrink` say it: `1%` or `100`.
public enum RowLimit: Sendable, Hashable {
    case ratio(Double)
    case rows(Int)

    /// Nil when it is neither.
    public init?(_ text: String) {
        if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent >= 0, percent.isFinite {
            self = .ratio(percent / 100)
        } else if let rows = Int(text), rows >= 0 {
            self = .rows(rows)
        } else {
            return nil
        }
    }

    func allowed(of total: Int) -> Int {
        switch self {
        case .ratio(let ratio): Int((Double(total) * min(ratio, 1)).rounded(.down))
        case .rows(let rows): rows
        }
    }

    var text: String {
        switch self {
        case .ratio(let ratio): "\((ratio * 10_000).rounded() / 100)%"
        case .rows(let rows): "\(rows)"
        }
    }
}

public struct LoadOptions: Sendable {
    /// The run that the ledger names.
    public var run: String?
    /// How many rows of a batch may go to quarantine.
    public var maxBad: RowLimit
    /// How many rows of a table a batch may delete.
    public var maxShrink: RowLimit

    public init(run: String? = nil, maxBad: RowLimit = .ratio(0.01), maxShrink: RowLimit = .ratio(0.01)) {
        self.run = run
        self.maxBad = maxBad
        self.maxShrink = maxShrink
    }
}
