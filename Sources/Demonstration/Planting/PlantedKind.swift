/// Every kind of defect, and of case exactly on a boundary, that the demonstration plants.
///
/// The names are those of `kind` in the truth file.
enum PlantedKind: String, CaseIterable {
    // Defects of a case that a rule on 案件 reports.
    case closedBeforeFiled = "closed-before-filed"
    case filedBeforeReceived = "filed-before-received"
    case numberMalformed = "number-malformed"
    case numberOfOtherCourt = "number-of-other-court"
    case numberOfOtherYear = "number-of-other-year"
    case numberOfOtherType = "number-of-other-type"
    case numberTwice = "number-twice"
    case typeUnknown = "type-unknown"
    case causeUnknown = "cause-unknown"
    case courtUnknown = "court-unknown"
    case closingMethodMissing = "closing-method-missing"
    case closingDateMissing = "closing-date-missing"
    case closingMethodUnknown = "closing-method-unknown"
    case closingMethodMisfit = "closing-method-misfit"
    case limitReversed = "limit-reversed"
    case limitDaysWrong = "limit-days-wrong"
    case trialDaysWrong = "trial-days-wrong"
    case overLimitReasonMissing = "over-limit-reason-missing"
    case amountNegative = "amount-negative"
    case partyCountWrong = "party-count-wrong"
    case plaintiffMissing = "plaintiff-missing"
    case civilLimitTooLong = "civil-limit-too-long"
    case causeOfOtherFamily = "cause-of-other-family"
    case defendantMissing = "defendant-missing"
    case filedTooLate = "filed-too-late"
    case longPending = "long-pending"

    // Defects of rows that belong to a case.
    case partyOrphan = "party-orphan"
    case idCardInvalid = "id-card-invalid"
    case creditCodeInvalid = "credit-code-invalid"
    case bornOnFilingDay = "born-on-filing-day"
    case birthDiffersFromIDCard = "birth-differs-from-id-card"
    case sexDiffersFromIDCard = "sex-differs-from-id-card"
    case partyNameMissing = "party-name-missing"
    case limitChangeOrphan = "limit-change-orphan"
    case limitChangeReversed = "limit-change-reversed"
    case limitChangeDaysWrong = "limit-change-days-wrong"
    case appealOrphan = "appeal-orphan"
    case appealBeforeClosing = "appeal-before-closing"
    case secondInstanceMissing = "second-instance-missing"

    // What cannot be loaded.
    case receivedDateImpossible = "received-date-impossible"
    case filingDateImpossible = "filing-date-impossible"
    case closingDateImpossible = "closing-date-impossible"
    case judgeTooLong = "judge-too-long"
    case amountTooBig = "amount-too-big"
    case amountTooFine = "amount-too-fine"
    case numberMissing = "number-missing"
    case filingDateMissing = "filing-date-missing"
    case partyNameTooLong = "party-name-too-long"
    case keyTwice = "key-twice"

    // Exactly on the boundary: none of these may be reported.
    case closedOnFilingDay = "boundary-closed-on-filing-day"
    case receivedOnFilingDay = "boundary-received-on-filing-day"
    case numberInHalfWidthBrackets = "boundary-number-in-half-width-brackets"
    case numberWithSpecialMark = "boundary-number-with-special-mark"
    case numberWithSuffix = "boundary-number-with-suffix"
    case filedOnLastDayOfYear = "boundary-filed-on-last-day-of-year"
    case filedOnFirstDayOfYear = "boundary-filed-on-first-day-of-year"
    case secondInstanceUpheld = "boundary-second-instance-upheld"
    case openWithoutClosing = "boundary-open-without-closing"
    case limitOfNoDays = "boundary-limit-of-no-days"
    case overLimitOfNoDays = "boundary-over-limit-of-no-days"
    case amountZero = "boundary-amount-zero"
    case amountAtLimit = "boundary-amount-at-limit"
    case amountWithTrailingZeros = "boundary-amount-with-trailing-zeros"
    case judgeAtLimit = "boundary-judge-at-limit"
    case noParties = "boundary-no-parties"
    case onePlaintiff = "boundary-one-plaintiff"
    case civilLimitOfSixMonths = "boundary-civil-limit-of-six-months"
    case civilLimitToMonthEnd = "boundary-civil-limit-to-month-end"
    case filedOnSeventhDay = "boundary-filed-on-seventh-day"
    case openForEighteenMonths = "boundary-open-for-eighteen-months"
    case idCardWithX = "boundary-id-card-with-x"
    case bornDayBeforeFiling = "boundary-born-day-before-filing"
    case partyNameAtLimit = "boundary-party-name-at-limit"
    case limitChangeOfOneDay = "boundary-limit-change-of-one-day"
    case appealOnClosingDay = "boundary-appeal-on-closing-day"

    // On the edges of the statistical period.
    case closedBeforeFiledAcrossPeriod = "closed-before-filed-across-period"
    case filedOnFirstDayOfPeriod = "boundary-filed-on-first-day-of-period"
    case filedOnLastDayOfPeriod = "boundary-filed-on-last-day-of-period"
    case filedOnDayAfterPeriod = "boundary-filed-on-day-after-period"
    case closedOnFirstDayOfPeriod = "boundary-closed-on-first-day-of-period"
    case closedOnLastDayOfPeriod = "boundary-closed-on-last-day-of-period"
    case closedOnDayAfterPeriod = "boundary-closed-on-day-after-period"

    /// Whether its dates lie at the period; all others are closed long before and move no figure.
    var isAtPeriod: Bool {
        switch self {
        case .closedBeforeFiledAcrossPeriod, .filedOnFirstDayOfPeriod, .filedOnLastDayOfPeriod,
            .filedOnDayAfterPeriod, .closedOnFirstDayOfPeriod, .closedOnLastDayOfPeriod, .closedOnDayAfterPeriod:
            true
        default: false
        }
    }

    /// Whether the layout's columns can hold it at all.
    func isPossible(in layout: VendorLayout) -> Bool {
        switch self {
        case .receivedDateImpossible, .amountTooFine, .amountWithTrailingZeros: layout == .postgres
        case .filingDateImpossible, .closingDateImpossible: layout == .sqlite
        default: true
        }
    }
}
