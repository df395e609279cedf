import Diagnostics

/// What is wrong with a batch, so that it is not loaded. None of these texts holds a row's value.
extension OperationError {
    private static func badBatch(
        _ batch: IncomingBatch, _ code: String, en: String, zh: String, hint: LocalizedText? = nil
    ) -> OperationError {
        OperationError(
            .badData, code: code,
            LocalizedText(
                en: "unable to load batch '\(batch.id)': \(en)", zh: "无法入库批次“\(batch.id)”：\(zh)"), hint: hint)
    }

    // MARK: The chain

    static func batchDoubled(_ batch: IncomingBatch, loaded: String) -> OperationError {
        badBatch(
            batch, "batch-doubled",
            en:
                "batch '\(loaded)' of source '\(batch.source)' was already loaded as number \(batch.sequence), with other contents",
            zh: "数据源“\(batch.source)”的第 \(batch.sequence) 批已由内容不同的批次“\(loaded)”入库",
            hint: LocalizedText(
                en: "one of the two was made again at the source; find out which is right", zh: "源头重复生成了该批次，请核实以哪个为准"))
    }

    static func batchMissing(_ batch: IncomingBatch, last: Int) -> OperationError {
        let missing = batch.sequence - 1 == last + 1 ? "\(last + 1)" : "\(last + 1)–\(batch.sequence - 1)"
        return badBatch(
            batch, "batch-missing",
            en: "it is number \(batch.sequence) of source '\(batch.source)', and number \(missing) was not loaded",
            zh: "它是数据源“\(batch.source)”的第 \(batch.sequence) 批，而第 \(missing) 批尚未入库",
            hint: LocalizedText(en: "load the missing batches first", zh: "请先入库缺少的批次"))
    }

    static func batchReordered(_ batch: IncomingBatch, last: Int) -> OperationError {
        badBatch(
            batch, "batch-reordered",
            en: "it is number \(batch.sequence) of source '\(batch.source)', but number \(last) was loaded already",
            zh: "它是数据源“\(batch.source)”的第 \(batch.sequence) 批，而第 \(last) 批已经入库",
            hint: LocalizedText(
                en: "batches of a source are loaded in their order", zh: "同一数据源的批次须按顺序入库"))
    }

    static func batchChainBroken(_ batch: IncomingBatch, last: String) -> OperationError {
        badBatch(
            batch, "batch-chain",
            en: "it does not follow batch '\(last)', which was loaded last of source '\(batch.source)'",
            zh: "它不是数据源“\(batch.source)”最后入库批次“\(last)”的后续",
            hint: LocalizedText(
                en: "the digest of the previous batch in its manifest is another; it was made from another chain",
                zh: "清单中上一批次的摘要不一致，说明它出自另一条批次链"))
    }

    // MARK: Shape

    static func quarantineMalformed(_ batch: IncomingBatch, part: String) -> OperationError {
        badBatch(
            batch, "batch-quarantine", en: "part '\(part)' does not hold the rows that its source set aside",
            zh: "分卷“\(part)”不是来源隔离行的格式")
    }

    static func batchTableUnknown(_ batch: IncomingBatch, table: String) -> OperationError {
        badBatch(
            batch, "batch-table", en: "the schema has no table '\(table)'", zh: "定义中没有表“\(table)”",
            hint: LocalizedText(
                en: "was it made with another version of the schema?", zh: "该批次是否由另一版本的定义生成？"))
    }

    static func tableWithoutKey(_ batch: IncomingBatch, table: String) -> OperationError {
        OperationError(
            .badDefinition, code: "table-without-key",
            LocalizedText(
                en: "unable to load batch '\(batch.id)': table '\(table)' has no key, so its rows cannot be told apart",
                zh: "无法入库批次“\(batch.id)”：表“\(table)”没有主键，无法区分各行"),
            hint: LocalizedText(en: "give the table a `key:`", zh: "请为该表定义 key:"))
    }

    static func batchColumnsMissing(
        _ batch: IncomingBatch, part: String, missing: [String], unknown: [String]
    ) -> OperationError {
        let names = missing.map { "'\($0)'" }.joined(separator: ", ")
        let zhNames = missing.map { "“\($0)”" }.joined(separator: "、")
        return badBatch(
            batch, "batch-columns", en: "part '\(part)' has no column \(names)", zh: "分卷“\(part)”缺少列\(zhNames)",
            hint: unknown.isEmpty
                ? nil
                : LocalizedText(
                    en: "it has columns that the schema does not know: \(unknown.joined(separator: ", "))",
                    zh: "其中有定义之外的列：\(unknown.joined(separator: "、"))"))
    }

    static func batchRowsDiffer(_ batch: IncomingBatch, part: IncomingBatch.Part, found: Int) -> OperationError {
        badBatch(
            batch, "batch-rows",
            en: "part '\(part.name)' holds \(found) rows where the manifest says \(part.rows)",
            zh: "分卷“\(part.name)”有 \(found) 行，而清单为 \(part.rows) 行",
            hint: LocalizedText(en: "the batch is damaged; transfer it again", zh: "批次已损坏，请重新传输"))
    }

    // MARK: Limits

    static func tooManyBadRows(_ batch: IncomingBatch, limit: RowLimit, allowed: Int, total: Int) -> OperationError {
        badBatch(
            batch, "too-many-bad-rows",
            en: "more than \(allowed) of its \(total) rows cannot be loaded (limit \(limit.text))",
            zh: "共 \(total) 行中无法入库的超过 \(allowed) 行（上限 \(limit.text)）",
            hint: LocalizedText(
                en:
                    "nothing was loaded; `sitong quarantine list --batch \(batch.id)` shows the rows, `--max-bad` allows more",
                zh: "未入库任何数据；用 sitong quarantine list --batch \(batch.id) 查看这些行，用 --max-bad 放宽上限"))
    }

    static func tooMuchShrink(
        _ batch: IncomingBatch, table: String, deleted: Int, total: Int, limit: RowLimit
    ) -> OperationError {
        badBatch(
            batch, "too-much-shrink",
            en: "it would delete \(deleted) of \(total) rows of table '\(table)' (limit \(limit.text))",
            zh: "将删除表“\(table)” \(total) 行中的 \(deleted) 行（上限 \(limit.text)）",
            hint: LocalizedText(
                en: "nothing was loaded; if so many were really deleted, allow it with `--max-shrink`",
                zh: "未入库任何数据；若确属删除，请用 --max-shrink 放宽上限"))
    }

    static func notConserved(_ batch: IncomingBatch, part: String, _ counts: RowCounts) -> OperationError {
        let sum =
            "\(counts.inserted)+\(counts.updated)+\(counts.unchanged)+\(counts.superseded)"
            + "+\(counts.quarantined)+\(counts.deleted)+\(counts.adjusted)"
        return OperationError(
            .internalError, code: "conservation",
            LocalizedText(
                en:
                    "unable to load batch '\(batch.id)': rows of part '\(part)' do not add up: \(counts.rowsIn) in, \(sum) out",
                zh: "无法入库批次“\(batch.id)”：分卷“\(part)”行数不守恒：输入 \(counts.rowsIn)，去向 \(sum)"),
            hint: LocalizedText(en: "this is a bug of sitong; nothing was loaded", zh: "这是司统的缺陷；未入库任何数据"))
    }
}
