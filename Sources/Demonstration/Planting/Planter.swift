import Columnar
import CourtModel
import Diagnostics

/// A case with all that a vendor's database is to hold of it, and how.
struct PlantedCase {
    var record: CaseRecord
    /// Written twice.
    var isDoubled = false
    /// Cannot be loaded, so that it counts in no form.
    var isQuarantined = false
    /// Rows whose case does not exist.
    var orphanParties: [PartyRecord] = []
    var orphanLimitChanges: [LimitChangeRecord] = []
    var orphanAppeals: [AppealRecord] = []

    init(_ record: CaseRecord) { self.record = record }
}

/// Plants defects into the cases of one court and writes down what each must lead to.
///
/// The consequences are written here by hand, kind by kind; no rule and no engine is asked.
struct Planter {
    let court: CourtRow
    let layout: VendorLayout
    let period: StatisticalPeriod
    private(set) var truth: [TruthItem] = []
    private var plan: [Int: PlantedKind] = [:]
    private var waiting: [PlantedKind] = []
    /// The last case without a defect, by type and year of filing: the one whose number is given again.
    private var lastSound: [String: (id: String, number: String)] = [:]

    /// - Parameter kinds: planted in this order, spread over the cases of the first two thirds of the time; those at
    ///   the period among the last cases.
    init(court: CourtRow, layout: VendorLayout, period: StatisticalPeriod, kinds: [PlantedKind], caseCount: Int) {
        self.court = court
        self.layout = layout
        self.period = period
        let settled = kinds.filter { !$0.isAtPeriod }
        for (index, kind) in settled.enumerated() {
            plan[(2 * index + 1) * (caseCount * 2 / 3) / (2 * settled.count)] = kind
        }
        for (index, kind) in kinds.filter(\.isAtPeriod).enumerated() { plan[caseCount - 1 - index] = kind }
    }

    /// The next case of the inventor, with the defect that is due.
    mutating func next(_ index: Int, from inventor: inout CaseInventor) -> PlantedCase {
        if let kind = plan[index] { waiting.append(kind) }
        guard let kind = waiting.first else { return sound(inventor.next(index, wish: CaseWish())) }
        let record = inventor.next(index, wish: wish(for: kind, start: inventor.firstDay))
        if kind == .numberTwice, sameYearNumber(of: record) == nil { return sound(record) }
        waiting.removeFirst()
        var planted = PlantedCase(record)
        if kind.isAtPeriod {
            plantAtPeriod(kind, &planted)
        } else if kind.rawValue.hasPrefix("boundary-") {
            plantBoundary(kind, &planted, &inventor)
        } else {
            plantCaseDefect(kind, &planted)
            plantRowDefect(kind, &planted, &inventor)
            plantUnloadable(kind, &planted)
        }
        return planted
    }

    private mutating func sound(_ record: CaseRecord) -> PlantedCase {
        if let number = record.number, let filed = record.filed {
            lastSound["\(record.type)\(filed.yearMonthDay.year)"] = (record.id, number)
        }
        return PlantedCase(record)
    }

    private func sameYearNumber(of record: CaseRecord) -> (id: String, number: String)? {
        record.filed.flatMap { lastSound["\(record.type)\($0.yearMonthDay.year)"] }
    }

    // MARK: - What the case must be like

