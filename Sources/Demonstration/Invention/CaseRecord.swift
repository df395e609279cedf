import Columnar

/// A case (案件) as a court's clerk would know it, before a vendor's database holds it in its own way.
///
/// Codes are those of the standard; `CaseRecord.unknownCode` stands for a code that no list and no translation has.
struct CaseRecord {
    static let unknownCode = "?"

    var id: String
    /// 案号.
    var number: String?
    /// 法院代字.
    var court: String
    /// 案件类型.
    var type: String
    var source: String
    var received: CivilDate?
    var filed: CivilDate?
    var cause: String
    var procedure: String?
    var division: String
    var judge: String
    var limitStart: CivilDate?
    var limitEnd: CivilDate?
    var limitDays: Int?
    var trialDays: Int?
    var overLimitDays: Int?
    var overLimitReason: String?
    var closed: CivilDate?
    var closingMethod: String?
    var closingCause: String?
    var claim: Amount?
    var settled: Amount?
    var effective: CivilDate?
    var partyCount: Int?
    var updated: Moment
    /// A date that is written as a day which does not exist.
    var impossibleDate: ImpossibleDate?
    var parties: [PartyRecord] = []
    var limitChanges: [LimitChangeRecord] = []
    var appeals: [AppealRecord] = []

    enum ImpossibleDate { case received, filed, closed }
}

/// 当事人.
struct PartyRecord {
    var caseID: String
    var order: Int
    var name: String?
    var kind: String
    /// 诉讼地位.
    var standing: String
    var idKind: String
    var idNumber: String
    var born: CivilDate?
    var sex: String?
    var phone: String
    var address: String
    var updated: Moment
}

/// 审限变更.
struct LimitChangeRecord {
    var caseID: String
    var order: Int
    var kind: String
    var reason: String
    var start: CivilDate
    var end: CivilDate
    var days: Int
    var approved: CivilDate
    var updated: Moment
}

/// 上诉抗诉.
struct AppealRecord {
    var caseID: String
    var order: Int
    var kind: String
    var raised: CivilDate
    var person: String
    var transferred: CivilDate?
    var secondNumber: String?
    var updated: Moment
}

/// A second instance (二审) that an upper court filed.
struct SecondInstance {
    var number: String
    var filed: CivilDate
}

/// Yuan as whole fen, with what a database may carry beyond them.
struct Amount {
    var fen: Int64
    /// Digits after the second decimal, where the vendor's column can hold them.
    var furtherDigits = ""

    var text: String {
        let magnitude = fen.magnitude
        let cents = IdentityNumbers.padded(Int(magnitude % 100), 2)
        return (fen < 0 ? "-" : "") + "\(magnitude / 100).\(cents)" + furtherDigits
    }
}

/// A day and the second in it, without a zone.
struct Moment {
    var day: CivilDate
    var second: Int

    var text: String {
        let clock = [second / 3600, second / 60 % 60, second % 60].map { IdentityNumbers.padded($0, 2) }
        return "\(day) " + clock.joined(separator: ":")
    }

    /// Seconds since 1970 for a clock that shows the time of China.
    var unixSeconds: Int64 { Int64(day.days) * 86_400 + Int64(second) - 8 * 3600 }
}
