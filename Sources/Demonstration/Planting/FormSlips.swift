import CourtModel

/// 报表差错: sets of figures of F01, each sound but for one mistake that people make with a whole form, and the pattern by
/// whose name it is to be explained.
///
/// Each is a file of its own, since a mistake is told from the sheet of the upper court, which can show but one.
struct FormSlips {
    /// The mistakes; their names are those of the patterns.
    enum Slip: String, CaseIterable {
        /// The upper court left a court below out.
        case omittedCourt = "omitted-court"
        /// It added one twice.
        case doubledCourt = "doubled-court"
        /// It exchanged two digits of a figure.
        case swappedDigits = "swapped-digits"
        /// It gave a row in another unit.
        case tenThousand = "ten-thousand"
        /// It handed in the figures of the period before.
        case stale
    }

    /// A file: its name without `.csv`, its lines without the header.
    struct File {
        var name: String
        var lines: [[String?]]
    }

    /// That without a mistake first.
    private(set) var files: [File] = []
    private(set) var truth: [TruthItem] = []

    private typealias Court = SubmittedFigures.Court

    /// - Parameters:
    ///   - now: sound figures of the period, upper courts first; a mistake that they have no room for is not made.
    ///   - before: those of the period before.
    init(
        period: StatisticalPeriod, now: [SubmittedFigures.Court], before: (StatisticalPeriod, [SubmittedFigures.Court])?
    ) {
        let linesBefore = before.map { SubmittedFigures.lines(of: $0.1, in: $0.0) } ?? []
        files = [File(name: "sound", lines: SubmittedFigures.lines(of: now, in: period) + linesBefore)]
        guard let upper = now.first else { return }
        for slip in Slip.allCases {
            var courts = now
            let pointed: String?
            switch slip {
            case .omittedCourt: pointed = Self.addLowerCourt(times: -1, to: &courts)
            case .doubledCourt: pointed = Self.addLowerCourt(times: 1, to: &courts)
            case .swappedDigits: pointed = Self.swapDigits(&courts[0].value) ? "" : nil
            case .tenThousand: pointed = Self.multiplyRow(&courts[0].value) ? "" : nil
            case .stale:
                guard let sheet = before?.1.first?.value, Self.differences(sheet, upper.value) > 1 else { continue }
                courts[0].value = sheet
                pointed = ""
            }
            guard let pointed else { continue }
            files.append(
                File(name: slip.rawValue, lines: SubmittedFigures.lines(of: courts, in: period) + linesBefore))
            truth.append(
                TruthItem(
                    kind: "slip-\(slip.rawValue)", outcome: .explanation, rule: slip.rawValue, court: upper.mark,
                    table: SubmittedFigures.form, key: Self.key(file: slip.rawValue, upper.mark, [pointed])))
        }
    }

    /// How the explanation of a file names what it points at: nobody below when the upper court itself is meant.
    static func key(file: String, _ court: String, _ pointed: [String]) -> String {
        "\(file)|\(court)|\(pointed.joined(separator: "+"))"
    }

    /// Adds one more time, or takes away, a court whose figures are those of no other court; its mark.
    private static func addLowerCourt(times: Int, to courts: inout [Court]) -> String? {
        let lower = courts.dropFirst().filter { court in
            court.value.flatMap(\.counts).count { $0 != 0 } > 1
                && courts.count { $0.value == court.value } == 1
        }
        guard !lower.isEmpty else { return nil }
        // Another one for each province.
        let chosen = lower[lower.startIndex + (courts[0].value[0].carriedOver + times + 1) % lower.count]
        for row in courts[0].value.indices { courts[0].value[row].add(chosen.value[row], times: times) }
        return chosen.mark
    }

    /// Exchanges the last two digits that differ of the first figure where that leaves as many digits.
    private static func swapDigits(_ rows: inout [FigureRow]) -> Bool {
        for row in rows.indices {
            for column in rows[row].counts.indices {
                var digits = Array(String(rows[row].counts[column]))
                let places = digits.indices.dropFirst().reversed()
                guard let place = places.first(where: { digits[$0] != digits[$0 - 1] && digits[$0] != "0" }) else {
                    continue
                }
                digits.swapAt(place, place - 1)
                guard let number = Int(String(digits)) else { continue }
                rows[row].counts[column] = number
                return true
            }
        }
        return false
    }

    private static func multiplyRow(_ rows: inout [FigureRow]) -> Bool {
        rows[0].counts = rows[0].counts.map { $0 * 10_000 }
        return rows[0].counts.contains { $0 != 0 }
    }

    private static func differences(_ one: [FigureRow], _ other: [FigureRow]) -> Int {
        zip(one.flatMap(\.counts), other.flatMap(\.counts)).count { $0 != $1 }
    }
}
