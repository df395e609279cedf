import RuleLanguage

extension CompiledRule {
    /// Whether the share of true among these rows is within the limit of a `share` rule; nil for other rules and where no row
    /// was decided.
    public func shareHolds(isTrue: Int, isFalse: Int) -> Bool? {
        guard case .share(_, let comparison, let limit, let scale) = judgement, isTrue + isFalse > 0 else { return nil }
        let share = Int128(isTrue) * PowerOfTen.value(scale)
        let bound = limit * Int128(isTrue + isFalse)
        return switch comparison {
        case .equal: share == bound
        case .notEqual: share != bound
        case .less: share < bound
        case .lessOrEqual: share <= bound
        case .greater: share > bound
        case .greaterOrEqual: share >= bound
        }
    }
}