    private func wish(for kind: PlantedKind, start: CivilDate) -> CaseWish {
        var wish = CaseWish(type: "0301", isClosed: true, hasPersonAndCompany: true, extras: .none)
        let year = start.yearMonthDay.year
        switch kind {
        case .numberTwice: wish = CaseWish(isClosed: true, extras: .none)
        case .secondInstanceUpheld: wish.type = "0302"
        case .noParties: wish.type = "1002"
        case .civilLimitTooLong, .civilLimitOfSixMonths: wish.procedure = "1"
        case .civilLimitToMonthEnd:
            wish.procedure = "1"
            // The limit begins on 31 August and ends on the last day of February.
            wish.filed = CivilDate(year: year, month: 8, day: 30)
        case .filedOnLastDayOfYear: wish.filed = CivilDate(year: year, month: 12, day: 31)
        case .filedOnFirstDayOfYear: wish.filed = CivilDate(year: year + 1, month: 1, day: 1)
        case .openWithoutClosing:
            // Not so long before the end that it is open for too long as well.
            wish.filed = period.firstDay.adding(days: -60)
            wish.isClosed = false
        case .longPending:
            wish.filed = firstDayNotLongPending?.adding(days: -1)
            wish.isClosed = false
        case .openForEighteenMonths:
            wish.filed = firstDayNotLongPending
            wish.isClosed = false
        case .limitChangeOrphan, .limitChangeReversed, .limitChangeDaysWrong, .limitChangeOfOneDay:
            wish.extras = .limitChange
        case .appealOrphan, .appealBeforeClosing, .appealOnClosingDay, .secondInstanceMissing: wish.extras = .appeal
        case .closedBeforeFiledAcrossPeriod:
            wish.filed = period.firstDay.adding(days: 4)
            wish.closed = period.firstDay.adding(days: -3)
        case .filedOnFirstDayOfPeriod:
            wish.filed = period.firstDay
            wish.isClosed = false
        case .filedOnLastDayOfPeriod:
            wish.filed = period.lastDay
            wish.isClosed = false
        case .filedOnDayAfterPeriod:
            wish.filed = period.lastDay.adding(days: 1)
            wish.isClosed = false
        case .closedOnFirstDayOfPeriod:
            wish.filed = period.firstDay.adding(days: -40)
            wish.closed = period.firstDay
        case .closedOnLastDayOfPeriod:
            wish.filed = period.firstDay.adding(days: -20)
            wish.closed = period.lastDay
        case .closedOnDayAfterPeriod:
            wish.filed = period.firstDay.adding(days: -20)
            wish.closed = period.lastDay.adding(days: 1)
        default: break
        }
        return wish
    }

    /// The first day of filing from which eighteen months do not end before the period does.
    private var firstDayNotLongPending: CivilDate? {
        guard let day = period.lastDay.adding(months: -18), let reached = day.adding(months: 18) else { return nil }
        return reached < period.lastDay ? day.adding(days: 1) : day
    }

    // MARK: - Notes for the truth file

    private mutating func expect(
        _ kind: PlantedKind, _ outcome: TruthItem.Outcome, _ rule: String, _ table: String, _ key: String,
        severity: Severity = .error, court: String? = nil, note: String = ""
    ) {
        truth.append(
            TruthItem(
                kind: kind.rawValue, outcome: outcome, rule: rule, severity: severity, court: court ?? self.court.mark,
                table: table, key: key, note: note))
    }

    private static func key(_ caseID: String, _ order: Int) -> String { "[\"\(caseID)\",\(order)]" }

    // MARK: - Defects of the case itself

