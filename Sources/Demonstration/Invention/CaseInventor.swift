import Columnar

/// What a case must be like, so that a certain defect can be planted in it; nil leaves it to chance.
struct CaseWish {
    var type: String?
    var procedure: String?
    var filed: CivilDate?
    var closed: CivilDate?
    /// True: closed within four months; false: still open.
    var isClosed: Bool?
    /// A natural person with an identity card among the parties, the first; and an enterprise, the last.
    var hasPersonAndCompany = false
    var extras = Extras.byChance

    enum Extras { case byChance, none, limitChange, appeal }
}

/// Invents the cases of one court, one after the other by filing date, all of them in order.
///
/// Knows nothing of rules: what it makes is what a careful clerk would enter.
struct CaseInventor {
    let court: CourtRow
    let firstDay: CivilDate
    let lastDay: CivilDate
    let caseCount: Int
    /// The second instances of the upper court, by case type: what an appeal of this court may have become.
    let secondInstances: [String: [SecondInstance]]
    private var random: RandomSource
    /// The last number given out, by type and year.
    private var lastNumbers: [String: Int] = [:]
    private let types: [(String, Int)]

    init(
        court: CourtRow, isUpper: Bool, firstDay: CivilDate, lastDay: CivilDate, caseCount: Int,
        secondInstances: [String: [SecondInstance]], random: RandomSource
    ) {
        self.court = court
        self.secondInstances = secondInstances
        self.firstDay = firstDay
        self.lastDay = lastDay
        self.caseCount = caseCount
        self.random = random
        types =
            isUpper
            ? [("0302", 48), ("0202", 18), ("0402", 8), ("0301", 8), ("0201", 3), ("0401", 5), ("1002", 10)]
            : [("0301", 60), ("0201", 15), ("0401", 4), ("1002", 21)]
    }

    static let marks = [
        "0201": "刑初", "0202": "刑终", "0301": "民初", "0302": "民终", "0401": "行初", "0402": "行终", "1002": "执",
    ]
    static let causes = [
        "02": ["126401", "123401", "113302", "126601", "113301", "129301", "130302"],
        "03": [
            "9014", "910303", "910301", "9084", "9374", "9121", "911102", "911503", "9001", "9186", "9029", "902201",
        ],
        "04": ["60101", "6010103", "60107"],
    ]
    static let closingMethods: [String: [(String, Int)]] = [
        "0201": [("01", 96), ("07", 4)],
        "0301": [("01", 48), ("02", 27), ("03", 15), ("04", 5), ("05", 5)],
        "0401": [("01", 65), ("03", 20), ("05", 15)],
        "0202": [("10", 75), ("11", 17), ("12", 8)],
        "0302": [("10", 60), ("11", 15), ("12", 6), ("02", 10), ("03", 9)],
        "0402": [("10", 75), ("11", 15), ("12", 10)],
        "1002": [("13", 45), ("14", 45), ("15", 10)],
    ]

    /// The case at this place in the order of filing.
    mutating func next(_ index: Int, wish: CaseWish) -> CaseRecord {
        let span = Int(lastDay.days - firstDay.days) + 1
        let filed = wish.filed ?? firstDay.adding(days: index * span / max(1, caseCount))
        let type = wish.type ?? random.weighted(types)
        let year = filed.yearMonthDay.year
        let serial = lastNumbers["\(type)\(year)", default: 0] + 1
        lastNumbers["\(type)\(year)"] = serial
        var record = CaseRecord(
            id: identifier(year: year, type: type, serial: serial),
            number: "（\(year)）\(court.mark)\(Self.marks[type] ?? "")\(serial)号", court: court.mark, type: type,
            source: type.hasSuffix("02") && type != "1002" ? "2" : type == "1002" ? "6" : "1",
            received: filed.adding(days: -random.below(8)), filed: filed, cause: "", procedure: nil,
            division: "", judge: InventedNames.person(&random), updated: Moment(day: filed, second: 0))
        fillMatter(&record, wish)
        fillLimit(&record, from: filed)
        if let closed = closingDay(wish, filed: filed) { close(&record, filed: filed, on: closed) }
        record.updated = Moment(
            day: max(filed, record.closed ?? filed), second: 8 * 3600 + random.below(10 * 3600))
        addParties(&record, wish)
        switch wish.extras {
        case .none: break
        case .limitChange: addLimitChange(&record, filed: filed)
        case .appeal:
            record.closingMethod = "01"
            addAppeal(&record)
        case .byChance:
            if random.chance(8) { addLimitChange(&record, filed: filed) }
            if record.closingMethod == "01", random.chance(12) { addAppeal(&record) }
        }
        return record
    }

