#!/usr/bin/env bash
# Sentences of docs/microarchitecture.md, broken in the clocked model: a unit test must notice. A dozen in every run,
# by a new seed, which is printed; docs/statements.md names the test for each of them.
set -eu
cd "$(dirname "$0")/../.."

scripts/wrong_rules.py --sample=12 --presets="tiny contrary"

# The table is of the rules that there are, and none is without a test.
python3 - <<'EOF'
import pathlib
import sys
import tomllib

rules = [f"| {r['section']} | {r['says']} | `" for r in tomllib.loads(pathlib.Path("model/tests/wrong/rules.toml").read_text())["rule"]]
rows = [line for line in pathlib.Path("docs/statements.md").read_text().splitlines() if line.startswith("| ") and line[2].isdigit()]
wrong = [rule for rule in rules if sum(row.startswith(rule) for row in rows) != 1]
if wrong or len(rows) != len(rules):
    sys.exit(f"docs/statements.md is not of these rules ({len(rows)} rows, {len(rules)} rules; {wrong[:3]}): scripts/wrong_rules.py --document")
EOF

# A rule that no test notices is told, with status 1; so is one whose text has gone.
scratch=build/wrong/test
rm -rf "$scratch"
mkdir -p "$scratch/scripts" "$scratch/model/tests/wrong"
for part in model/cycle model/arch model/mem build docs config; do mkdir -p "$(dirname "$scratch/$part")"; ln -sfn "$PWD/$part" "$scratch/$part"; done
for file in model/*.h; do ln -sf "$PWD/$file" "$scratch/model/"; done
ln -sf "$PWD"/model/tests/test_repl.c "$PWD"/model/tests/cycle_bench.h "$PWD"/model/tests/test_l1tlb.c "$scratch/model/tests/"
cp scripts/wrong_rules.py "$scratch/scripts/"
cat > "$scratch/model/tests/wrong/rules.toml" <<'EOF'
[[rule]]
section = 12
says = "nothing"
file = "mem_arb.c"
old = "arb->chosen = (int)round_robin(requesters, arb->rr_mem);"
new = "arb->chosen = (int)round_robin(requesters, arb->rr_mem + 0);"
EOF
set +e
said=$("$scratch/scripts/wrong_rules.py" --presets=tiny)
status=$?
set -e
[ "$status" = 1 ] && grep -q 'FAIL section 12: nothing: no test fails on tiny' <<< "$said" || {
    echo "a rule that nothing notices: status $status"
    echo "$said"
    exit 1
}
sed -i 's/^old = .*/old = "not there"/' "$scratch/model/tests/wrong/rules.toml"
if "$scratch/scripts/wrong_rules.py" --presets=tiny 2> "$scratch/says"; then
    echo "a rule whose text has gone passed"
    exit 1
fi
grep -q 'mem_arb.c holds the text to replace 0 times' "$scratch/says"