    private mutating func plantCaseDefect(_ kind: PlantedKind, _ planted: inout PlantedCase) {
        let id = planted.record.id
        guard let filed = planted.record.filed, let number = planted.record.number else { return }
        let year = filed.yearMonthDay.year
        func report(_ rule: String, on other: String? = nil, severity: Severity = .error, note: String = "") {
            expect(kind, .finding, rule, "anjian", other ?? id, severity: severity, note: note)
        }
        switch kind {
        case .closedBeforeFiled:
            planted.record.closed = filed.adding(days: -1)
            planted.record.trialDays = -1
            report("case.closed-not-before-filed")
        case .filedBeforeReceived:
            planted.record.received = filed.adding(days: 1)
            report("case.filed-not-before-received")
        case .numberMalformed:
            planted.record.number = String(number.dropFirst(6))
            report("case.number-form")
        case .numberOfOtherCourt:
            planted.record.number = number.replacing(court.mark, with: String(court.mark.prefix(1)) + "9999")
            report("case.number-court")
            report("case.number-court-known", severity: .warning)
        case .numberOfOtherYear:
            planted.record.number = number.replacing("（\(year)）", with: "（\(year - 1)）").replacing("号", with: "9999号")
            report("case.number-year")
        case .numberOfOtherType:
            planted.record.number = number.replacing("民初", with: "民终").replacing("号", with: "9999号")
            report("case.number-type")
        case .numberTwice:
            guard let same = sameYearNumber(of: planted.record) else { return }
            planted.record.number = same.number
            report("case.number-unique", note: "same number as \(same.id)")
            report("case.number-unique", on: same.id, note: "same number as \(id)")
            lastSound["\(planted.record.type)\(year)"] = nil
        case .typeUnknown:
            planted.record.type = CaseRecord.unknownCode
            report("case.type-known")
        case .causeUnknown:
            planted.record.cause = CaseRecord.unknownCode
            report("case.cause-known")
        case .courtUnknown:
            planted.record.court = CaseRecord.unknownCode
            expect(kind, .finding, "case.court-known", "anjian", id, court: layout.unknownCourt)
        case .closingMethodMissing:
            planted.record.closingMethod = nil
            report("case.closing-method-present")
        case .closingDateMissing:
            planted.record.closed = nil
            planted.record.trialDays = nil
            report("case.closing-date-present")
            if let first = firstDayNotLongPending, filed < first { report("case.long-pending", severity: .warning) }
        case .closingMethodUnknown:
            planted.record.closingMethod = CaseRecord.unknownCode
            report("case.closing-method-known")
        case .closingMethodMisfit:
            planted.record.closingMethod = "10"
            report("case.closing-method-fits-type")
        case .limitReversed:
            planted.record.limitEnd = planted.record.limitStart?.adding(days: -1)
            planted.record.limitDays = -1
            report("case.limit-dates-in-order")
        case .limitDaysWrong:
            planted.record.limitDays = planted.record.limitDays.map { $0 + 1 }
            report("case.limit-days")
        case .trialDaysWrong:
            planted.record.trialDays = planted.record.trialDays.map { $0 + 1 }
            report("case.trial-days")
        case .overLimitReasonMissing:
            planted.record.overLimitDays = 1
            planted.record.overLimitReason = nil
            report("case.over-limit-reason")
        case .amountNegative:
            planted.record.claim = Amount(fen: -1)
            report("case.amount-not-negative")
        case .partyCountWrong:
            planted.record.partyCount = planted.record.parties.count + 1
            report("case.party-count")
        case .plaintiffMissing:
            for index in planted.record.parties.indices where planted.record.parties[index].standing == "01" {
                planted.record.parties[index].standing = "03"
            }
            report("case.plaintiff-present")
        case .civilLimitTooLong:
            setCivilLimit(&planted.record, daysBeyondSixMonths: 1)
            report("case.civil-limit")
        case .causeOfOtherFamily:
            planted.record.cause = CaseInventor.causes["02"]?.first ?? ""
            report("case.cause-fits-type")
        case .defendantMissing:
            for index in planted.record.parties.indices where planted.record.parties[index].standing == "02" {
                planted.record.parties[index].standing = "03"
            }
            report("case.defendant-present")
        case .filedTooLate:
            planted.record.received = filed.adding(days: -8)
            report("case.filed-in-time", severity: .warning)
        case .longPending: report("case.long-pending", severity: .warning)
        default: break
        }
    }

    private func setCivilLimit(_ record: inout CaseRecord, daysBeyondSixMonths days: Int) {
        guard let start = record.limitStart, let end = start.adding(months: 6)?.adding(days: days) else { return }
        record.limitEnd = end
        record.limitDays = Int(end.days - start.days)
    }

    // MARK: - Defects of the rows that belong to a case

