#!/usr/bin/env bash
# Presets: the committed ones are sound, the documented table is theirs, and every kind of mistake is refused by key,
# value and reason.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

scripts/config.py check config/*.toml
scripts/config.py docs config/*.toml < docs/configuration.md | cmp - docs/configuration.md ||
    { echo "docs/configuration.md is not that of config/: run make docs"; exit 1; }

# refuse EDIT EXPECTED: the default preset, changed by a sed expression, must be refused with a message that contains
# the text.
refuse() {
    sed "$1" config/skylake.toml > "$work/mine.toml"
    if cmp -s "$work/mine.toml" config/skylake.toml; then echo "edit '$1' changes nothing"; exit 1; fi
    if message=$(scripts/config.py check "$work/mine.toml" 2>&1); then echo "accepted: $1"; exit 1; fi
    case $message in
    "config: $work/mine.toml: "*"$2"*) ;;
    *) echo "edit '$1' gave: $message"; echo "expected: $2"; exit 1 ;;
    esac
    [ "$(printf '%s\n' "$message" | wc -l)" -eq 1 ] || { echo "more than one line: $message"; exit 1; }
}
refuse 's/^paddr_bits.*/paddr_bits = 60/'            'arch.paddr_bits = 60: must be 36 to 52'
refuse 's/^paddr_bits.*//'                           'arch.paddr_bits is missing'
refuse 's/^paddr_bits.*/paddr_bits = "46"/'          'arch.paddr_bits = "46": must be a whole number'
refuse 's/^latency = 9/latency = 3/'                 'stlb.latency = 3: must be 5 to 16'
refuse 's/^count .*/count = 17/'                    'walkers.count = 17: must be 1 to 16'
refuse 's/^reply_bytes = 64/reply_bytes = 16/'       'walkers.reply_bytes = 16: must be one of 64, 8'
refuse 's/^reply_bytes = 64/reply_bytes = "8"/'      'walkers.reply_bytes = "8": must be a whole number'
refuse 's/^reply_bytes = 64/reply_bytes = true/'     'walkers.reply_bytes = true: must be a whole number'
refuse 's/entries = 1536/entries = 1500/'            'gives 125 sets, which is not a power of two'
refuse 's/entries = 1536/entries = 1537/'            'is not a multiple of its 12 ways'
refuse 's/^entries = 16$/entries = 2/'               'miss_queue.entries = 2: fewer than the 3 ports'
refuse 's/\["2m"\], entries = 32/["4k"], entries = 32/' 'is held by array0 already'
refuse 's/\["4k", "2m"\]/["4k"]/'                    'no array holds 2m pages'
refuse 's/\["pml4e"\]/["pml5e"]/'                    'needs arch.la57 = true'
refuse 's/^page_1g.*/page_1g = false/'               'needs arch.page_1g = true'
refuse "s/^random_min.*/random_min = $(printf '9%.0s' {1..5000})/" 'not a TOML file: Exceeds the limit'
refuse "s/^random_min.*/random_min = $(printf '[%.0s' {1..2000})/" 'not a preset: hundreds of brackets'
refuse 's/^random_min/"random\\nmin" = 1\nrandom_min/' '"memory.random\nmin" = 1: no such key'
refuse 's/^random_min.*/random_min = 999/'           'above memory.random_max = 120'
refuse 's/\["4k"\], entries = 128, ways = 8/["4k"], entries = 128, ways = 64/' 'at most 16 ways'
refuse '/^\[stlb\]/,/^array0/s/ways = 12/ways = 24/' 'stlb.array0.ways = 24: the STLB has at most 16 ways'
refuse 's/entries = 1536, ways = 12/entries = 32768, ways = 16/' \
    'stlb.array0.entries = 32768: must be a whole number from 1 to 16384'
refuse 's/^data  = 2/data = 7/; s/^fetch = 1/fetch = 2/' 'ports.data = 7: makes 9 ports with ports.fetch; at most 8'
refuse 's/^fetch = 1/fetch = 1\nsideways = 2/'       'ports.sideways = 2: no such key'
refuse 's/^la57 .*/la57 = yes/'                      'not a TOML file'
refuse 's/^llc_ways.*/llc_ways = 3/'                 'do not divide into a power of two of sets'
refuse '/^\[psc\]/,/^array0/s/"lru"/"mru"/'          'psc.replacement = "mru": must be one of plru, lru'
if scripts/config.py check "$work/none.toml" 2> "$work/error"; then echo "accepted a missing file"; exit 1; fi
grep -q "none.toml: No such file" "$work/error"
