#!/usr/bin/env python3
"""Mutants of model and oracle that are the same function: the original and the mutated one go through all that the
function asks of its arguments, as far as a caller can give it, and must say the same, byte for byte. And those that
nothing but a sanitizer sees: the original is clean, the mutant is not.

  exhaust.py [--broken]    --broken: with mutants in the place of these that are none; each must be told

A case is a program that includes the source (and, where it asks for it, is linked with the array). The mutants are
those of equivalent.toml that name a case: `goes_through`, or `sanitizer`. Exit status: 0 all as said, 1 not, 2 wrong
usage, 7 a program cannot be built.
"""
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

# A word of PAT in which each byte is coded, as WRMSR takes it.
CODED = """static uint64_t coded(unsigned n)
{
    static const uint8_t codes[] = {0, 1, 4, 5, 6, 7};
    uint64_t pat = 0;
    for (unsigned i = 0; i < 8; i++, n /= 6)
        pat |= (uint64_t)codes[n % 6] << 8 * i;
    return pat;
}
enum { PATS = 6 * 6 * 6 * 6 * 6 * 6 * 6 * 6 };
"""
# Arrays of one set of three ways, of every size that each entry may have, or none, of two PCIDs and two pages, global
# or not: what tags are asked of. No two that one lookup matches (one_way_matches of docs/formal.md).
SETS = """static const struct geometry one_set = {.sets = 1, .ways = 3, .holds = 7, .lru = true};
static uint64_t tag_number(unsigned n)
{
    if (n == 24)
        return 0;
    return tlb_tag(n % 3, n / 3 % 2, n / 6 % 2 ? 1ull << 40 : 0) | (n / 12 ? TAG_GLOBAL : 0);
}
enum { TAGS = 25 };
static bool fill(struct tlb_array *a, unsigned n)
{
    tlb_reset(a);
    for (unsigned way = 0; way < 3; way++, n /= TAGS) {
        const uint64_t tag = tag_number(n % TAGS);
        for (unsigned other = 0; other < way; other++)
            if (tags_overlap(a->tag[other], tag))
                return false;
        if (tag)
            put(a, way, (struct cached){tag, way + 1});
    }
    return true;
}
static void say(const struct tlb_array *a)
{
    fwrite(a->tag, sizeof *a->tag, 3, stdout);
    fwrite(a->data, sizeof *a->data, 3, stdout);
    fwrite(&a->repl[0], sizeof a->repl[0], 1, stdout);
    fwrite(&a->valid, sizeof a->valid, 1, stdout);
    fwrite(a->held, sizeof a->held, 1, stdout);
}
"""
CASES = {
    # Every PAT that WRMSR takes, every index.
    "memory types": ("arch/rules_control.h", CODED + """int main(void)
{
    for (unsigned n = 0; n < PATS; n++)
        for (unsigned cd = 0; cd < 2; cd++) {
            const struct oracle_regs regs = {.pat = coded(n), .cr0 = cd ? CR0_CD : 0};
            if (wrmsr_pat_refused(regs.pat))
                return 1;
            for (unsigned index = 0; index < 8; index++)
                putchar(memory_type(&regs, index));
        }
    return 0;
}
"""),
    # Every page and key; of the key's two bits every value, all other keys' bits 0, or 1.
    "key violations": ("cycle/rights.h", """int main(void)
{
    for (unsigned rights = 0; rights < 16; rights++)
        for (unsigned key = 0; key < 16; key++)
            for (unsigned n = 0; n < 64; n++) {
                const uint32_t keys = (n >> 3 & 3) << 2 * key | (n & 32 ? ~(3u << 2 * key) : 0);
                const struct registers r = {.wp = n & 1, .pke = n & 2, .pks = n & 4, .pkru = keys, .pkrs = keys};
                const uint64_t said = key_violations(rights, key, &r);
                fwrite(&said, sizeof said, 1, stdout);
            }
    return 0;
}
"""),
    # All that it asks. XD = 1 comes with NXE = 1 alone: at every level an entry with both has reserved bits otherwise.
    "fetches": ("arch/rules_rights.h", """#include "model/arch/rules_entry.h"
int main(void)
{
    for (unsigned n = 0; n < 64; n++) {
        const struct oracle_regs regs = {.efer = n & 1 ? EFER_NXE : 0, .cr4 = n & 2 ? CR4_SMEP : 0};
        const struct rights r = {.nx = n & 4, .u = n & 8, .w = n & 16};
        const struct oracle_cpu cpu = {.paddr_bits = 36};
        for (unsigned level = 1; level <= 5; level++)
            if (!(n & 1) && !reserved_bits(&cpu, &regs, level, ENTRY_P | ENTRY_XD))
                return 1;
        if (r.nx && !(n & 1))
            continue;
        putchar(fetch_denied(&regs, &r, n & 32) ? fetch_denied(&regs, &r, n & 32)[14] : 0);
    }
    return 0;
}
"""),
    # A new entry, which is valid, and one that is or not: sizes, global or not, and each bit of address and PCID that
    # differs, or none.
    "overlaps": ("cycle/entry.h", """int main(void)
{
    for (unsigned n = 0; n < 128; n++)
        for (unsigned bit = 3; bit < 64; bit++) {
            const uint64_t a = TAG_VALID | (n & 3) << 1 | (n & 4 ? TAG_GLOBAL : 0);
            const uint64_t b = (n >> 3 & 3) << 1 | (n & 32 ? TAG_GLOBAL : 0) | n >> 6;
            putchar(tags_overlap(a, bit == 3 ? b : b ^ 1ull << bit));
        }
    return 0;
}
"""),
    "sweeps of a set": ("cycle/tlb_array.c", SETS + """int main(void)
{
    struct tlb_array a;
    if (!tlb_new(&a, one_set))
        return 1;
    for (unsigned n = 0; n < TAGS * TAGS * TAGS; n++)
        for (unsigned what = INV_NONGLOBAL; what <= INV_ALL; what++)
            for (unsigned pcid = 0; pcid < 2; pcid++)
                if (fill(&a, n)) {
                    tlb_drop_set(&a, 0, what, pcid);
                    say(&a);
                }
    tlb_free(&a);
    return 0;
}
"""),
    "fills of a set": ("cycle/tlb_array.c", SETS + """int main(void)
{
    struct tlb_array a;
    if (!tlb_new(&a, one_set))
        return 1;
    for (unsigned n = 0; n < TAGS * TAGS * TAGS; n++)
        for (unsigned tag = 0; tag < TAGS - 1; tag++)
            for (unsigned across = 0; across < 2; across++)
                if (fill(&a, n)) {
                    const struct tlb_plan plan = tlb_plan_fill(&a, 0, (struct cached){tag_number(tag), 9}, across);
                    tlb_write(&plan);
                    say(&a);
                }
    tlb_free(&a);
    return 0;
}
"""),
    # Every array and size; an array has none of a size that it does not hold.
    "lookups of a size": ("cycle/l1tlb.c", """int main(void)
{
    for (unsigned holds = 0; holds < 8; holds++)
        for (unsigned size = 0; size < 3; size++)
            for (unsigned held = 0; held <= (holds >> size & 1); held++) {
                uint64_t tag[2] = {held ? tlb_tag(size, 1, 0) : 0}, data[2] = {held};
                struct tlb_array a = {
                    .tag = tag, .data = data, .g = {.sets = 1, .ways = 2, .holds = holds}, .valid = held};
                struct found f = {0};
                a.held[size] = held;
                for (unsigned pcid = 0; pcid < 2; pcid++)
                    putchar(probe_size(&a, a.g, size, pcid, 0, &f));
            }
    return 0;
}
"""),
    "the last set": ("cycle/tlb_array.c", """int main(void)
{
    struct tlb_array a;
    if (!tlb_new(&a, (struct geometry){.sets = 2, .ways = 2, .holds = 1, .lru = true}))
        return 1;
    tlb_reset(&a);
    put(&a, 0, (struct cached){tlb_tag(0, 0, 0), 1});
    tlb_drop_set(&a, 1, INV_ALL, 0);
    tlb_free(&a);
    return 0;
}
"""),
    "a whole PAT": ("arch/rules_control.h", "int main(void) { return wrmsr_pat_refused(0) != NULL; }\n"),
    "an MMU": ("cycle/mmu.c", "int main(void) { mmu_free(mmu_new()); return 0; }\n"),
}


