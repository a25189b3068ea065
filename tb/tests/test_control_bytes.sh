#!/usr/bin/env bash
# What a file says or is called never reaches the terminal as something that the terminal obeys.
set -eu
cd "$(dirname "$0")/../.."
twinwalk=$PWD/build/tiny/twinwalk
blocking=$PWD/$(scripts/dut.py where tb/examples/blocking_walker build/tiny)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 - <<'EOF'
import os
evil = b"\x1b]0;owned\x07\x1b[31m\xc2\x9b2J\x9b\x08\r\x7f"
print(end="")
open("name", "wb").write(evil)
os.mkdir(b"d" + evil)
def escaped(text): return b"".join(b"\\x%02x" % c for c in text)
head = b"twinwalk-trace 1\nbits 48\nprogram " + escaped(evil) + b"\nrecorder " + escaped(evil) + b"\n"
os_trace = head + (b"map 0x400000 0x401000 r-xp file 0x0 /bin/" + escaped(evil) + b"\nF 0x400000 4\nL 0x400008 8\n")
files = {
    "good": os_trace,
    "plain": b"twinwalk-trace 1\nbits 48\nprogram " + escaped(evil) + b"\nmap 0x400000 0x401000 r-xp " + escaped(evil) + b"\nF 0x400000 4\n",
    "word": b"twinwalk-trace 1\nbits 48\n" + evil + b" 1 2\n",
    "number": b"twinwalk-trace 1\nbits 48\nF 0x4" + evil + b" 4\n",
    "header": b"twinwalk-trace 1\n" + evil + b"\n",
    "first": evil + b"\n",
    "flag": b"twinwalk-trace 1\nbits 48\nF 0x400000 4 " + evil + b"\n",
    "unmapped": b"twinwalk-trace 1\nbits 48\nmap 0x400000 0x401000 r-xp " + escaped(evil) + b"\nF 0x400000 4\nL 0x900000 8\n",
    "cases": b"twinwalk-trace 1\nbits 48\ntables own\ncase " + escaped(evil) + b"\nmov cr3 0x1000\nL 0x900000 8 -> ok\n",
    "lackey": b"==1== Lackey\nI  04000000,3\n L 1ffe" + evil + b",8\n",
    "pin": b"0x400000: R 0x7fff" + evil + b"\n0x400000: R 0x7fff0000\n",
}
for name, text in files.items():
    open(name, "wb").write(text)
    open(b"d" + evil + b"/" + name.encode(), "wb").write(text)
EOF
folder=d$(cat name)
clean() { # clean COMMAND…: whatever comes of it, nothing of it is obeyed (looked at below, all at once)
    timeout 20 "$@" > said 2>&1 < /dev/null || :
    { printf '\nCOMMAND %s\n' "${*@Q}"; cat said; } >> all
}
for where in . "$folder"; do
    files="good plain word number header first flag unmapped cases lackey pin"
    [ "$where" = . ] || files="good word"
    for file in $files; do
        for verb in cosim model "memory --smaps=- --top=- --rollup=- --faults=-" "trace info" "trace text" "trace check" vectors profile; do
            clean "$twinwalk" $verb "$where/$file"
        done
        for format in lackey pin drmemtrace champsim; do clean "$twinwalk" trace import --from=$format "$where/$file" "$where/out.tw"; done
    done
    clean "$twinwalk" cosim --json="$where/none/j" "$where/good"
    clean "$twinwalk" cosim --dut="$blocking" --check=cycle --out="$where" "$where/good"
    clean "$twinwalk" cosim --json="$where/good" "$where/good"
    clean "$twinwalk" storm --records=5 "$where/none/x"
    clean cat "$(sed -n 's/^ *see *//p' said; find "$where" -name report.txt | head -n 1)"
done
python3 - all <<'EOF'
import re, sys
for part in open(sys.argv[1], "rb").read().split(b"\nCOMMAND ")[1:]:
    command, said = part.split(b"\n", 1)
    text = said.decode(errors="surrogateescape")
    if not said or re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\udc80-\udc9f]", text):
        sys.exit(f"raw control bytes, or nothing, from {command.decode()}:\n{said[:2000]!r}")
EOF
# The names are still what they were.
"$twinwalk" trace pack good good.tw && "$twinwalk" trace text good.tw again && "$twinwalk" trace pack again again.tw && cmp good.tw again.tw
