import Workbook

/// Blanks before a text, so that it ends at a column of the terminal (a Chinese character takes two).
func padLeft(_ text: String, _ columns: Int) -> String {
    String(repeating: " ", count: max(0, columns - DisplayWidth.of(text))) + text
}

/// Blanks after a text.
func padRight(_ text: String, _ columns: Int) -> String {
    text + String(repeating: " ", count: max(0, columns - DisplayWidth.of(text)))
}
