#!/usr/bin/env bash
# What the RTL is seen to do inside (walks, where they began, lookups of the STLB: tb/dut/events.c, out of its registers)
# is what the model counts of itself.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for trace in gcc random linux-4level; do
    build/tiny/twinwalk cosim --check=arch --limit=60000 --out="$work" --json="$work/json" traces/corpus/$trace.tw > "$work/said" || {
        cat "$work/said"
        exit 1
    }
    python3 - $trace "$work/json" << 'PY'
import json, sys
result = json.load(open(sys.argv[2]))
device, mmu = result["device"], result["mmu"]
told = [device[key] for key in ("walks", "walk_restarts", "stlb_miss", "psc_none", "psc_pde", "psc_pdpte", "psc_pml4e")]
counted = [mmu["walks"], mmu["walk_restarts"], mmu["stlb_miss"], mmu["psc_hit"][0], *mmu["psc_hit"][2:5]]
if told != counted or 0 in counted:
    sys.exit(f"{sys.argv[1]}: the RTL counts {told}, the model {counted}")
PY
done