class Broken(Exception):
    """A program cannot be built."""


def said(folder, case, sanitized):
    """What the program of a case says on these sources, and how it ends."""
    source, text = CASES[case]
    (folder / "case.c").write_text(f'#include <stdio.h>\n#include "model/{source}"\n{text}')
    units = (sorted(path for path in (folder / "model/cycle").glob("*.c") if path.name != Path(source).name)
             if "cycle" in source and source.endswith(".c") else [])
    run = ["cc", "-std=gnu11", "-O1", "-w", "-I", ".", "-I", "model", "case.c",
           *(str(path.relative_to(folder)) for path in units), "-lm", "-o", "case", *(SANITIZERS if sanitized else [])]
    built = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    if built.returncode:
        raise Broken(built.stderr.strip()[-600:])
    ran = subprocess.run(["./case"], cwd=folder, capture_output=True, check=False)
    return ran.returncode, ran.stdout


def mutated(source, entry, broken):
    """The source with the mutant; broken: with its text negated instead, or a number's bits."""
    places = [at for at in range(len(source)) if source.startswith(entry["text"], at)]
    if "in" in entry:
        lines = [source.rfind("\n", 0, at) + 1 for at in places]
        places = [at for at, line in zip(places, lines) if source[line:source.find("\n", line)].strip() == entry["in"]]
    places = places[entry["nth"] - 1:][:1] if "nth" in entry else places
    if len(places) != 1:
        raise Broken(f"{entry['file']}: {entry['text']} stands there {len(places)} times, not once")
    new = f"{'~' if entry['text'].isdigit() else '!'}({entry['text']})" if broken else entry["new"]
    return source[:places[0]] + (f"({new})" if new else ";") + source[places[0] + len(entry["text"]):]


