import CourtModel
import Diagnostics
import FormEngine
import Schema

/// Takes files of figures as they come: finds their layout, and which form, court and period they are of.
struct FormIntake {
    let schema: StandardSchema
    let period: StatisticalPeriod
    /// As asked for; nil when what a page says above its table counts.
    let form: String?
    let court: String?
    var submitted: SubmittedForms

    /// Takes the rows of a file or a sheet. An empty one, and a page that compares with last year, bring nothing.
    mutating func read(_ lines: SubmittedForms.Lines, from origin: SubmittedForms.Origin) {
        guard let first = lines.first else { return }
        if first.cells.contains(where: { $0.text == "form" }) {
            return submitted.readLong(lines, from: origin, period: period.label)
        }
        let labels = FormLabels(lines)
        guard !labels.isComparison else { return }
        func tell(_ label: FormLabels.Label?, _ en: String, _ zh: String) {
            submitted.tellLabel(
                origin, label?.line ?? first.line, label?.column, LocalizedText(en: en, zh: zh))
        }
        let named = labels.form.flatMap { schema.form($0.text) } ?? labels.title.flatMap { schema.form($0.text) }
        let asked = form.flatMap { schema.form($0) }
        guard let definition = asked ?? named else {
            return tell(
                labels.form ?? labels.title,
                "it does not say which form it is; give --form", "没有写明是哪张报表；请给出 --form")
        }
        if let named, named.name != definition.name {
            return tell(
                labels.form ?? labels.title, "this is form \(named.name), not \(definition.name)",
                "这是报表\(named.name)，不是\(definition.name)")
        }
        if let label = labels.period, label.text != period.label,
            label.text != FormDocument.title(ofPeriod: period.label)
        {
            return tell(
                label, "the figures are of '\(label.text)', not of \(period.label)",
                "数字属于“\(label.text)”，不属于 \(period.label)")
        }
        let found = labels.court.map { schema.courts(called: $0.text) } ?? []
        if let label = labels.court, let court, !found.contains(court) {
            return tell(
                label, "the figures are of '\(label.text)', not of \(court)", "数字属于“\(label.text)”，不属于 \(court)")
        }
        guard let chosen = court ?? (found.count == 1 ? found.first : nil) else {
            return tell(
                labels.court,
                labels.court.map { "no court, or more than one, is called '\($0.text)'; give --court" }
                    ?? "it does not say whose figures they are; give --court",
                labels.court.map { "没有或不止一个法院名为“\($0.text)”；请给出 --court" } ?? "没有写明是哪个法院；请给出 --court")
        }
        submitted.readGrid(lines, from: origin, form: definition, court: chosen, period: period.label)
    }
}

extension StandardSchema {
    /// Codes of the courts with that name or code.
    fileprivate func courts(called text: String) -> Set<String> {
        guard let hierarchy = hierarchies["court"] ?? hierarchies.values.first, let list = codelist(hierarchy.codelist)
        else { return [text] }
        let name = list.nameIndex
        return Set(
            list.entries.filter { entry in entry.code == text || name.map { entry.values[$0] == text } ?? false }
                .map(\.code))
    }
}
