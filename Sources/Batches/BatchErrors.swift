import Diagnostics

extension OperationError {
    private static func badBatch(
        _ batch: String, _ code: String, en: String, zh: String, hint: LocalizedText? = nil
    ) -> OperationError {
        OperationError(
            .badData, code: code, LocalizedText(en: "batch '\(batch)': \(en)", zh: "批次“\(batch)”：\(zh)"),
            hint: hint ?? sendAgain)
    }

    private static let sendAgain = LocalizedText(
        en: "it was damaged or changed on its way; have its sender send it again", zh: "批次在传输中损坏或被改动，请发送方重新发送")

    static func batchNotFound(_ folder: String) -> OperationError {
        OperationError(
            .noInput, code: "batch-not-found",
            LocalizedText(
                en: "'\(folder)' is no batch: it has no manifest.json", zh: "“\(folder)”不是批次：其中没有 manifest.json"),
            hint: LocalizedText(
                en: "the manifest arrives last; check the path, or wait until the transfer is done",
                zh: "清单最后到达；请检查路径，或等传输完成"))
    }

    static func batchManifestUnreadable(_ batch: String) -> OperationError {
        badBatch(batch, "batch-manifest", en: "manifest.json is no manifest", zh: "manifest.json 不是有效的清单")
    }

    static func batchManifestChanged(_ batch: String) -> OperationError {
        badBatch(
            batch, "batch-manifest-checksum", en: "manifest.json was changed: its checksum does not fit",
            zh: "manifest.json 被改动：校验和不符")
    }

    static func batchVersionUnknown(_ batch: String, format: String) -> OperationError {
        let shown = String(format.prefix(40))
        return badBatch(
            batch, "batch-version", en: "its format is '\(shown)'; this program reads '\(BatchManifest.format)'",
            zh: "格式为“\(shown)”，本程序只能读取“\(BatchManifest.format)”",
            hint: LocalizedText(en: "update the older of the two programs", zh: "请升级两端中版本较旧的程序"))
    }

    static func batchManifestLies(
        _ batch: String, en: String, zh: String, hint: LocalizedText? = nil
    ) -> OperationError {
        badBatch(
            batch, "batch-manifest-inconsistent", en: "the manifest does not add up: \(en)", zh: "清单自相矛盾：\(zh)",
            hint: hint)
    }

    static func batchPath(_ batch: String, _ path: String) -> OperationError {
        badBatch(
            batch, "batch-path", en: "the manifest names a part '\(path)', which no part may be called",
            zh: "清单中的分卷路径“\(path)”不合规定",
            hint: LocalizedText(
                en: "parts are called <table>/000001.csv.zst and so on; do not use this batch, ask its sender",
                zh: "分卷应命名为 <表>/000001.csv.zst 等；请勿使用该批次，并询问发送方"))
    }

    static func batchPartTwice(_ batch: String, _ path: String) -> OperationError {
        badBatch(batch, "batch-part-twice", en: "the manifest names part '\(path)' twice", zh: "清单重复列出分卷“\(path)”")
    }

    static func batchLink(_ batch: String, _ path: String) -> OperationError {
        badBatch(
            batch, "batch-link", en: "'\(path)' is a link or something else than a file", zh: "“\(path)”是链接或其他非普通文件",
            hint: LocalizedText(
                en: "a batch holds plain files only; do not use it, ask its sender", zh: "批次只能包含普通文件；请勿使用，并询问发送方"))
    }

    static func batchExtraFile(_ batch: String, _ path: String) -> OperationError {
        badBatch(
            batch, "batch-extra-file", en: "'\(path)' is not in the manifest", zh: "“\(path)”不在清单中",
            hint: LocalizedText(
                en: "remove what was put there by hand, or have the batch sent again", zh: "请移走手工放入的文件，或请对方重新发送"))
    }

    static func batchMissingFile(_ batch: String, _ path: String) -> OperationError {
        badBatch(batch, "batch-missing-file", en: "part '\(path)' is missing", zh: "缺少分卷“\(path)”")
    }

    static func batchSize(_ batch: String, _ path: String, expected: Int, found: Int) -> OperationError {
        badBatch(
            batch, "batch-size", en: "part '\(path)' has \(found) bytes, the manifest says \(expected)",
            zh: "分卷“\(path)”为 \(found) 字节，清单为 \(expected) 字节")
    }

    static func batchDigest(_ batch: String, _ path: String) -> OperationError {
        badBatch(
            batch, "batch-digest", en: "the SHA-256 of part '\(path)' is not that of the manifest",
            zh: "分卷“\(path)”的 SHA-256 与清单不符")
    }

    static func batchRawSize(_ batch: String, _ path: String, declared: Int) -> OperationError {
        badBatch(
            batch, "batch-raw-size", en: "part '\(path)' decompresses to more than the \(declared) bytes it declares",
            zh: "分卷“\(path)”解压后超过其声明的 \(declared) 字节")
    }

    static func batchHeader(_ batch: String, _ path: String) -> OperationError {
        badBatch(
            batch, "batch-header", en: "the columns of part '\(path)' are not those of the manifest",
            zh: "分卷“\(path)”的列与清单不符")
    }

    static func batchRows(_ batch: String, _ path: String, expected: Int, found: Int) -> OperationError {
        badBatch(
            batch, "batch-rows", en: "part '\(path)' has \(found) rows, the manifest says \(expected)",
            zh: "分卷“\(path)”有 \(found) 行，清单为 \(expected) 行")
    }

    // MARK: Outbox and inbox

    static func batchFolderLocked(_ what: LocalizedText, _ path: String) -> OperationError {
        OperationError(
            .temporaryFailure, code: "batch-locked",
            LocalizedText(en: "another process is at work on \(what.en)", zh: "另一进程正在处理\(what.zh)"),
            hint: LocalizedText(
                en: "wait until it ends and try again; it holds '\(path)'", zh: "请等它结束后再试；它持有“\(path)”"),
            isTransient: true)
    }

    static func batchSourceName(_ source: String) -> OperationError {
        OperationError(
            .badDefinition, code: "batch-source-name",
            LocalizedText(en: "source '\(source)' cannot name a folder", zh: "来源名“\(source)”不能用作文件夹名称"),
            hint: LocalizedText(
                en: "use letters, digits, '-' and '_', and begin with a letter", zh: "请使用字母、数字、“-”和“_”，并以字母开头"))
    }

    static func batchChainUnreadable(_ path: String) -> OperationError {
        OperationError(
            .badData, code: "batch-chain-file",
            LocalizedText(en: "'\(path)' is no chain file of this source", zh: "“\(path)”不是该来源的批次链文件"),
            hint: LocalizedText(
                en: "restore it from a copy; without it, numbers go on from the batches in the outbox",
                zh: "请从备份恢复；若删除，则按发件箱中现有批次继续编号"))
    }

    static func batchChainBroken(_ batch: String, after last: String, in folder: String) -> OperationError {
        OperationError(
            .badData, code: "batch-chain",
            LocalizedText(
                en: "batch '\(batch)' in outbox '\(folder)' does not continue '\(last)', the last of its source",
                zh: "发件箱“\(folder)”中的批次“\(batch)”与该来源的上一批次“\(last)”不衔接"),
            hint: LocalizedText(
                en: "it was changed, or put there by hand; move it out of the outbox", zh: "它被改动过或是手工放入的；请将其移出发件箱"))
    }
}
