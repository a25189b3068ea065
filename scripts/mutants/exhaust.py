#!/usr/bin/env python3
"""Mutants of model and oracle that are the same function: the original and the mutated one go through all that the
function asks of its arguments, as far as a caller can give it, and must say the same, byte for byte. And those that
nothing but a sanitizer sees: the original is clean, the mutant is not.

  exhaust.py [--broken]    --broken: with mutants in the place of these that are none; each must be told

A case is a program that includes the source (and, where it asks for it, is linked with the array). The mutants are
those of equivalent.toml that name a case: `goes_through`, or `sanitizer`; `broken` is what --broken writes in the place
of what, where the text negated is no C, or the same; `presets`: in each of them, not in tiny alone. Exit status: 0 all
as said, 1 not, 2 wrong usage, 7 a program cannot be built.
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
    # An L1 entry of every size and with all rights, every access, and the registers that rights ask for: a step of the
    # MMU, in which the edge lives.
    "denied hits": ("cycle/l1tlb.c", """#include "model/cycle/mmu.h"
static struct pins_in in;
static struct pins_out out;
static void request(struct mmu *m, unsigned size, unsigned rights, unsigned access, unsigned regs)
{
    const unsigned port = (access & 3) == ACC_EXECUTE ? 0 : FETCH_PORTS;
    mmu_reset(m, &out);
    while (!out.ctl_ready)
        mmu_step(m, &(struct pins_in){0}, &out);
    m->regs.wp = regs & 1;
    m->regs.smep = regs >> 1 & 1;
    m->regs.smap = regs >> 2 & 1;
    m->regs.nxe = regs >> 3 & 1;
    m->regs.cet = regs >> 4 & 1;
    const uint64_t data = (rights & 15ull) << 40 | (uint64_t)(rights >> 4) << DATA_S_SHIFT;
    const struct tlb_plan plan = l1tlb_plan_fill(m, port, (struct cached){tlb_tag(size, 0, 0), data}, 0);
    tlb_write(&plan);
    in = (struct pins_in){.req_valid = 1u << port};
    in.req[port] = (struct pins_req){.acc = access & 3, .user = access >> 2 & 1, .imp = access >> 3 & 1,
                                     .ac = access >> 4 & 1, .ss = access >> 5};
    mmu_step(m, &in, &out);
}
int main(void)
{
    struct mmu *m = mmu_new();
    for (unsigned n = 0; n < 3 * 32 * 64 * 32; n++) {
        if ((n & 3) == 3)
            continue;
        request(m, n >> 16, n >> 11 & 31, n & 63, n >> 6 & 31);
        uint64_t w[2];
        for (unsigned i = 0; i < QUEUE; i++) {
            mmu_state(m, 6, i, w);
            fwrite(w, sizeof w, 1, stdout);
        }
        putchar(out.resp_valid);
        fwrite(&m->counts, sizeof m->counts, 1, stdout);
    }
    mmu_free(m);
    return 0;
}
"""),
    # Every page size that is built in, in every array of the STLB that may have it.
    "fills by size": ("cycle/stlb.c", """int main(void)
{
    for (unsigned size = 0; size <= (CFG_ARCH_PAGE_1G ? 2 : 1); size++)
        for (unsigned bit = 11; bit < 48; bit++) {
            struct mmu *m = mmu_new();
            act_fill(m, (struct cached){tlb_tag(size, 0, bit > 11 ? 1ull << bit : 0), 5});
            for (unsigned n = 0; n < STLB_ARRAYS_MAX; n++) {
                putchar((int)m->stlb[n].valid);
                fwrite(m->stlb[n].tag, 8, m->stlb[n].g.sets * m->stlb[n].g.ways, stdout);
            }
            for (unsigned n = 0; n < PSC_ARRAYS_MAX; n++)
                putchar((int)m->psc[n].valid);
            mmu_free(m);
        }
    return 0;
}
"""),
    # A queue with every state of every entry, confirm or not: that entries in PEND, SLK and FOLLOW have confirm = 0 is
    # so after a reset, and stays so, whatever happens to the queue; and so each lookup in C.
    "lookups in C": ("cycle/stlb.c", """#include <stdlib.h>
