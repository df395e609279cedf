import Columnar
import Diagnostics
import RuleLanguage
import Schema

/// 核查规则: rules documents of all directories, with their defaults, lets and overlays.
///
/// Expressions stay text. What is checked here are shapes, words, and the names of tables, columns and forms that stand
/// outside expressions.
struct RulesReader {
    let schema: StandardSchema
    /// Tables and forms that could not be read, so that they are not told twice.
    let broken: Set<String>
    let log: DiagnosticLog

    private static let bodyKeys = ["check", "unique", "depends", "share", "rollup"]
    private static let defaultKeys = [
        "on", "table", "form", "when", "severity", "action", "effective", "cite", "null", "blank", "absent",
        "tolerance", "figures", "tags", "provisional", "along", "own",
    ]
    static let ruleKeys =
        ["id", "title", "message", "examples", "except", "disabled", "reason"] + bodyKeys + defaultKeys

    func ruleSet(_ documents: [WrittenObject]) -> RuleSet {
        var set = RuleSet()
        var positions: [String: (index: Int, layer: Int)] = [:]
        /// Rules that were not understood, so that an overlay of theirs is not called unknown.
        var unreadable = log.lostNames
        var patches: [(Fields, String, WrittenObject)] = []
        for document in documents {
            var items = document.node.sequence ?? []
            var defaults: Fields?
            var whole: Fields?
            if document.node.mapping != nil {
                let what = LocalizedText(en: "a rules document", zh: "规则文档")
                guard let fields = Fields(document.node, what, known: ["defaults", "let", "rules"], log: log) else {
                    continue
                }
                whole = fields
                defaults = fields.value("defaults").flatMap {
                    Fields($0, fields.name("defaults"), known: Self.defaultKeys, log: log)
                }
                if let defaults { check(defaults: defaults) }
                if !lets(fields, document, into: &set) { set.filesLackingLets.insert(document.file) }
                items = fields.sequence("rules") ?? []
            }
            for (index, item) in items.enumerated() {
                guard let fields = ruleFields(item), let id = self.id(fields) else { continue }
                if isCutShort(item, next: index + 1 < items.count ? items[index + 1] : nil) {
                    unreadable.insert(id)
                    continue
                }
                let hasBody = Self.bodyKeys.contains(where: fields.has)
                let isOverlay = !hasBody && !Self.bodyKeys.contains(where: fields.isMisspelt)
                if isOverlay, fields.has("disabled") || fields.has("severity") || fields.has("except") {
                    patches.append((fields, id, document))
                    continue
                }
                if let earlier = positions[id] {
                    guard earlier.layer < document.layer else {
                        log.add(
                            .duplicateName(
                                LocalizedText(en: "rule", zh: "规则"), id,
                                at: fields.value("id")?.location ?? item.location,
                                first: set.rules[earlier.index].location))
                        continue
                    }
                    if let rule = rule(fields, id, defaults, in: whole) {
                        set.rules[earlier.index] = rule
                        positions[id] = (earlier.index, document.layer)
                    }
                } else if let rule = rule(fields, id, defaults, in: whole) {
                    positions[id] = (set.rules.count, document.layer)
                    set.rules.append(rule)
                } else {
                    unreadable.insert(id)
                }
            }
        }
        for (fields, id, document) in patches {
            guard let position = positions[id] else {
                if !unreadable.contains(id) {
                    log.add(
                        .unknown(
                            "unknown-rule", LocalizedText(en: "rule", zh: "规则"), id,
                            at: fields.value("id")?.location ?? fields.node.location, known: positions.keys.sorted()))
                }
                continue
            }
            guard position.layer < document.layer else {
                log.add(
                    .duplicateName(
                        LocalizedText(en: "rule", zh: "规则"), id, at: fields.node.location,
                        first: set.rules[position.index].location))
                continue
            }
            patch(&set.rules[position.index], fields)
        }
        for file in Set(set.lets.map(\.file)) where hasMisnamedLet(file, set) { set.filesLackingLets.insert(file) }
        return set
    }