    private mutating func plantRowDefect(
        _ kind: PlantedKind, _ planted: inout PlantedCase, _ inventor: inout CaseInventor
    ) {
        let id = planted.record.id
        let first = 0
        let last = planted.record.parties.count - 1
        guard last > first, let filed = planted.record.filed else { return }
        switch kind {
        case .partyOrphan:
            var orphan = planted.record.parties[first]
            orphan.caseID = inventor.identifierOfNoCase()
            planted.orphanParties.append(orphan)
            expect(kind, .finding, "party.case-exists", "dangshiren", Self.key(orphan.caseID, 1), court: "")
        case .idCardInvalid:
            planted.record.parties[first].idNumber = IdentityNumbers.withWrongCheck(
                planted.record.parties[first].idNumber)
            expect(kind, .finding, "party.id-card-valid", "dangshiren", Self.key(id, 1))
        case .creditCodeInvalid:
            planted.record.parties[last].idNumber = IdentityNumbers.withWrongCreditCheck(
                planted.record.parties[last].idNumber)
            expect(kind, .finding, "party.uscc-valid", "dangshiren", Self.key(id, last + 1))
        case .bornOnFilingDay:
            inventor.setBirth(filed, of: &planted.record.parties[first])
            expect(kind, .finding, "party.birth-before-filing", "dangshiren", Self.key(id, 1))
        case .birthDiffersFromIDCard:
            planted.record.parties[first].born = planted.record.parties[first].born?.adding(days: 1)
            expect(kind, .finding, "party.birth-matches-id-card", "dangshiren", Self.key(id, 1))
        case .sexDiffersFromIDCard:
            planted.record.parties[first].sex = planted.record.parties[first].sex == "1" ? "2" : "1"
            expect(kind, .finding, "party.sex-matches-id-card", "dangshiren", Self.key(id, 1), severity: .warning)
        case .partyNameMissing:
            planted.record.parties[first].name = nil
            expect(kind, .finding, "party.name-present", "dangshiren", Self.key(id, 1))
        case .partyNameTooLong:
            planted.record.parties[last].name = String(repeating: "甲", count: 101)
            expect(kind, .quarantine, "type.dangshiren.xm", "dangshiren", Self.key(id, last + 1))
            expect(kind, .finding, "case.party-count", "anjian", id, note: "one party is not loaded")
            if !planted.record.parties[..<last].contains(where: { $0.standing == "02" }) {
                expect(kind, .finding, "case.defendant-present", "anjian", id, note: "the defendant is not loaded")
            }
        case .limitChangeOrphan:
            var orphan = planted.record.limitChanges[0]
            orphan.caseID = inventor.identifierOfNoCase()
            planted.orphanLimitChanges.append(orphan)
            expect(
                kind, .finding, "limit-change.case-exists", "shenxianbiangeng", Self.key(orphan.caseID, 1), court: "")
        case .limitChangeReversed:
            planted.record.limitChanges[0].end = planted.record.limitChanges[0].start.adding(days: -1)
            planted.record.limitChanges[0].days = 0
            expect(kind, .finding, "limit-change.dates-in-order", "shenxianbiangeng", Self.key(id, 1))
        case .limitChangeDaysWrong:
            planted.record.limitChanges[0].days += 1
            expect(kind, .finding, "limit-change.days", "shenxianbiangeng", Self.key(id, 1))
        case .appealOrphan:
            var orphan = planted.record.appeals[0]
            orphan.caseID = inventor.identifierOfNoCase()
            planted.orphanAppeals.append(orphan)
            expect(kind, .finding, "appeal.case-exists", "shangsukangsu", Self.key(orphan.caseID, 1), court: "")
        case .appealBeforeClosing:
            guard let closed = planted.record.closed else { return }
            planted.record.appeals[0].raised = closed.adding(days: -1)
            expect(kind, .finding, "appeal.after-closing", "shangsukangsu", Self.key(id, 1))
        case .secondInstanceMissing:
            // No court gives out so high a number.
            planted.record.appeals[0].secondNumber = "（\(filed.yearMonthDay.year)）\(court.mark)民终999999号"
            expect(
                kind, .finding, "appeal.second-number-exists", "shangsukangsu", Self.key(id, 1), severity: .warning)
        default: break
        }
    }

    // MARK: - What cannot be loaded

    private mutating func plantUnloadable(_ kind: PlantedKind, _ planted: inout PlantedCase) {
        let id = planted.record.id
        let rule: String
        switch kind {
        case .receivedDateImpossible:
            planted.record.impossibleDate = .received
            rule = "type.anjian.sdszrq"
        case .filingDateImpossible:
            planted.record.impossibleDate = .filed
            rule = "type.anjian.larq"
        case .closingDateImpossible:
            planted.record.impossibleDate = .closed
            rule = "type.anjian.jarq"
        case .judgeTooLong:
            planted.record.judge = String(repeating: "甲", count: 51)
            rule = "type.anjian.cbr"
        case .amountTooBig:
            planted.record.claim = Amount(fen: 1_000_000_000_000_000_000)
            rule = "type.anjian.qsbdje"
        case .amountTooFine:
            planted.record.claim?.furtherDigits = "1"
            rule = "type.anjian.qsbdje"
        case .numberMissing:
            planted.record.number = nil
            rule = "required.anjian.ah"
        case .filingDateMissing:
            planted.record.filed = nil
            rule = "required.anjian.larq"
        case .keyTwice:
            planted.isDoubled = true
            expect(kind, .superseded, "", "anjian", id)
            return
        default: return
        }
        planted.isQuarantined = true
        expect(kind, .quarantine, rule, "anjian", id)
        // Its rows are loaded, and belong to no case then.
        for party in planted.record.parties {
            expect(kind, .finding, "party.case-exists", "dangshiren", Self.key(id, party.order), court: "")
        }
    }

    // MARK: - Boundaries

