/// What an engine is known to get wrong: the generator keeps away from it, so that what is new is seen, and a test
/// holds the smallest case until it is mended. When the list is empty nothing is spared.
public enum KnownDisagreement: CaseIterable, Sendable {
    /// Two codes of a tree that are canonically equivalent ('é' and 'e' with a combining accent) are taken for one.
    case equivalentCodes
    /// The sum of decimals is lost when a part of it needs more than 38 digits, even if the whole does not.
    case partialSums
    /// `when` of a rule on groups is judged with all related rows first, instead of the rule with each.
    case groupsOverSeveralRows
}
