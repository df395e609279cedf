"""The judge is judged: scripts/bench.sh runs this before it measures, since a judge that passes everything looks fast."""

import json
import pathlib
import tempfile
import unittest

from measure import Use, run
from verdict import faults_of_ours, faults_of_peer

HEADER = "rule,severity,table,key,row,court,message,file,line\n"


class Tiny:
    truth = {"A01": [2, 5], "D01": [1]}
    keys = {("anjian", 2): "a", ("anjian", 5): "b", ("dangshiren", 1): ""}

    def row_count(self, table):
        return {"anjian": 9, "dangshiren": 4}[table]


def rule(identifier, table, wrong, rows, **changes):
    counts = {"rows_in_scope": rows, "true": rows - wrong, "false": wrong, "undecided": 0, "error": 0}
    return {"id": identifier, "table": table, "builtin": False, "not_run": None, **counts, **changes}


RULES = [rule("A01", "anjian", 2, 9), rule("D01", "dangshiren", 1, 4)]
FINDINGS = ["A01,error,anjian,a,2,,,,", "A01,error,anjian,b,5,,,,", "D01,error,dangshiren,,1,,,,"]


class VerdictTests(unittest.TestCase):
    def faults(self, rules=RULES, findings=FINDINGS, status=1):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "findings.csv")
            path.write_text(HEADER + "".join(line + "\n" for line in findings), encoding="utf-8")
            use = Use(1, 1, 1, status, json.dumps({"rules": rules}))
            return faults_of_ours(use, path, Tiny(), ["A01", "D01"])

    def test_the_right_answer_passes(self):
        self.assertEqual(self.faults(), [])

    def test_a_wrong_status_is_a_fault(self):
        self.assertTrue(self.faults(status=70))

    def test_a_wrong_count_is_a_fault(self):
        self.assertTrue(self.faults(rules=[rule("A01", "anjian", 3, 9), RULES[1]]))

    def test_outcomes_that_do_not_add_up_are_a_fault(self):
        self.assertTrue(self.faults(rules=[rule("A01", "anjian", 2, 9, true=6), RULES[1]]))

    def test_rows_that_were_not_judged_are_a_fault(self):
        self.assertTrue(self.faults(rules=[rule("A01", "anjian", 2, 8), RULES[1]]))

    def test_a_rule_that_did_not_run_is_a_fault(self):
        self.assertTrue(self.faults(rules=[rule("A01", "anjian", 2, 9, not_run="no"), RULES[1]]))

    def test_a_missing_rule_is_a_fault(self):
        self.assertTrue(self.faults(rules=RULES[:1]))

    def test_a_builtin_finding_is_a_fault(self):
        extra = rule("type.anjian.larq", "anjian", 1, 9, builtin=True)
        self.assertTrue(self.faults(rules=[*RULES, extra]))

    def test_a_missing_finding_is_a_fault(self):
        self.assertTrue(self.faults(findings=FINDINGS[1:]))

    def test_a_finding_given_twice_is_a_fault(self):
        self.assertTrue(self.faults(findings=[FINDINGS[0], *FINDINGS]))

    def test_a_wrong_row_is_a_fault(self):
        self.assertTrue(self.faults(findings=[FINDINGS[0].replace(",2,", ",3,"), *FINDINGS[1:]]))

    def test_a_wrong_key_is_a_fault(self):
        self.assertTrue(self.faults(findings=[FINDINGS[0].replace(",a,", ",x,"), *FINDINGS[1:]]))

    def test_a_wrong_table_is_a_fault(self):
        self.assertTrue(self.faults(findings=[*FINDINGS[:2], FINDINGS[2].replace("dangshiren", "anjian")]))

    def test_a_wrong_order_is_a_fault(self):
        self.assertTrue(self.faults(findings=[FINDINGS[1], FINDINGS[0], FINDINGS[2]]))

    def test_a_peer_that_counts_wrong_is_at_fault(self):
        right, wrong = {"rules": 2, "wrong": 0, "bad": {}}, {"rules": 2, "wrong": 1, "bad": {"A01": [3, 2]}}
        self.assertEqual(faults_of_peer(Use(1, 1, 1, 0, json.dumps(right)), 2), [])
        self.assertTrue(faults_of_peer(Use(1, 1, 1, 0, json.dumps(wrong)), 2))
        self.assertTrue(faults_of_peer(Use(1, 1, 1, 0, json.dumps(right)), 3))
        self.assertTrue(faults_of_peer(Use(1, 1, 1, 1, json.dumps(right)), 2))


class MeasureTests(unittest.TestCase):
    def test_the_work_of_a_child_s_child_counts(self):
        # The sum takes a quarter of a second or more of a processor; the shell that waits for it next to nothing.
        use = run(["/bin/sh", "-c", "python3 -c 'print(sum(range(10**7)))'; exit 3"])
        self.assertGreater(use.cpu, 0.05)
        self.assertEqual((use.status, use.output), (3, "49999995000000\n"))


if __name__ == "__main__":
    unittest.main()