    /// An 案件标识 that no case has.
    mutating func identifierOfNoCase() -> String {
        "9" + identifier(year: 1900, type: "0000", serial: random.below(1_000_000)).dropFirst()
    }

    mutating func party(of record: CaseRecord, standing: String, isPerson: Bool, checkDigit: Character? = nil)
        -> PartyRecord
    {
        person(record, order: record.parties.count + 1, standing: standing, isPerson: isPerson, checkDigit: checkDigit)
    }

    /// A person as the first party, born on that day.
    mutating func setBirth(_ born: CivilDate, of party: inout PartyRecord) {
        party.born = born
        party.idNumber = IdentityNumbers.idCard(born: born, isMale: party.sex == "1", random: &random)
    }

    // MARK: - The parts of a case

    private func identifier(year: Int, type: String, serial: Int) -> String {
        let digits = court.mark.filter { $0.isASCII && $0.isNumber }
        let courtDigits = digits + String(repeating: "0", count: max(0, 4 - digits.count))
        return courtDigits + IdentityNumbers.padded(year, 4) + type + IdentityNumbers.padded(serial, 6)
    }

    private mutating func fillMatter(_ record: inout CaseRecord, _ wish: CaseWish) {
        let family = record.type == "1002" ? "03" : String(record.type.prefix(2))
        record.cause = random.one(of: Self.causes[family] ?? [])
        switch record.type {
        case "0301": record.procedure = random.weighted([("1", 30), ("2", 50), ("3", 12), ("4", 8)])
        case "0201": record.procedure = random.weighted([("1", 45), ("2", 35), ("4", 20)])
        case "0401": record.procedure = random.weighted([("1", 70), ("2", 30)])
        case "1002": record.procedure = nil
        default: record.procedure = "1"
        }
        if let procedure = wish.procedure { record.procedure = procedure }
        let room = ["02": "刑事审判庭", "03": "民事审判庭", "04": "行政审判庭"]
        record.division = record.type == "1002" ? "执行局" : room[family] ?? ""
        if family == "03" { record.claim = Amount(fen: Int64(random.between(100_000...90_000_000))) }
    }

    /// Statutory limits: civil ordinary procedure six months, simplified three, small claims two; criminal three months,
    /// simplified 20 days, fast track 10; …
    private func fillLimit(_ record: inout CaseRecord, from filed: CivilDate) {
        let (months, days) =
            switch (record.type, record.procedure) {
            case ("0301", "1"), ("0401", "1"), ("1002", _): (6, 0)
            case ("0301", "3"), ("0301", "4"), ("0202", _): (2, 0)
            case ("0401", "2"): (0, 45)
            case ("0201", "2"): (0, 20)
            case ("0201", "4"): (0, 10)
            default: (3, 0)
            }
        // The limit runs from the day after filing.
        let start = filed.adding(days: 1)
        record.limitStart = start
        record.limitEnd = start.adding(months: months)?.adding(days: days)
        record.limitDays = record.limitEnd.map { Int($0.days - start.days) }
    }

    private mutating func closingDay(_ wish: CaseWish, filed: CivilDate) -> CivilDate? {
        // The same draws whatever is wished, so that a wish changes as little as possible.
        let duration = random.chance(80) ? random.between(8...120) : random.between(60...320)
        // A careful clerk's court leaves no case open for years.
        let isLeftOpen = random.chance(3) && (filed.adding(months: 17) ?? filed) > lastDay
        if let closed = wish.closed { return closed }
        if let isClosed = wish.isClosed { return isClosed ? filed.adding(days: 8 + duration % 112) : nil }
        let closed = filed.adding(days: duration)
        return isLeftOpen || closed > lastDay ? nil : closed
    }

