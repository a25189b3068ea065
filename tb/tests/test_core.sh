#!/usr/bin/env bash
# The minimal core on the MMU (rtl/core, docs/integration.md): its page-table test passes on presets of four and of five
# levels, its own checks, the contract of the ports and the judge outside agree; and each of them has been seen red:
# planted defects of the MMU, planted mistakes of a core, a bit turned over in memory.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 3 "$work"/*/said "$work/told" 2> /dev/null || true; exit 1; }

for preset in tiny contrary; do
    OUT=$work/$preset scripts/core.sh $preset > "$work/told" || fail "$preset: wrong"
    grep -qE "^core: preset $preset: [0-9]{6} cycles, 1[89] traps, all as they must be" "$work/told" || fail "$preset: says something else"
done
levels=$(grep -c ' trap 14 error 0000 address 0000800000000000 ' "$work/contrary/said" || true)
[ "$levels" -eq 1 ] || fail "contrary: the steps with five levels were not tried"

# run NUMBER STATUS TEXT: with that planted
run() {
    local got=0
    CORE=build/tiny/core-planted/cc/core_bench TWINWALK_DEFECT=$1 OUT=$work/planted scripts/core.sh tiny > "$work/told" 2>&1 || got=$?
    [ $got -eq "$2" ] && grep -qF -- "$3" "$work/planted/said" "$work/told" || fail "with $1 planted: exit $got, not $2 with '$3'"
}
run 0 0 'all as they must be'
defect() { scripts/plant_defects.py list | awk -F '\t' -v name="$1" '$2 == name { print $1 }'; }
while read -r name says; do
    run "$(defect "$name")" 1 "$says"
done << 'END'
leaf_accessed_skipped halted 2
dirty_not_set_on_hit halted 2
cr2_without_offset halted 5
write_protect_ignored halted 6
gp_not_reported halted 11
invlpg_one_op_late halted 13
invpcid_2_spares_globals halted 14
walker_stays_at_fault has not ended
hit_answered_twice contract: kept_answer
upper_accessed_skipped 0x6000: 0x7007, not 0x7027
END
scripts/plant_defects.py mistakes > "$work/mistakes"
mistakes=0
while IFS=$'\t' read -r number _ says; do
    run "$number" 1 "$says"
    mistakes=$((mistakes + 1))
done < "$work/mistakes"
[ $mistakes -ge 18 ] || fail "only $mistakes mistakes of a core"
for rule in $(grep -oE "^ *(duty|kept)_[a-z]+ :" tb/core/mmu_contract.sv | tr -d ": "); do
    grep -q "contract: $rule" "$work/mistakes" || fail "no mistake for $rule"
    grep -q "^| \`$rule\` |" docs/integration.md || fail "docs/integration.md has no $rule"
done

# The judge, by itself: A taken from one entry, a trap that is not in the log, another address, no letter.
judged() {
    local got=0
    tb/core/judge.py config/tiny.toml "$work/memory" "$work/said" > "$work/told" || got=$?
    [ $got -eq 1 ] && grep -q "$1" "$work/told" || fail "the judge: exit $got, without '$1'"
}
cp "$work/tiny/said" "$work/said"
python3 - "$work/tiny/memory.hex" "$work/memory" << 'END'
import sys
lines = open(sys.argv[1]).read().split("\n")
at = 0x5000 // 64 + (lines[0].startswith("@"))
assert lines[at].endswith("6027"), lines[at]
lines[at] = lines[at][:-2] + "07"
open(sys.argv[2], "w").write("\n".join(lines))
END
judged '^0x5000: 0x6007, not 0x6027'
cp "$work/tiny/memory.hex" "$work/memory"
sed '0,/ trap /{/ trap /d}' "$work/tiny/said" > "$work/said"
judged '^18 traps, not 19'
sed 's/error 0003 address 0000000000042020/error 0003 address 0000000000042028/' "$work/tiny/said" > "$work/said"
judged '^trap 2: cause 14, error code 0x3, address 0x42028; expected 14, 0x3, 0x42020'
grep -v mailbox "$work/tiny/said" > "$work/said"
judged '^the mailbox got'

# What the assembler refuses.
refused() {
    printf '%s\n' "$1" > "$work/program.s"
    ! scripts/core_asm.py "$work/program.s" "$work/out.hex" 2> "$work/told" && grep -q "program.s: line 1: .*$2" "$work/told" || fail "the assembler takes: $1"
}
refused 'add r1, r2' 'no instruction add'
refused 'ld r16, 0(r1)' 'no register'
refused 'ld r1, 0x8000(r1)' 'does not fit'
refused 'jmp nowhere' 'nowhere'

# What is not built, and a bench that ends by itself.
got=0
CORE=$work/none OUT=$work/none-out scripts/core.sh tiny > "$work/told" 2>&1 || got=$?
[ $got -eq 2 ] && grep -q "there is no $work/none: make core PRESET=tiny builds it" "$work/told" || fail "no bench: exit $got"
CORE=/bin/false OUT=$work/false scripts/core.sh tiny > "$work/told" 2>&1 && fail "a bench that fails"
got=0
printf '#!/bin/sh\nexit 6\n' > "$work/six" && chmod +x "$work/six"
CORE=$work/six OUT=$work/false scripts/core.sh tiny > "$work/told" 2>&1 || got=$?
[ $got -eq 6 ] && grep -q 'the bench ended with status 6' "$work/told" || fail "a bench that ends with 6: exit $got"
