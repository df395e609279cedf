import Diagnostics
import RuleLanguage
import Schema

/// Written objects → resolved definitions: code lists first, then what stands on them.
struct SchemaReader {
    let log: DiagnosticLog

    func definitions(_ written: WrittenObjects) -> LoadedDefinitions {
        var schema = StandardSchema()
        /// What could not be read, by name and title, so that a name of it elsewhere is not told as unknown too.
        var broken = log.lostNames
        func isBroken(_ object: WrittenObject) {
            broken.insert(object.name)
            if let title = object.node.value("title")?.scalar { broken.insert(title) }
        }

        let lists = CodeListReader(log: log)
        var readings: [String: CodeListReader.Reading] = [:]
        for object in written.all(.codelist) {
            if let reading = lists.read(object) {
                readings[object.name] = reading
                schema.codelists[object.name] = reading.list
            } else {
                isBroken(object)
            }
        }
        let hierarchies = HierarchyReader(log: log, codelists: readings, brokenCodelists: broken)
        for object in written.all(.hierarchy) {
            if let hierarchy = hierarchies.hierarchy(object) {
                schema.hierarchies[object.name] = hierarchy
            } else {
                isBroken(object)
            }
        }
        for object in written.all(.calendar) { schema.calendars[object.name] = hierarchies.calendar(object) }
        for object in written.all(.caseno) { schema.caseNumberTypes = hierarchies.caseNumberTypes(object) }

        let types = ValueTypeReader(
            codelists: written.all(.codelist).map { ($0.name, $0.node.value("title")?.scalar ?? $0.name) }, log: log)
        let tables = TableReader(types: types, log: log)
        var incomplete: [(TableDefinition, WrittenObject)] = []
        for object in written.all(.table) {
            if let table = tables.columns(object, untyped: &broken) {
                incomplete.append((table, object))
            } else {
                isBroken(object)
            }
        }
        let known = incomplete.map(\.0)
        schema.tables = incomplete.map { tables.complete($0.0, from: $0.1, among: known, broken: broken) }
        checkTitles(schema)
        schema.unreadable = broken

        let forms = FormReader(schema: schema, brokenTables: broken, log: log)
        for object in written.all(.form) {
            if let form = forms.form(object) { schema.forms.append(form) } else { isBroken(object) }
        }
        let rules = RulesReader(schema: schema, broken: broken, log: log).ruleSet(written.rules)
        // What stands beside rules is theirs; a later directory's filter goes before an earlier one's.
        let filesWithRules = Set(rules.rules.compactMap(\.location?.file))
        schema.filters = rules.lets.reversed().compactMap { definition in
            guard !filesWithRules.contains(definition.file) else { return nil }
            return NamedFilter(
                name: definition.name, table: schema.table(definition.table)?.name ?? definition.table,
                expression: definition.expression)
        }
        let sources = SourceReader(schema: schema, log: log)
        let pipelines = PipelineReader(log: log)
        return LoadedDefinitions(
            schema: schema, rules: rules, sources: written.all(.source).compactMap(sources.source),
            pipelines: written.all(.pipeline).compactMap(pipelines.pipeline), diagnostics: log.inOrder)
    }

    /// A title that two tables bear names neither.
    private func checkTitles(_ schema: StandardSchema) {
        var first: [String: TableDefinition] = [:]
        for table in schema.tables {
            if let earlier = first[table.title], let place = table.location {
                log.add(
                    Diagnostic(
                        .warning, code: "duplicate-title",
                        LocalizedText(
                            en: "table '\(table.name)' has the title '\(table.title)' of table '\(earlier.name)'",
                            zh: "表“\(table.name)”与表“\(earlier.name)”的名称同为“\(table.title)”"),
                        at: place,
                        hint: LocalizedText(en: "rules can name it by its code only", zh: "规则中只能用代码引用该表")))
            } else {
                first[table.title] = table
            }
        }
    }
}