#include "model/cycle/l1tlb.h"
#include "model/cycle/walker.h"
enum { KINDS = 2 * QUEUE_STATES, ALL = KINDS * KINDS * KINDS };
_Static_assert(QUEUE == 4, "of tiny: three entries of any kind, and one that leads or waits");
static struct mmu *m;
static struct edge e;
static struct pins_out out;
static const struct pins_in in;
static bool supposed(void)
{
    for (unsigned n = 0; n < QUEUE; n++)
        if (((m->q.in[PEND] | m->q.in[SLK] | m->q.in[FOLLOW]) >> n & 1) && m->q.entry[n].confirm)
            return false;
    return true;
}
/* The first entries are what the number says, the last one is in NWALK; followers follow entry `leader`. */
static bool begin(unsigned number, unsigned leader)
{
    queue_reset(&m->q);
    walker_reset(&m->walkers);
    stlb_flush(&m->pipe);
    for (unsigned n = 0; n < QUEUE; n++, number /= KINDS) {
        const unsigned kind = n < 3 ? number % KINDS : NWALK;
        const enum queue_state s = kind % QUEUE_STATES;
        m->q.entry[n] = (struct queue_entry){.confirm = kind / QUEUE_STATES, .port = FETCH_PORTS};
        m->q.entry[n].leader = s == FOLLOW ? leader : 0;
        queue_move(&m->q, n, FREE, s);
        if (s != FREE)
            m->q.of_port[FETCH_PORTS] |= 1ull << n;
    }
    e = (struct edge){.free = m->q.in[FREE], .leaders = LEADER_STATES(&m->q), .idle = WALKERS_ALL};
    return supposed();
}
static void must(void)
{
    if (!supposed())
        exit(1);
}
/* What the STLB has of page 0: nothing, what forbids writes, what lacks D, what lets all pass. */
static void put_page(unsigned what)
{
    static const uint64_t data[] = {0, 1ull << 42, 3ull << 40, 11ull << 40};
    tlb_reset(&m->stlb[0]);
    if (what)
        act_fill(m, (struct cached){tlb_tag(0, 0, 0), data[what]});
}
static void lookups(unsigned number, unsigned leader)
{
    for (unsigned n = 0; n < 3; n++)
        for (unsigned what = 0; what < 4; what++)
            for (unsigned access = 0; access < 3; access++)
                if (begin(number, leader) && (m->q.in[SLK] >> n & 1)) {
                    put_page(what);
                    m->q.entry[n].access = access;
                    m->regs.wp = true;
                    act_lookup(m, n, &e);
                    must();
                    putchar(m->q.entry[n].confirm);
                    fwrite(m->q.in, sizeof m->q.in, 1, stdout);
                }
}
static void misses(unsigned number, unsigned leader)
{
    for (unsigned what = MISS_PLAIN; what <= MISS_FAULT; what++)
        for (unsigned page = 0; page < 2; page++)
            if (begin(number, leader) && __builtin_popcountll(m->q.in[FREE]) > FETCH_PORTS) { /* its port is ready */
                e.misses = 1;
                e.miss[0].what = what;
                e.miss[0].port = FETCH_PORTS;
                e.miss[0].va = page << 12;
                queue_allocate(m, &in, &e);
                must();
            }
}
static void outcomes(unsigned number, unsigned leader)
{
    for (unsigned n = 0; n < 3; n++)
        for (unsigned what = 0; what < 5; what++) {
            if (!begin(number, leader))
                return;
            const enum queue_state from = m->q.in[SLK] >> n & 1 ? SLK : WALK;
            if (what == 4 && (m->q.in[FINVW] >> n & 1))
                queue_fault_done(m, n);
            else if (what == 4 || !(m->q.in[from] >> n & 1))
                continue;
            else if (what < 2)
                queue_complete(m, n, from, (struct cached){tlb_tag(0, 0, 0), what ? 11ull << 40 : 0}, SRC_WALK, &e);
            else if (what == 2)
                queue_fault(m, n, from, 0, SRC_WALK);
            else
                queue_memory_error(m, n, from);
            must();
        }
}
static void others(unsigned number, unsigned leader)
{
    for (unsigned what = 0; what < 4 + (1 << QUEUE); what++) {
        if (!begin(number, leader))
            return;
        if (what == 0)
            queue_respond(m, &out);
        else if (what == 1)
            stlb_issue(m);
        else if (what == 2)
            walker_dispatch(m, &e);
        else if (what == 3)
            queue_restart(&m->q);
        else
            queue_squash(m, what - 4, &out);
        must();
    }
}
int main(void)
{
    m = mmu_new();
    mmu_reset(m, &out);
    must();
    for (unsigned number = 0; number < ALL; number++)
        for (unsigned leader = 0; leader < QUEUE; leader++) {
            lookups(number, leader);
            misses(number, leader);
            outcomes(number, leader);
            others(number, leader);
        }
    mmu_free(m);
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
    """The source with the mutant; broken: with its text negated instead, or a number's bits, or what it says itself."""
    if broken and "broken" in entry:
        times = source.count(entry["broken"][0])
        if times != 1:
            raise Broken(f"{entry['file']}: {entry['broken'][0]} stands there {times} times, not once")
        return source.replace(*entry["broken"])
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
    wrong = asked = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(HOME / "model", folder / "model", ignore=shutil.ignore_patterns("tests", "library"))
        for entry, preset in [(entry, preset) for entry in entries for preset in entry.get("presets", ["tiny"])]:
            config = [sys.executable, HOME / "scripts/config.py", "header", HOME / f"config/{preset}.toml"]
            header = subprocess.run(config, check=True, capture_output=True)
            (folder / "model/mmu_cfg.h").write_bytes(header.stdout)
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
            asked += 1
            what = (f"{len(before)} bytes, {'the same' if same else 'others'}" if "goes_through" in entry
                    else "clean" if ended == 0 else "seen by a sanitizer")
            what += "" if preset == "tiny" else f" ({preset})"
            print(f"{'' if good else 'WRONG '}{entry['file']}: {entry['text']!r} -> {entry['new']!r}: {case}: {what}")
    print(f"{asked - wrong} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Broken as why:
        print(f"exhaust: {why}", file=sys.stderr)
        sys.exit(7)
