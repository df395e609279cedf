import Diagnostics
import Foundation
import PostgresClient
import Proof
import TestSupport

// Judges random rules over random data by every engine and by the reference interpreter, for as long as is asked.
// 用随机规则与随机数据核对各引擎与参照解释器，直到给定的时间。

/// `NAME=value` arguments over environment variables of the same name.
func setting(_ name: String) -> String? {
    let given = CommandLine.arguments.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    let value = given ?? ProcessInfo.processInfo.environment[name]
    return value?.isEmpty == false ? value : nil
}

/// At once, so that a proof that is stopped has said what it found.
func print(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

func say(_ en: String, _ zh: String) { print("\(en) · \(zh)") }

func number<Value: LosslessStringConvertible>(_ name: String, default value: Value) -> Value {
    guard let text = setting(name) else { return value }
    guard let number = Value(text) else {
        say("error: \(name) is no number", "错误：\(name) 不是数值")
        exit(64)
    }
    return number
}

let seconds: Double = number("SECONDS", default: 180)
let seed: UInt64 = number("SEED", default: UInt64(Date.now.timeIntervalSince1970))
let wantedRules: Int = number("RULES", default: 20_000)
let wantedCases: Int = number("CASES", default: 1_000_000)
let step: Int = number("STEP", default: 60)
let limit: Int = number("LIMIT", default: 10)
let folder = URL(filePath: setting("FAILURES") ?? ".build/prove")

say("seed \(seed)", "种子 \(seed)")
var start = Date.now
var engines: [any Engine] = [NativeEngine()]
// POSTGRES=1 starts a private server; POSTGRES=host=… dbname=… uses that database.
if let postgres = setting("POSTGRES"), postgres != "0" {
    let place = try postgres == "1" ? TestPostgres.freshDatabase() : postgres
    engines.append(PostgresEngine(try PostgresConnection(place, applicationName: "sitong prove")))
}
var wrongOperations = 0
for engine in engines {
    for operation in TruthTables.operations where setting("OPERATION").map({ operation.text == $0 }) ?? true {
        do {
            guard let disagreement = try TruthTables.disagreement(operation, engine) else { continue }
            print(disagreement)
        } catch {
            print("\(engine.name), \(operation): \(error)")
        }
        wrongOperations += 1
    }
}
say(
    "truth tables: \(TruthTables.operations.count) operations on \(engines.count) engines, \(wrongOperations) disagreements, \(Int(Date.now.timeIntervalSince(start))) s",
    "真值表：\(TruthTables.operations.count) 项运算，\(engines.count) 个引擎，不一致 \(wrongOperations) 个")
var proof = Proof(seed: seed, engines: engines)
start = .now
var nextReport = 10.0
var shown = 0
var elapsed = 0.0
do {
    while elapsed < seconds, proof.disagreements.count < limit {
        try proof.step(rules: step, limit: limit) { disagreement in
            try show(disagreement, shown)
            shown += 1
        }
        elapsed = Date.now.timeIntervalSince(start)
        if elapsed >= nextReport {
            say(
                "\(Int(elapsed)) s: \(proof.distinctRules) rules, \(proof.cases) rule × row cases",
                "\(Int(elapsed)) 秒：\(proof.distinctRules) 条规则，\(proof.cases) 个“规则×行”")
            nextReport += 30
        }
    }
} catch {
    say("error: \(error)", "错误：\(error)")
    exit(1)
}

/// Prints a disagreement, and writes the definitions and data to run it on.
func show(_ disagreement: Disagreement, _ index: Int) throws {
    let place = folder.appending(path: "\(seed)-\(index)")
    try CaseFiles.write(disagreement, to: place)
    let (files, command) = try CaseFiles.files(of: disagreement.question)
    print("\n==== \(place.path(percentEncoded: false))\n\(command)")
    for file in files {
        let lines = String(decoding: file.bytes, as: UTF8.self)
        if file.name == "definitions.yaml" {
            print(lines.components(separatedBy: "---\n").last ?? "")
        } else if disagreement.question.cells[String(file.name.dropLast(4))]?.isEmpty == false {
            print("\(file.name):\n\(lines.prefix(2000))")
        }
    }
    for answer in disagreement.answers { print("\(answer.engine): \(answer.verdict)") }
}

print(proof.coverage.table)
let gaps = proof.coverage.gaps
if !gaps.isEmpty { say("not covered: \(gaps.joined(separator: ", "))", "未覆盖以上各项") }
say(
    "\(proof.distinctRules) distinct rules of \(proof.ruleCount), \(proof.cases) rule × row cases, \(proof.disagreements.count) disagreements, seed \(seed), \(Int(elapsed)) s",
    "不同规则 \(proof.distinctRules) 条（共 \(proof.ruleCount) 条），“规则×行” \(proof.cases) 个，不一致 \(proof.disagreements.count) 个，种子 \(seed)，\(Int(elapsed)) 秒"
)
for refusal in proof.refusals { say("given up: \(refusal)", "未能判定：\(refusal)") }
let isEnough = proof.distinctRules >= wantedRules && proof.cases >= wantedCases
if !isEnough {
    say("fewer than \(wantedRules) rules or \(wantedCases) cases: give more SECONDS", "规则或数据不足，请增大 SECONDS")
}
exit(
    proof.disagreements.isEmpty && proof.refusals.isEmpty && wrongOperations == 0 && gaps.isEmpty && isEnough ? 0 : 1)