    /// Tells a let that nothing of its file names, when several places there name something like it that there is not:
    /// then the slip is in the let, not in all of those.
    private func hasMisnamedLet(_ file: String, _ set: RuleSet) -> Bool {
        let rules = set.rules.filter { $0.location?.file == file }
        let lets = set.lets.filter { $0.file == file }
        let texts = rules.flatMap(\.expressions) + lets.map(\.expression)
        let words = texts.flatMap { text in
            text.text.unicodeScalars.split { !$0.properties.isIDContinue }.map { String($0) }
        }
        let counts = Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +)
        var found = false
        for definition in lets where counts[definition.name] == nil {
            let table = schema.table(definition.table)
            let strangers = counts.filter { word, count in
                count > 1 && table?.columnIndex(word) == nil && !lets.contains { $0.name == word }
            }
            guard let near = Suggestion.candidates(for: definition.name, among: strangers.keys).first else { continue }
            found = true
            log.add(
                Diagnostic(
                    code: "unused-let",
                    LocalizedText(
                        en: "let '\(definition.name)' is used by no rule of the file, which name '\(near)'",
                        zh: "文件中没有规则使用 let“\(definition.name)”，而规则中出现了“\(near)”"),
                    at: definition.expression.location, hint: Fields.didYouMean(near)))
        }
        return found
    }

    /// Whether a rule lacks what the next item of the list, which is no rule without an id, holds: a '-' too many stands
    /// between them, and is told there.
    private func isCutShort(_ item: YAMLNode, next: YAMLNode?) -> Bool {
        guard let rest = next?.mapping, next?.value("id") == nil else { return false }
        let own = Set(item.mapping?.map(\.key) ?? [])
        return rest.allSatisfy { Self.ruleKeys.contains($0.key) && !own.contains($0.key) }
            && !Self.bodyKeys.contains(where: own.contains)
    }

    private func ruleFields(_ item: YAMLNode) -> Fields? {
        let id = item.value("id")?.scalar
        return Fields(
            item, LocalizedText(en: id.map { "rule '\($0)'" } ?? "a rule", zh: id.map { "规则“\($0)”" } ?? "规则"),
            known: Self.ruleKeys, log: log)
    }

    /// Defaults that no rule uses are checked too.
    private func check(defaults: Fields) {
        _ = severity(defaults)
        _ = action(defaults)
        _ = nullPolicy(defaults)
        _ = effective(defaults)
        _ = defaults.texts("tags")
        for key in ["on", "table", "when", "cite", "along", "blank", "absent", "tolerance", "figures"] {
            _ = defaults.scalar(key)
        }
        for key in ["own", "provisional"] { _ = defaults.flag(key) }
    }

    /// Ids are named on the command line, several with commas between them, and are part of file lines.
    private func id(_ fields: Fields) -> String? {
        guard let node = fields.requiredScalar("id"), let id = node.scalar else { return nil }
        let bad = id.unicodeScalars.first { scalar in
            scalar.properties.isWhitespace || scalar.value < 32 || ",;'\"`{}[]，；".unicodeScalars.contains(scalar)
        }
        if let bad {
            log.add(
                .badValue(
                    id, of: fields.name("id"),
                    expected: LocalizedText(
                        en: "a word without blanks, commas, quotes or brackets", zh: "不含空格、逗号、引号和括号的词"),
                    at: node.location,
                    hint: LocalizedText(en: "'\(bad)' cannot be part of an id", zh: "编号中不能有“\(bad)”")))
        }
        return id
    }

    /// False when some let could not be read.
    private func lets(_ fields: Fields, _ document: WrittenObject, into set: inout RuleSet) -> Bool {
        var isComplete = fields.has("let") ? fields.value("let")?.sequence != nil : !fields.isMisspelt("let")
        for item in fields.sequence("let") ?? [] {
            let name = item.value("name")?.scalar
            let what = LocalizedText(en: name.map { "let '\($0)'" } ?? "a let", zh: name.map { "let“\($0)”" } ?? "let")
            guard let fields = Fields(item, what, known: ["name", "on", "table", "expr"], log: log) else {
                isComplete = false
                continue
            }
            let nameText = fields.requiredText("name")
            let table = tableName(fields, nil)
            if !fields.has("on"), !fields.has("table") {
                fields.lacks(["on", "table"], .missingKey("on", in: what, at: item.location))
            }
            _ = fields.required("expr")
            guard let nameText, let table, let expression = fields.expression("expr") else {
                isComplete = false
                continue
            }
            if let first = set.lets.first(where: { $0.name == nameText && $0.file == document.file }) {
                log.add(
                    .duplicateName(
                        LocalizedText(en: "let", zh: "let"), nameText, at: item.location, first: first.location))
                continue
            }
            set.lets.append(
                LetDefinition(
                    name: nameText, table: table, expression: expression, file: document.file,
                    location: item.location))
        }
        return isComplete
    }

    // MARK: One rule

    /// Nil when the rule cannot be judged at all; all its keys are read either way, so that all problems are told.
    private func rule(
        _ fields: Fields, _ id: String, _ defaults: Fields?, in document: Fields?
    ) -> RuleDefinition? {
        /// Where a key is given: on the rule, else among the defaults.
        func holder(_ key: String) -> Fields { fields.has(key) ? fields : (defaults ?? fields) }
        let isFormRule =
            fields.has("form") || fields.isMisspelt("form")
            || (defaults?.has("form") == true && !fields.has("on") && !fields.has("table"))
        if fields.has("form"), let other = ["on", "table"].first(where: fields.has) {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(
                        en: "\(fields.what.en) is on a table and on a form", zh: "\(fields.what.zh)同时指定了表和报表"),
                    at: fields.keyLocation("form"), related: fields.keyLocation(other)))
        }
        // A key that is not understood may be the rule's own 'on', so that the default says nothing.
        let isOwnTableLost =
            !fields.has("on") && !fields.has("table") && (fields.mayMean("on") || fields.mayMean("table"))
        let table = isFormRule || isOwnTableLost ? nil : tableName(fields, defaults)
        let forms = isFormRule ? formNames(holder("form")) : []
        if !isFormRule, !holder("on").has("on"), !holder("table").has("table") {
            let missing = Diagnostic(
                code: "missing-key",
                LocalizedText(
                    en: "\(fields.what.en) needs 'on' (a table) or 'form'", zh: "\(fields.what.zh)缺少“on”（表）或“form”（报表）"),
                at: fields.node.location)
            if let document, !document.has("defaults"),
                let place = log.comment(naming: ["defaults"], around: document.node, anywhere: true)
            {
                var commented = Diagnostic.missingKey("defaults", in: document.what, at: place)
                commented.hint = LocalizedText(en: "here it stands in a comment", zh: "它在此处的注释里")
                log.add(commented)
            } else if defaults?.mayMean("on") != true, document?.mayMean("defaults") != true {
                fields.lacks(["on", "table", "form"], missing)
            }
        }
        let body = bodyKey(fields).flatMap { self.body($0, fields, holder, isFormRule: isFormRule, table: table) }
        var rule = RuleDefinition(
            id: id, title: fields.text("title"), table: table, forms: forms, when: holder("when").expression("when"),
            body: body ?? .unique([]), location: fields.node.location)
        rule.severity = severity(holder("severity")) ?? .error
        rule.action = action(holder("action")) ?? .report
        if isFormRule, rule.action == .reject {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(en: "'action: reject' is for rules on a table", zh: "“action: reject”只能用于表的规则"),
                    at: holder("action").keyLocation("action")))
        }
        rule.nullPolicy = nullPolicy(holder("null")) ?? .undecided
        rule.formOptions = formOptions(holder, isFormRule: isFormRule)
        (rule.effectiveFrom, rule.effectiveUntil) = effective(holder("effective"))
        rule.cite = holder("cite").text("cite")
        rule.message = fields.expression("message")
        rule.tags = holder("tags").texts("tags")?.compactMap(\.scalar) ?? []
        rule.isProvisional = holder("provisional").flag("provisional") ?? false
        rule.examples = ExamplesReader(schema: schema, log: log).examples(fields, table: table, isFormRule: isFormRule)
        patch(&rule, fields, severity: false)
        return body != nil && (isFormRule ? !forms.isEmpty : table != nil) ? rule : nil
    }

    /// Which of the keys that say what a rule asks it has; nil when none, or logged when several.
    private func bodyKey(_ fields: Fields) -> String? {
        let bodies = Self.bodyKeys.filter(fields.has)
        if bodies.count > 1 {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(
                        en: "\(fields.what.en) has \(bodies.joined(separator: " and "))",
                        zh: "\(fields.what.zh)同时有\(bodies.joined(separator: "和"))"),
                    at: fields.keyLocation(bodies[1]), related: fields.keyLocation(bodies[0])))
            return nil
        }
        if bodies.isEmpty {
            var missing = Diagnostic.missingOneOf(Self.bodyKeys, in: fields.what, at: fields.node.location)
            missing.hint = LocalizedText(
                en: "an overlay of an earlier directory says disabled, severity or except",
                zh: "若要覆盖前面目录中的规则，请写 disabled、severity 或 except")
            fields.lacks(Self.bodyKeys, missing)
        }
        return bodies.first
    }

    private func body(
        _ key: String, _ fields: Fields, _ holder: (String) -> Fields, isFormRule: Bool, table: String?
    ) -> RuleDefinition.Body? {
        let needsTable = ["unique", "depends", "share"].contains(key)
        if needsTable && isFormRule || key == "rollup" && !isFormRule {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(
                        en: "'\(key)' is for rules on a \(needsTable ? "table" : "form")",
                        zh: "“\(key)”只能用于\(needsTable ? "表" : "报表")的规则"),
                    at: fields.keyLocation(key)))
            return nil
        }
        if key != "rollup" {
            for other in ["along", "own"] where fields.has(other) {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(en: "'\(other)' belongs to 'rollup'", zh: "“\(other)”只能与“rollup”同用"),
                        at: fields.keyLocation(other)))
            }
        }
        switch key {
        case "check":
            return fields.expression("check").map { isFormRule ? .formCheck($0) : .check($0) }
        case "share":
            return fields.expression("share").map { .share($0) }
        case "unique":
            guard let names = columns(fields, "unique", table) else { return nil }
            return .unique(names)
        case "depends":
            guard let node = fields.value("depends"),
                let parts = Fields(node, fields.name("depends"), known: ["from", "to"], log: log)
            else { return nil }
            _ = parts.required("from")
            _ = parts.required("to")
            guard let from = columns(parts, "from", table), let to = columns(parts, "to", table) else { return nil }
            return .depends(from: from, to: to)
        default:
            guard let cells = fields.expression("rollup") else { return nil }
            let given = holder("along").has("along") ? holder("along") : fields
            guard let along = given.requiredScalar("along") else { return nil }
            let name = along.scalar ?? ""
            if schema.hierarchy(name) == nil, !broken.contains(name) {
                log.add(
                    .unknown(
                        "unknown-hierarchy", LocalizedText(en: "hierarchy", zh: "上下级"), name, at: along.location,
                        known: schema.hierarchies.values.flatMap { [$0.name, $0.title] }.sorted()))
                return nil
            }
            return .rollup(cells: cells, along: name, own: holder("own").flag("own") ?? false)
        }
    }

    /// Columns as they are written; nil when one is unknown or there is none.
    private func columns(_ fields: Fields, _ key: String, _ table: String?) -> [String]? {
        guard let nodes = fields.texts(key) else { return nil }
        if nodes.isEmpty {
            log.add(
                .badValue(
                    "", of: fields.name(key), expected: LocalizedText(en: "at least one column", zh: "至少一列"),
                    at: fields.keyLocation(key)))
            return nil
        }
        let definition = table.flatMap(schema.table)
        var isComplete = true
        for node in nodes {
            guard let definition, definition.column(node.scalar ?? "") == nil else { continue }
            log.add(.unknownColumn(node.scalar ?? "", of: definition, at: node.location))
            isComplete = false
        }
        return isComplete ? nodes.compactMap(\.scalar) : nil
    }

    /// The table as it is written; nil when absent or logged.
    private func tableName(_ fields: Fields, _ defaults: Fields?) -> String? {
        if fields.has("on"), fields.has("table") {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(en: "'table' is another word for 'on'", zh: "“table”与“on”同义，只写其一"),
                    at: fields.keyLocation("table"), related: fields.keyLocation("on")))
        }
        guard
            let node = fields.scalar("on") ?? fields.scalar("table") ?? defaults?.scalar("on")
                ?? defaults?.scalar("table")
        else { return nil }
        let name = node.scalar ?? ""
        if schema.table(name) != nil { return name }
        if !broken.contains(name) { log.add(.unknownTable(name, at: node.location, among: schema.tables)) }
        return nil
    }

    private func formNames(_ fields: Fields) -> [String] {
        var names: [String] = []
        for node in fields.texts("form") ?? [] {
            let name = node.scalar ?? ""
            if schema.form(name) != nil {
                names.append(name)
            } else if !broken.contains(name) {
                log.add(
                    .unknown(
                        "unknown-form", LocalizedText(en: "form", zh: "报表"), name, at: node.location,
                        known: schema.forms.flatMap { $0.title == $0.name ? [$0.name] : [$0.name, $0.title] }))
            }
        }
        return names
    }

    private func severity(_ fields: Fields) -> Severity? {
        fields.word(
            "severity",
            [
                ("error", .error), ("warning", .warning), ("notice", .notice), ("错误", .error), ("警告", .warning),
                ("提示", .notice),
            ])
    }

    private func action(_ fields: Fields) -> RuleDefinition.Action? {
        fields.word("action", [("report", .report), ("reject", .reject)])
    }

    private func nullPolicy(_ fields: Fields) -> RuleDefinition.NullPolicy? {
        fields.word("null", [("undecided", .undecided), ("fail", .fail), ("pass", .pass)])
    }

    private func formOptions(_ holder: (String) -> Fields, isFormRule: Bool) -> RuleDefinition.FormOptions {
        let keys = ["blank", "absent", "tolerance", "figures"]
        if !isFormRule {
            for key in keys where holder(key).has(key) {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(en: "'\(key)' is for rules on a form", zh: "“\(key)”只能用于报表的规则"),
                        at: holder(key).keyLocation(key)))
            }
            return .init()
        }
        func word(_ key: String, _ words: [String]) -> String? { holder(key).word(key, words.map { ($0, $0) }) }
        var options = RuleDefinition.FormOptions(
            blank: word("blank", ["null", "zero"]), absent: word("absent", ["undecided", "zero", "fail"]),
            figures: word("figures", ["value", "own", "both"]))
        if let node = holder("tolerance").scalar("tolerance"), let text = node.scalar {
            if Self.isTolerance(text) {
                options.tolerance = text
            } else {
                log.add(
                    .badValue(
                        text, of: holder("tolerance").name("tolerance"),
                        expected: LocalizedText(
                            en: "a number, a share such as 0.5%, or rounding(0.005)",
                            zh: "数值、0.5% 形式的比例或 rounding(0.005)"), at: node.location))
            }
        }
        return options
    }

    private static func isTolerance(_ text: String) -> Bool {
        var number = text[...]
        if number.hasPrefix("rounding("), number.hasSuffix(")") {
            number = number.dropFirst(9).dropLast()
        } else if number.hasSuffix("%") {
            number = number.dropLast()
        }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
    }

    /// `2016-01-01..`, `..2020-12-31`, `2016-01-01..2020-12-31`; both ends inclusive.
    private func effective(_ fields: Fields) -> (CivilDate?, CivilDate?) {
        guard let node = fields.scalar("effective"), let text = node.scalar else { return (nil, nil) }
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map(String.init)
        let expected = LocalizedText(en: "from..until, such as 2016-01-01..", zh: "“起..止”，例如 2016-01-01..")
        guard ends.count == 2, ends.contains(where: { !$0.isEmpty }) else {
            log.add(.badValue(text, of: fields.name("effective"), expected: expected, at: node.location))
            return (nil, nil)
        }
        var dates: [CivilDate?] = []
        for end in ends {
            let trimmed = end.filter { $0 != " " }
            let date = CivilDate(trimmed)
            if date == nil, !trimmed.isEmpty {
                log.add(.badDate(trimmed, of: fields.name("effective"), at: node.location))
            }
            dates.append(date)
        }
        if let from = dates[0], let until = dates[1], until < from {
            log.add(.badValue(text, of: fields.name("effective"), expected: expected, at: node.location))
        }
        return (dates[0], dates[1])
    }

    // MARK: Overlays

    /// What an overlay may say of a rule, and what a rule may say of itself: disabled, except, and a new severity.
    private func patch(_ rule: inout RuleDefinition, _ fields: Fields, severity changesSeverity: Bool = true) {
        if changesSeverity {
            let allowed = ["id", "disabled", "reason", "severity", "except"]
            for entry in fields.node.mapping ?? [] where !allowed.contains(entry.key) {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(
                            en: "an overlay cannot change '\(entry.key)'", zh: "覆盖规则时不能修改“\(entry.key)”"),
                        at: entry.keyLocation,
                        hint: LocalizedText(
                            en: "write the whole rule again, with its check, to replace it", zh: "若要替换规则，请连同检查条件完整重写")))
            }
            rule.severity = severity(fields) ?? rule.severity
        }
        switch fields.flag("disabled") {
        case true:
            if let reason = fields.requiredText("reason") { rule.disabledReason = reason }
        case false:
            rule.disabledReason = nil
        case nil:
            if fields.has("reason"), !fields.has("disabled") {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(en: "'reason' belongs to 'disabled'", zh: "“reason”只能与“disabled”同用"),
                        at: fields.keyLocation("reason")))
            }
        }
        for item in fields.sequence("except") ?? [] {
            let what = LocalizedText(en: "an exception of \(fields.what.en)", zh: "\(fields.what.zh)的例外")
            guard let exception = Fields(item, what, known: ["key", "until", "reason"], log: log) else { continue }
            _ = exception.required("key")
            let key = exception.texts("key")?.compactMap(\.scalar) ?? []
            let reason = exception.requiredText("reason")
            let until = exception.date("until")
            guard !key.isEmpty, let reason else { continue }
            let width = rule.table.flatMap(schema.table)?.key.count ?? key.count
            if width != 0, key.count != width {
                log.add(
                    .badValue(
                        key.joined(separator: ", "), of: exception.name("key"),
                        expected: LocalizedText(
                            en: "\(width) value(s), as many as the key of the table has", zh: "\(width) 个值（与表的主键列数相同）"),
                        at: exception.keyLocation("key")))
                continue
            }
            rule.exceptions.append(.init(key: key, until: until, reason: reason))
        }
    }
}

extension RuleDefinition {
    /// All texts of the rule language in it.
    fileprivate var expressions: [ExpressionText] {
        let body: ExpressionText? =
            switch body {
            case .check(let text), .share(let text), .formCheck(let text), .rollup(let text, _, _): text
            case .unique, .depends: nil
            }
        return [when, body, message].compactMap(\.self)
    }
}
