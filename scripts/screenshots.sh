#!/usr/bin/env bash
# Draws the pages that runs leave as PNG, for the docs: docs/mismatch-page.png from README's change to try,
# docs/compare-page.png and docs/compare-wrong.png from prepared changes (tb/changes/), docs/dashboard-page.png from a
# few commits in a copy. Wants a Chromium (Debian: chromium) and ImageMagick in PATH, and a built bench of preset tiny.
#
#   scripts/screenshots.sh [FOLDER [PAGES]]     where they go (docs); some of "mismatch_page compare_pages dashboard_page"
set -eu
cd "$(dirname "$0")/.."
to=${1:-docs}
for tool in chromium convert; do
    command -v $tool > /dev/null || { echo "SKIP: $tool is not in PATH (Debian: chromium, imagemagick)"; exit 77; }
done
make -s PRESET=tiny build/tiny/twinwalk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shot PAGE NAME HEIGHT. LOOK=dark draws it as a dark desktop shows it.
look=--blink-settings=preferredColorScheme=$([ "${LOOK:-light}" = dark ] && echo 0 || echo 1)
shot() {
    timeout 120 chromium --headless "$look" --no-sandbox --disable-gpu --hide-scrollbars --window-size="1250,$3" \
        --screenshot="$work/shot.png" "file://$1" > "$work/said" 2>&1 || { cat "$work/said"; exit 7; }
    convert "$work/shot.png" -colors 96 -define png:compression-level=9 "$to/$2"
    echo "$to/$2"
}

# README's change to try, in a copy.
mismatch_page() {
    mkdir -p "$work/broken/build/tiny"
    git ls-files -z | tar -cf - --null -T - | tar -xf - -C "$work/broken"
    cp -a build/tiny/{cc,gen,obj,twinwalk} "$work/broken/build/tiny/" # so that only what changes is built
    cp -a build/verilated build/verilator.stamp "$work/broken/build/"
    (
        cd "$work/broken"
        git init -q . && git add -A && git -c user.name=t -c user.email=t@localhost commit -qm all
        sed -n '/^## Change a line/,/^    make/s/^    //p' README.md > "$work/try"
        bash "$work/try" > "$work/said" 2>&1 || true
    )
    shot "$(realpath "$work"/broken/out/mismatch-*/report.html)" mismatch-page.png 1570
}

# A change that is right, and one that is not.
compare_pages() {
    mkdir "$work/corpus"
    cp traces/corpus/{sqlite3-start,pipeline,jit}.t* "$work/corpus/"
    for page in "stlb_latency compare-page 1500" "wrong_sweep compare-wrong 1250"; do
        set -- $page
        python3 scripts/compare --base=. --head="tb/changes/$1.patch" --presets=tiny --corpus="$work/corpus" --limit=200000 \
            --allow="cycles<=+2%" --out="$work/compare-$1" > "$work/said" || true
        # A page that does not name a folder of this machine.
        sed "s|$work/compare-$1|out/compare|g" "$work/compare-$1/index.html" > "$work/compare-$1/page.html"
        shot "$(realpath "$work/compare-$1/page.html")" "$2.png" "$3"
    done
}

# A history: the commit here, a slower STLB, more walkers, the STLB as before; then changes that are not
# committed, a wrong one and a slow one.
dashboard_page() {
    copy=$work/history
    mkdir -p "$copy/build/tiny" "$work/mine"
    git ls-files -z | tar -cf - --null -T - | tar -xf - -C "$copy"
    cp -a build/tiny/{cc,gen,obj,twinwalk} "$copy/build/tiny/"
    cp -a build/verilated build/verilator.stamp "$copy/build/"
    for trace in sqlite3-start pipeline jit python3 linux-4level; do cp traces/corpus/$trace.t* "$work/mine/"; done
    (
        cd "$copy"
        git init -q .
        commit() { git add -A && git -c user.name=t -c user.email=t@localhost commit -qm "$1"; }
        regress() {
            for preset in tiny contrary; do make -s "PRESET=$preset" "build/$preset/twinwalk"; done
            scripts/regress.py --corpus="$work/mine" --presets="tiny contrary" --limit=200000 > "$work/said" 2>&1 || :
        }
        commit "[rtl] Count restarted walks"
        regress
        sed -i '/^\[stlb\]/,/^\[/s/^latency *= *.*/latency = 7/' config/tiny.toml
        commit "[rtl] Read the second-level TLB in two more stages"
        regress
        sed -i '/^\[walkers\]/,/^\[/s/^count *=.*/count = 4/' config/tiny.toml config/contrary.toml
        commit "[rtl] Four walkers"
        regress
        sed -i '/^\[stlb\]/,/^\[/s/^latency *= *.*/latency = 5/' config/tiny.toml
        commit "[rtl] Read the second-level TLB as before"
        regress
        sed -i 's/missing     = !v\[BitA\];/missing     = 0;/' rtl/mmu_walker.sv
        regress
        git checkout -q rtl
        python3 scripts/compare --base=HEAD~2 --presets=tiny --corpus="$work/mine" --limit=200000 --allow="cycles<=+2%" > "$work/said" || :
        sed -i '/^\[stlb\]/,/^\[/s/^latency *= *.*/latency = 6/' config/tiny.toml
        regress
    )
    sed "s|$work/mine|mine|g" "$copy/out/dashboard.html" > "$copy/out/page.html"
    shot "$copy/out/page.html" dashboard-page.png 1900
}

for page in ${2:-mismatch_page compare_pages dashboard_page}; do $page; done