    private mutating func plantBoundary(
        _ kind: PlantedKind, _ planted: inout PlantedCase, _ inventor: inout CaseInventor
    ) {
        let id = planted.record.id
        let last = planted.record.parties.count - 1
        guard let filed = planted.record.filed, let number = planted.record.number else { return }
        func keep(_ rule: String, _ table: String = "anjian", _ key: String? = nil) {
            expect(kind, .boundary, rule, table, key ?? id)
        }
        switch kind {
        case .closedOnFilingDay:
            planted.record.closed = filed
            planted.record.trialDays = 0
            keep("case.closed-not-before-filed")
        case .receivedOnFilingDay:
            planted.record.received = filed
            keep("case.filed-not-before-received")
        case .numberInHalfWidthBrackets:
            planted.record.number = number.replacing("（", with: "(").replacing("）", with: ")")
            keep("case.number-form")
        case .numberWithSpecialMark:
            planted.record.number = number.replacing("民初", with: "知民初")
            keep("case.number-type")
        case .numberWithSuffix:
            planted.record.number = number + "之一"
            keep("case.number-form")
        case .filedOnLastDayOfYear, .filedOnFirstDayOfYear: keep("case.number-year")
        case .secondInstanceUpheld:
            planted.record.closingMethod = "10"
            keep("case.closing-method-fits-type")
        case .openWithoutClosing: keep("case.closing-method-present")
        case .limitOfNoDays:
            planted.record.limitEnd = planted.record.limitStart
            planted.record.limitDays = 0
            keep("case.limit-dates-in-order")
        case .overLimitOfNoDays:
            planted.record.overLimitDays = 0
            planted.record.overLimitReason = nil
            keep("case.over-limit-reason")
        case .amountZero:
            planted.record.claim = Amount(fen: 0)
            keep("case.amount-not-negative")
        case .amountAtLimit:
            planted.record.claim = Amount(fen: 999_999_999_999_999_999)
            keep("type.anjian.qsbdje")
        case .amountWithTrailingZeros:
            planted.record.claim?.furtherDigits = "00"
            keep("type.anjian.qsbdje")
        case .judgeAtLimit:
            planted.record.judge = String(repeating: "甲", count: 50)
            keep("type.anjian.cbr")
        case .noParties:
            planted.record.parties = []
            planted.record.partyCount = 0
            keep("case.party-count")
        case .onePlaintiff: keep("case.plaintiff-present")
        case .civilLimitOfSixMonths, .civilLimitToMonthEnd:
            setCivilLimit(&planted.record, daysBeyondSixMonths: 0)
            keep("case.civil-limit")
        case .filedOnSeventhDay:
            planted.record.received = filed.adding(days: -7)
            keep("case.filed-in-time")
        case .openForEighteenMonths: keep("case.long-pending")
        case .idCardWithX:
            planted.record.parties.append(
                inventor.party(of: planted.record, standing: "02", isPerson: true, checkDigit: "X"))
            planted.record.partyCount = planted.record.parties.count
            keep("party.id-card-valid", "dangshiren", Self.key(id, last + 2))
        case .bornDayBeforeFiling:
            inventor.setBirth(filed.adding(days: -1), of: &planted.record.parties[0])
            keep("party.birth-before-filing", "dangshiren", Self.key(id, 1))
        case .partyNameAtLimit:
            planted.record.parties[last].name = String(repeating: "甲", count: 100)
            keep("type.dangshiren.xm", "dangshiren", Self.key(id, last + 1))
        case .limitChangeOfOneDay:
            planted.record.limitChanges[0].end = planted.record.limitChanges[0].start
            planted.record.limitChanges[0].days = 1
            keep("limit-change.dates-in-order", "shenxianbiangeng", Self.key(id, 1))
        case .appealOnClosingDay:
            guard let closed = planted.record.closed else { return }
            planted.record.appeals[0].raised = closed
            keep("appeal.after-closing", "shangsukangsu", Self.key(id, 1))
        default: break
        }
    }

    private mutating func plantAtPeriod(_ kind: PlantedKind, _ planted: inout PlantedCase) {
        let id = planted.record.id
        if kind == .closedBeforeFiledAcrossPeriod {
            // What it does to the form is found by counting the forms, see `ReportedFigures`.
            expect(kind, .finding, "case.closed-not-before-filed", "anjian", id)
        } else {
            expect(kind, .boundary, "F01.balance", "anjian", id)
        }
    }
}
