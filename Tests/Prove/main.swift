import Proof

var proof = Proof(seed: 1, engines: [NativeEngine()])
for _ in 0..<20 { try proof.step() }
print(proof.distinctRules, proof.cases, proof.disagreements.count)
for d in proof.disagreements.prefix(10) { print(d.question.rules, d.question.cells, d.answers) }
print(proof.coverage.table)
print(proof.coverage.gaps)
