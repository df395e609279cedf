import ArgumentParser
import Definitions
import Diagnostics
import Foundation
import Library
import PostgresClient

/// `library init｜start｜stop｜status｜url｜revert｜period`: where the standard library (标准库) lives.
struct LibraryCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "library",
            abstract: say(
                "The standard library: create, start, stop, ask, undo a batch, close a period.",
                "标准库：创建、启动、停止、查询、撤销批次、关账。"),
            subcommands: [
                Initialize.self, Start.self, Stop.self, Status.self, URLCommand.self, Revert.self,
                PeriodCommand.self,
            ])
    }

    struct Initialize: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "init",
                abstract: say(
                    "Create a private PostgreSQL cluster on a Unix socket.", "创建仅通过 Unix 套接字访问的私有 PostgreSQL 集群。"))
        }

        @Option(help: help("Its folder; default: library in the working folder.", "所在目录；默认为工作目录下的 library。"))
        var embedded: String?

        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let folder = embedded ?? session.work + "/library"
            let cluster = EmbeddedCluster(directory: folder)
            try cluster.initialize()
            return OperationResult(
                json: LibraryState(folder: folder, state: "ready", url: cluster.connectionString),
                text: LocalizedText(
                    en: "the library in '\(folder)' is ready; next: sitong schema apply --library \(folder)",
                    zh: "“\(folder)”中的标准库已就绪；下一步：sitong schema apply --library \(folder)"),
                products: [folder])
        }
    }

    struct Start: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "start", abstract: say("Start an embedded library and leave it running.", "启动内置库并保持运行。"))
        }

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let (folder, cluster) = try session.embedded(library)
            try cluster.start()
            cluster.keepRunning()
            return OperationResult(
                json: LibraryState(folder: folder, state: "running", url: cluster.connectionString),
                text: LocalizedText(
                    en: "running: psql '\(cluster.connectionString)'", zh: "已运行：psql '\(cluster.connectionString)'"))
        }
    }

    struct Stop: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "stop", abstract: say("Stop an embedded library.", "停止内置库。"))
        }

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let (folder, cluster) = try session.embedded(library)
            try cluster.stop()
            return OperationResult(
                json: LibraryState(folder: folder, state: "stopped", url: cluster.connectionString),
                text: LocalizedText(en: "stopped", zh: "已停止"))
        }
    }

    struct Status: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "status", abstract: say("Say whether the library can be used.", "查询标准库是否可用。"))
        }

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            switch try session.libraryPlace(library) {
            case .server(let text):
                let connection = try PostgresConnection(text, applicationName: "sitong")
                return OperationResult(
                    json: LibraryState(folder: nil, state: "running", url: connection.displayName),
                    text: LocalizedText(
                        en: "\(connection.displayName) answers (PostgreSQL \(connection.serverVersion / 10000))",
                        zh: "\(connection.displayName) 可连接（PostgreSQL \(connection.serverVersion / 10000)）"))
            case .embedded(let folder):
                let cluster = EmbeddedCluster(directory: folder)
                let (state, text) =
                    switch try cluster.status() {
                    case .absent: ("absent", LocalizedText(en: "no library in '\(folder)'", zh: "“\(folder)”中没有标准库"))
                    case .incomplete:
                        (
                            "incomplete",
                            LocalizedText(
                                en: "its creation was interrupted; repeat 'sitong library init'",
                                zh: "创建曾中断；请重新执行“sitong library init”")
                        )
                    case .stopped:
                        ("stopped", LocalizedText(en: "stopped; it starts when it is needed", zh: "已停止；需要时会自动启动"))
                    case .running(let process):
                        ("running", LocalizedText(en: "running as process \(process)", zh: "正在运行，进程 \(process)"))
                    }
                return OperationResult(
                    json: LibraryState(folder: folder, state: state, url: cluster.connectionString), text: text)
            }
        }
    }

    struct URLCommand: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "url",
                abstract: say("Print how to connect, for psql and other programs.", "打印连接字串，供 psql 等程序使用。"))
        }

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            switch try session.libraryPlace(library) {
            case .server(let text):
                return OperationResult(
                    json: LibraryState(folder: nil, state: nil, url: text), text: LocalizedText(text))
            case .embedded:
                let (folder, cluster) = try session.embedded(library)
                return OperationResult(
                    json: LibraryState(folder: folder, state: nil, url: cluster.connectionString),
                    text: LocalizedText(cluster.connectionString))
            }
        }
    }
}

extension LibraryCommand {
    /// `library revert BATCH`: a wrong batch is undone.
    struct Revert: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "revert",
                abstract: say(
                    "Undo the last batch of a source; the history keeps both.", "撤销某来源最后入库的批次；历史中保留两者。"))
        }

        @Argument(help: help("The batch.", "批次。"))
        var batch: String

        @Option(help: help("Why; kept in the ledger.", "原因，记入台账。"))
        var reason: String

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let definitions = try session.definitions(schema)
            let receipt = try session.library(library).revert(
                batch: batch, reason: reason, schema: definitions.schema)
            return OperationResult(
                json: RevertSummary(
                    batch: receipt.batch, number: receipt.number, removed: receipt.removed,
                    restored: receipt.restored),
                text: LocalizedText(
                    en:
                        "batch \(batch) reverted: \(Format.count(receipt.removed)) rows gone, \(Format.count(receipt.restored)) as they were before",
                    zh:
                        "批次 \(batch) 已撤销：移除 \(Format.count(receipt.removed)) 行，恢复先前版本 \(Format.count(receipt.restored)) 行"
                ))
        }
    }
}

/// `library revert --json`.
struct RevertSummary: Encodable {
    var format = "sitong.revert/1"
    var batch: String
    var number: Int
    var removed: Int
    var restored: Int
}

/// `library … --json`.
struct LibraryState: Encodable {
    var format = "sitong.library/1"
    var folder: String?
    var state: String?
    var url: String
}

extension Session {
    /// The embedded cluster that the flag names; a server of the user's own is not ours to start or stop.
    func embedded(_ options: LibraryOptions) throws -> (folder: String, cluster: EmbeddedCluster) {
        guard case .embedded(let folder) = try libraryPlace(options) else {
            throw OperationError(
                .usage, code: "library-not-embedded",
                LocalizedText(en: "this library is a server of its own", zh: "该标准库是独立的服务器"),
                hint: LocalizedText(
                    en: "start and stop it with its own tools; only an embedded library is ours",
                    zh: "请用其自身的工具启停；sitong 只管理内置库"))
        }
        return (folder, EmbeddedCluster(directory: folder))
    }
}
