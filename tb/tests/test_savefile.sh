#!/usr/bin/env bash
# The save file names only signals that the waveform has, shows every room of every DUT that has rooms, and its filters
# exist.
set -eu
cd "$(dirname "$0")/../.."
work=out/test/savefile
rm -rf $work
mkdir -p $work

# Signals as GTKWave calls them: a range of one bit is written [0].
names_in_waveform() {
    fst2vcd "$1" | awk '/^\$enddefinitions/ {exit}
        $1 == "$scope" {path[++depth] = $3}
        $1 == "$upscope" {depth--}
        $1 == "$var" {name = ""; for (i = 1; i <= depth; i++) name = name path[i] "."
                      range = $6 == "$end" ? "" : $6; sub(/^\[0:0\]$/, "[0]", range); print name $5 range}' | sort -u
}

for file in config/*.toml; do
    preset=$(basename "$file" .toml)
    fst=$work/$preset.fst save=$work/$preset.gtkw
    build/$preset/twinwalk cosim --waves=$fst --waves-to=3000 --limit=500 --out=$work traces/corpus/sqlite3.tw > $work/log
    names_in_waveform $fst > $work/has
    grep -v '^[][@*^-]' $save | sed 's/^+{[^}]*} //' | sort -u > $work/named
    [ "$(comm -13 $work/has $work/named)" = "" ] || { echo "$preset: not in the waveform:"; comm -13 $work/has $work/named; exit 1; }
    for state in "entries in PEND" SLK DENIED NWALK WALK FOLLOW FINV FINVW DONE; do
        grep -q "^+{$state} " $save || { echo "$preset: no entries in $state"; exit 1; }
    done
    ports=$(($(awk '/CFG_PORTS_(FETCH|DATA)/ {n += $3} END {print n}' build/$preset/gen/mmu_cfg.h)))
    walkers=$(awk '/CFG_WALKERS_COUNT/ {print $3}' build/$preset/gen/mmu_cfg.h)
    for room in bench "memory port" "miss queue" "STLB pipeline" "paging-structure caches" control \
                "request port $((ports - 1))" "response port $((ports - 1))" "walker $((walkers - 1))"; do
        grep -q "^-$room\$" $save || { echo "$preset: no group \"$room\""; exit 1; }
    done
    for thing in {view_resp_addr_i,view_resp_mt_i,view_resp_i}"[1][$((ports - 1))]" "view_mem_req_addr_i[1]"; do
        grep -qF "$thing" $save || { echo "$preset: no expectation $thing"; exit 1; }
    done
    sed -n 's/^^1 //p' $save | sort -u | while read -r filter; do
        [ -s "$work/$filter" ] || { echo "$preset: no filter $filter"; exit 1; }
    done
done
