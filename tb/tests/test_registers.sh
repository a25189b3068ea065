#!/usr/bin/env bash
# Every register of the RTL is written when a device is put into a state (tb/dut/registers.h), and one that is left out is
# seen, whichever, by two means that need no luck. One looks at the registers: written on ones and on zeros they must be
# the same. The other does not: a device that is put into its own state every few cycles (tb/tests/leftout), under random
# stimulus, must go on as the model does. A register without a rule, or with another name, is told.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; tail -n 20 "$work/said"; exit 1; }

names=$(grep -o 'registers\.\w*_q(' tb/dut/registers.h | sed 's/registers\.//; s/($//' | sort -u)
[ "$(wc -w <<< "$names")" -ge 90 ] || { echo "registers.h names hardly a register"; exit 1; }

# reborn PRESET NAME OPTIONS…: the device without that register.
reborn() {
    local preset=$1 name=$2
    shift 2
    LEFT_OUT=$name timeout 120 build/$preset/twinwalk-leftout random --check=state --brief --reduce=0 --out="$work/out" "$@" > "$work/said" 2>&1
}

# ---- looked at: tiny has no block RAM, and what is of it alone has no instance there; ecp5 has. Neither tells a fault out
# ---- of an L1 ----
block='_g_block_read_q|_p_(write|fresh|set|fill)_q|_g_late_c_(pick|globs|words)_q'
told='_g_told_access_q'
export REBORN=29
for preset in tiny ecp5; do
    for seed in 1 4; do # 4: memory errors (tb/random/random.h)
        WATCHED=1 reborn $preset none --requests=10000 --state-every=512 --seed=$seed || fail "$preset with every register"
    done
    for name in $names; do
        got=0
        WATCHED=1 reborn $preset "$name" --requests=500 || got=$?
        if grep -qE "$told" <<< "$name" || { [ $preset = tiny ] && grep -qE "$block" <<< "$name"; }; then
            [ $got -eq 0 ] || fail "exit $got: $preset has $name"
        else
            [ $got -eq 1 ] && grep -q "leftout: $name is not written" "$work/said" || fail "exit $got: $preset without $name"
        fi
    done
done

# ---- not looked at: as many seeds as it takes, and a register that no seed shows is an error. Written as 0, which they
# ---- are in every state that can be written: what control and a sweep latch, what C is told of the C before it, what an L1
# ---- and the queue know late (but for what is denied), and (in tiny) what is of block RAM ----
late='_l1tlb_(fill|fill_tag|fill_data|filled_data)_q|_dropped_q|_array_g_late_(ok|gone|new|new_ok|new_denied|hit|set|size|written|written_place)_q|_asked_q|_queue_(follows|plain)_q'
still="u_ctl_(state|op|data|desc|gp|inv|j)_q|u_stlb_c_(sweep|init|whole)_q|_c_(place|same)_q|_p_new_q|_w_(write|low|set)_q|$late|$told|$block"
export REBORN=7
for name in $(grep -vE "$still" <<< "$names"); do
    for seed in 1 3 2 4 5 6 7 8 long none; do # long: the first once more, on and on
        [ $seed != none ] || fail "exit $got without $name, with every seed"
        got=0 run="--requests=4000 --seed=$seed"
        [ $seed != long ] || run="--requests=60000 --seed=1"
        reborn tiny "$name" --state-every=64 $run || got=$?
        [ $got -ne 1 ] || break
    done
    grep -q "^  \(MISMATCH\|HANG\)" "$work/said" || fail "exit $got without $name"
done

# ---- what the build says of a register that nobody writes, and of one that has another name; the device refuses then ----
mkdir "$work/cc"
sed 's/^\( *\)CData.* \(\w*\)u_ctl__DOT__gp_q;/&\n\1CData \2u_ctl__DOT__new_q;/' build/tiny/cc/Vmmu___024root.h > "$work/cc/Vmmu___024root.h"
scripts/verilate.py registers "$work/cc" Vmmu rtl/*.sv 2> "$work/said"
grep -q "u_ctl_new_q has no rule in tb/dut/registers.h" "$work/said" && grep -q "u_ctl_new_q has no rule" "$work/cc/Vmmu_registers.h" ||
    fail "a register without a rule is not told"
cp build/tiny/cc/Vmmu___024root.h "$work/cc/"
sed 's/gp_q/gp/' rtl/mmu_ctl.sv > "$work/mmu_ctl.sv"
scripts/verilate.py registers "$work/cc" Vmmu "$work/mmu_ctl.sv" 2> "$work/said"
grep -q "mmu_ctl.sv has a register that is not called NAME_q: gp" "$work/said" || fail "a register with another name is not told"
for header in build/*/cc/Vmmu_registers.h; do
    grep -A2 'registers_reason' "$header" | grep -q 'return "";' || fail "$header: not every register is written"
done