def main(arguments):
    if arguments not in ([], ["--broken"]):
        print(__doc__, file=sys.stderr)
        return 2
    entries = tomllib.loads((HOME / "scripts/mutants/equivalent.toml").read_text(encoding="utf-8"))["mutant"]
    entries = [entry for entry in entries if "goes_through" in entry or ("sanitizer" in entry and not arguments)]
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(HOME / "model", folder / "model", ignore=shutil.ignore_patterns("tests", "library"))
        header = subprocess.run([sys.executable, HOME / "scripts/config.py", "header", HOME / "config/tiny.toml"],
                                check=True, capture_output=True)
        (folder / "model/mmu_cfg.h").write_bytes(header.stdout)
        for entry in entries:
            case, path = entry.get("goes_through") or entry["sanitizer"], folder / entry["file"]
            source = path.read_text(encoding="utf-8")
            status, before = said(folder, case, "sanitizer" in entry)
            path.write_text(mutated(source, entry, bool(arguments)), encoding="utf-8")
            ended, behind = said(folder, case, "sanitizer" in entry)
            path.write_text(source, encoding="utf-8")
            same = ended == 0 and before == behind
            good = (status == 0
                    and (same != bool(arguments) and len(before) > 0 if "goes_through" in entry else ended != 0))
            wrong += not good
            what = (f"{len(before)} bytes, {'the same' if same else 'others'}" if "goes_through" in entry
                    else "clean" if ended == 0 else "seen by a sanitizer")
            print(f"{'' if good else 'WRONG '}{entry['file']}: {entry['text']!r} -> {entry['new']!r}: {case}: {what}")
    print(f"{len(entries) - wrong} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Broken as why:
        print(f"exhaust: {why}", file=sys.stderr)
        sys.exit(7)