    private mutating func close(_ record: inout CaseRecord, filed: CivilDate, on closed: CivilDate) {
        record.closed = closed
        record.closingMethod = random.weighted(Self.closingMethods[record.type] ?? [("99", 1)])
        record.closingCause = record.cause
        record.trialDays = Int(closed.days - filed.days)
        let over = record.limitEnd.map { max(0, Int(closed.days - $0.days)) } ?? 0
        record.overLimitDays = over
        record.overLimitReason = over > 0 ? random.one(of: ["1", "2", "3", "9"]) : nil
        record.effective = closed.adding(days: 15)
        record.settled = record.claim.map { Amount(fen: $0.fen / 10 * Int64(random.between(0...10))) }
    }

    private mutating func addParties(_ record: inout CaseRecord, _ wish: CaseWish) {
        var standings: [String]
        switch record.type {
        case "0201": standings = ["06"]
        case "0202", "0302", "0402": standings = ["04", "05"]
        case "1002": standings = ["07", "08"]
        default: standings = ["01", "02"]
        }
        if random.chance(15) { standings.append(standings[standings.count - 1]) }
        if record.type == "0301", random.chance(6) { standings.append("03") }
        for (index, standing) in standings.enumerated() {
            var isPerson = random.chance(record.type.hasPrefix("02") ? 100 : 72)
            if wish.hasPersonAndCompany, index == 0 { isPerson = true }
            if wish.hasPersonAndCompany, index == standings.count - 1, index > 0 { isPerson = false }
            record.parties.append(person(record, order: index + 1, standing: standing, isPerson: isPerson))
        }
        record.partyCount = record.parties.count
    }

    private mutating func person(
        _ record: CaseRecord, order: Int, standing: String, isPerson: Bool, checkDigit: Character? = nil
    ) -> PartyRecord {
        var party = PartyRecord(
            caseID: record.id, order: order, name: nil, kind: isPerson ? "1" : "2", standing: standing,
            idKind: isPerson ? "01" : "02", idNumber: "", phone: InventedNames.phone(&random),
            address: InventedNames.address(&random), updated: record.updated)
        if isPerson {
            let isMale = random.chance(55)
            // Between about 19 and 72 years old.
            let born = CivilDate(days: record.updated.day.days - Int32(random.between(7_000...26_000)))
            party.name = InventedNames.person(&random)
            party.born = born
            party.sex = isMale ? "1" : "2"
            party.idNumber = IdentityNumbers.idCard(
                born: born, isMale: isMale, random: &random, wantedCheck: checkDigit)
        } else {
            party.name = InventedNames.company(&random)
            party.idNumber = IdentityNumbers.creditCode(random: &random)
        }
        return party
    }

    private mutating func addLimitChange(_ record: inout CaseRecord, filed: CivilDate) {
        let start = filed.adding(days: random.between(20...60))
        let kind = random.one(of: ["1", "2", "3"])
        // The simplified procedure is extended by at most a month.
        let days = random.between(5...(kind == "1" ? 28 : 45))
        record.limitChanges.append(
            LimitChangeRecord(
                caseID: record.id, order: record.limitChanges.count + 1, kind: kind,
                reason: random.one(of: ["委托鉴定", "公告送达", "案情复杂"]), start: start,
                end: start.adding(days: days - 1), days: days, approved: start, updated: record.updated))
    }

    private mutating func addAppeal(_ record: inout CaseRecord) {
        guard let closed = record.closed else { return }
        let raised = closed.adding(days: random.between(1...15))
        let isTransferred = random.chance(70)
        let transferred = isTransferred ? raised.adding(days: random.between(5...20)) : nil
        let second = transferred.flatMap { day in
            secondInstances[String(record.type.prefix(2)) + "02"]?.filter { $0.filed >= day }
        }
        record.appeals.append(
            AppealRecord(
                caseID: record.id, order: 1, kind: record.type == "0201" && random.chance(8) ? "2" : "1",
                raised: raised, person: InventedNames.person(&random),
                transferred: transferred,
                // Those that follow soonest; none when the upper court is not among the courts, or has not filed it yet.
                secondNumber: second.flatMap { $0.isEmpty ? nil : random.one(of: Array($0.prefix(5))).number },
                updated: Moment(day: raised, second: record.updated.second)))
    }
}
