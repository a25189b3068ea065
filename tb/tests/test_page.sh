#!/usr/bin/env bash
# The page of a mismatch: one file that needs no other, whole HTML, with what differed, the reduced case, the pins, the
# walk with the entry that decides; of traces, of random stimulus, and where the twins have no common clock. Foreign text
# cannot get into it.
set -eu
cd "$(dirname "$0")/../.."
bench=build/tiny/twinwalk-defects
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/plant_defects.py list > "$work/list"

# page NAME RUN…: the page that the defect's run leaves, in $page.
# In a folder whose name would be a mistake in HTML.
page() {
    export TWINWALK_DEFECT=$(awk -F'\t' -v name="$1" '$2 == name { print $1 }' "$work/list")
    shift
    rm -rf "$work/o<b>&t"
    ! $bench "$@" --out="$work/o<b>&t" --reduce=20 > "$work/said" 2>&1 || { cat "$work/said"; exit 1; }
    page=$(sed -n 's/^ *page  *//p' "$work/said")
    [ -s "$page" ] || { echo "no page:"; cat "$work/said"; exit 1; }
    python3 - "$page" << 'EOF'
import html.parser, sys
class Check(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            assert name not in ("src", "href"), value
            assert name == "xmlns" or "http" not in (value or ""), value
        if tag not in ("meta", "path", "rect"):
            self.open.append(tag)
    def handle_endtag(self, tag):
        if tag not in ("path", "rect"):
            assert self.open.pop() == tag, tag
text = open(sys.argv[1]).read()
check = Check()
check.feed(text)
assert not check.open, check.open
EOF
}
# The terminal says the same in 25 lines.
says() {
    [ "$(sed -n '/^  MISMATCH/,$p' "$work/said" | grep -vc '^twinwalk: ')" -le 25 ] || { echo "more than 25 lines:"; cat "$work/said"; exit 1; }
    for line; do grep -qE -- "^ {4,}$line" "$work/said" || { echo "the terminal does not say: $line"; cat "$work/said"; exit 1; }; done
}
has() { grep -q -- "$1" "$page" || { echo "the page has no \"$1\""; exit 1; }; }

page write_from_leaf_only cosim --check=cycle tb/defects/traces/rights.txt
has '<span class="bad">mem_req_addr</span> was <code>'
has 'twinwalk-trace 1'
has '<svg class="strip".*'
has 'class="wrong"'
# The PDE forbids the write: it is the one that decides.
has '<div class="entry decides"><b>PDE</b>'
[ "$(grep -c 'entry decides' "$page")" = 1 ]
says 'walk      write by user at 0x0*200000$' '> PDE    0x0*5025 at 0x3008 \(WB\): P=1 RW=0 US=1 A=1, table 0x5000$' \
    'result #PF, ' 'state     walker 1: W, from cycle 605 on: expected 0x0, actual 0x1$' 'pins      cycle .* >611 ' \
    'memory request  expected .* read 0x1000' 'memory request  actual .*!read 0x5000' 'again     build/tiny/twinwalk-defects cosim '
# A git that never ends costs the page one paragraph.
mkdir "$work/bin"
printf '#!/bin/sh\nexec sleep 1000\n' > "$work/bin/git"
chmod +x "$work/bin/git"
PATH=$work/bin:$PATH page write_from_leaf_only cosim --check=arch tb/defects/traces/rights.txt
! grep -q "Changed in the RTL" "$page" || { echo "the page knows what git has not said"; exit 1; }
page highest_walker_first random --check=cycle --requests=10000 --memory=random
has 'What was offered'
says 'walk      ' 'state     walker' 'memory request  actual .*!' 'again     build/tiny/twinwalk-defects random '
# What differs is drawn, also where it is none of the words that stand in the box.
page follower_has_size_4k random --check=cycle --requests=100000 --memory=random
has 'class="wrong"[^>]*>resp.[0-9]*..size 0x0<'
says 'walk      ' 'answer [01]        actual .*!resp.*size 0x0'
has '>resp.[0-9]*..size 0x[12]<'
page keep_bit_ignored cosim --check=events tb/defects/traces/spaces.txt
has 'comparison of kind <b>event</b>'
cp tb/defects/traces/rights.txt "$work/a<script>&b.txt"
page write_from_leaf_only cosim --check=arch "$work/a<script>&b.txt"
has 'a&lt;script&gt;&amp;b.txt'
! grep -q '<script' "$page"
# Of the walks that old entries may have led to, the first is drawn: that of memory.
page write_from_leaf_only random --check=arch --requests=20000 --squash=0 --seed=5
has '^with it:'
entries=$(sed '/^  rights/q' "$(dirname "$page")/walk.txt" | grep -cE '^  (PML5E|PML4E|PDPTE|PDE|PTE) ')
[ "$(grep -o 'class="entry[ "]' "$page" | wc -l)" -eq "$entries" ] || { echo "not one walk is drawn"; exit 1; }
echo "the page of a mismatch: as it should be"
