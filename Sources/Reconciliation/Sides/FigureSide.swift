/// 三方: who says what a cell of a form is.
public enum FigureSide: String, Sendable, Hashable, CaseIterable {
    /// 报送数: the court submitted it.
    case submitted
    /// 计算数: the standard library yields it.
    case computed
    /// 公布数: the upper court published it.
    case published
}
