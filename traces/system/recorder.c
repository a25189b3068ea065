/* The system recorder: a plugin for qemu-system-x86_64 (QEMU 7.2, TCG) that records a whole machine's memory accesses,
 * with its page tables and control registers, as a Twinwalk trace with its own tables.
 *
 *   -plugin twinwalk_system.so,out=FILE,memory=BYTES
 *     [,start=user|mark1…mark9][,until=mark1…mark9][,skip=N][,limit=N][,level=N]
 *
 * (scripts/capture_system.sh does this; docs/system-capture.md explains it.) Recording begins at the first block in
 * user mode, or behind a mark that the guest executes, and N accesses later with skip=N; it ends after limit=N
 * accesses, at a mark, or with the machine, and then QEMU ends too. */
#include "recorder.h"

#include "format/whole.h"

#include "machine.h"
#include "options.h"
#include "qemu_api.h"
#include "tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

PLUGIN_EXPORT int qemu_plugin_version = 1;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

/* An instruction in a pointer's 64 bits: its length, is it repeated, its place in its block, its physical address. */
enum { WORD_REPEATED = 4, WORD_OFFSET = 5, WORD_PA = 18, EFLAGS_AC = 1 << 18, MMU_INDEX = 15 };

enum phase { WAITING, SKIPPING, ACTIVE };

struct recorder recorder = {.rep_va = UINT64_MAX, .idt = UINT64_MAX, .pat = UINT64_C(0x0007040600070406)};

static enum phase phase;

/* The processor's mode in a block is always the same (QEMU looks blocks up by it): read when it is first entered. */
struct block {
    uint8_t mode;
    bool known;
};

static const char is_lidt; /* what memory callbacks of LIDT are told */

static void fail(const char *why)
{
    fprintf(stderr, "twinwalk capture: %s: %s\n", options.out, why);
    whole_drop_all();
    _exit(1);
}

/* ---- The end ---- */

static void finish(const char *why)
{
    recorder.active = false;
    const char *error = queue_close();
    if (error)
        fail(error);
    _exit(recorder_summary(why) ? 0 : 1);
}

void recorder_access_done(void)
{
    if (recorder.counts.accesses >= options.limit)
        finish("the limit");
}

static void on_exit_of_machine(qemu_plugin_id_t id, void *user)
{
    (void)id, (void)user;
    if (phase == ACTIVE)
        finish("the machine's end");
    fprintf(stderr, "twinwalk capture: %s: nothing recorded: the guest ended before the recording began\n",
            options.out);
}

/* ---- The start ---- */

static void start(void)
{
    enum { CR0_PG_PE = 0x80000001u, EFER_LMA = 1 << 10, CR4_LA57 = 1 << 12 };
    struct trace_info about = {.own_tables = true};
    const char *program = getenv("TWINWALK_PROGRAM"), *error;
    if ((machine_register(REG_CR0) & CR0_PG_PE) != CR0_PG_PE || !(machine_register(REG_EFER) & EFER_LMA))
        fail("the machine is not in 64-bit mode where the recording begins");
    about.linear_bits = machine_register(REG_CR4) & CR4_LA57 ? 57 : 48;
    snprintf(about.program, sizeof about.program, "%s", program ? program : "an operating system");
    snprintf(about.recorder, sizeof about.recorder, "twinwalk system recorder (QEMU 7.2, TCG)");
    error = queue_open(options.out, &about, (int)options.level, fail);
    if (error)
        fail(error);
    if (!tables_open(options.memory, access_poke))
        fail("out of memory");
    phase = ACTIVE;
    recorder.active = true;
    recorder.stamp = 1;
    control_start();
}

/* Until here only what must be known of the past was looked at. From the next block on everything is. */
static void begin(void)
{
    phase = SKIPPING;
    machine_retranslate();
}

/* ---- Execution ---- */

static uint8_t block_mode(struct block *block)
{
    if (!block->known) {
        block->known = true;
        block->mode = ((machine_register(REG_CS) & 3) == 3 ? 0 : TRACE_SUPERVISOR) |
                      (machine_register(REG_EFLAGS) & EFLAGS_AC ? TRACE_AC : 0);
    }
    return block->mode;
}

/* Before the beginning. */
static void on_early_block(unsigned vcpu, void *user)
{
    (void)vcpu;
    if (recorder.pending)
        control_pending(machine_register(REG_RIP));
    if (phase == WAITING && options.start == OPTIONS_START_USER && !(block_mode(user) & TRACE_SUPERVISOR))
        begin();
}

static void on_block(unsigned vcpu, void *user)
{
    (void)vcpu;
    if (recorder.pending)
        control_pending(machine_register(REG_RIP));
    if (phase == SKIPPING && !options.skip)
        start();
    if (phase != ACTIVE)
        return;
    recorder.rip = machine_register(REG_RIP);
    recorder.mode = block_mode(user);
    faults_block(recorder.rip);
}

static void on_fetch(unsigned vcpu, void *user)
{
    const uint64_t word = (uint64_t)(uintptr_t)user, pa = word >> WORD_PA;
    (void)vcpu;
    if (phase != ACTIVE) {
        options.skip -= phase == SKIPPING && options.skip;
        return;
    }
    if (recorder.pending)
        control_pending(UINT64_MAX);
    const uint64_t va = recorder.rip + (word >> WORD_OFFSET & 0x1fff);
    const bool repeated = word >> WORD_REPEATED & 1;
    if (!repeated || recorder.rep_va != va) /* the next round of a repeated instruction is no fetch */
        access_put(TRACE_FETCH, va, word & 15, pa == UINT64_MAX >> WORD_PA ? UINT64_MAX : pa, recorder.mode);
    recorder.rep_va = repeated ? va : UINT64_MAX;
}

static void mark(unsigned number)
{
    if (phase == ACTIVE)
        fprintf(stderr, "twinwalk capture: mark %u at access %" PRIu64 "\n", number, recorder.counts.accesses);
    else if (phase == WAITING && number == options.start)
        begin();
    if (phase == ACTIVE && number == options.until)
        finish("the mark");
}

static void on_special(unsigned vcpu, void *user)
{
    const struct special_insn *s = user;
    (void)vcpu;
    if (s->insn.special == SPECIAL_MARK) {
        mark(s->insn.number);
        return;
    }
    recorder.pending = s;
    recorder.pending_va = recorder.rip + s->offset;
}

/* LIDT reads the size, 2 bytes, and then the table's address. */
static void lidt_reads(uint64_t va, unsigned bytes)
{
    const uint64_t pa = bytes == 8 ? access_look(va) : UINT64_MAX;
    uint64_t base = 0;
    if (pa == UINT64_MAX)
        return;
    for (unsigned i = 0; i < 8; i++) /* it need not be aligned */
        base |= (machine_word(pa + i) >> 8 * ((pa + i) & 7) & 0xff) << 8 * i;
    recorder.idt = base;
    faults_forget();
}

/* QEMU keeps a TLB for each kind of access and tells which this one used. Their numbers differ between its versions, so
 * those of supervisor accesses are learnt; one of them at CPL 3 is an implicit access. */
static uint8_t access_mode(qemu_plugin_meminfo_t info)
{
    static uint32_t supervisors;
    const uint32_t tlb = UINT32_C(1) << (info & MMU_INDEX);
    if (recorder.mode & TRACE_SUPERVISOR)
        supervisors |= tlb;
    return recorder.mode | (!(recorder.mode & TRACE_SUPERVISOR) && supervisors & tlb ? TRACE_IMPLICIT : 0);
}

static void on_memory(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *user)
{
    const bool store = qemu_plugin_mem_is_store(info);
    const unsigned bytes = 1u << qemu_plugin_mem_size_shift(info);
    (void)vcpu;
    if (phase == SKIPPING && options.skip)
        options.skip--;
    if (phase != ACTIVE && !user && !(store && bytes == 2))
        return;
    struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, va);
    const bool device = hw && qemu_plugin_hwaddr_is_io(hw);
    uint64_t pa = hw && !device ? qemu_plugin_hwaddr_phys_addr(hw) : UINT64_MAX;
    if (device && store && bytes == 2) { /* so virtio drivers tell their device that there is work */
        machine_drain();
        recorder.counts.drained++;
    }
    if (user == &is_lidt)
        lidt_reads(va, bytes);
    if (phase != ACTIVE)
        return;
    if (pa >= options.memory) {
        recorder.counts.devices++;
        pa = UINT64_MAX;
    }
    access_put(store ? TRACE_STORE : TRACE_LOAD, va, bytes, pa, access_mode(info));
    if (!store || pa == UINT64_MAX)
        return;
    const unsigned first = 0x1000 - (va & 0xfff) < bytes ? 0x1000 - (unsigned)(va & 0xfff) : bytes;
    tables_store(pa, first);
    faults_store(pa);
    if (first < bytes) {
        const struct walked own = walk(&recorder.regs, tables_word, va + first, TRACE_STORE, recorder.mode);
        if (own.kind == WALK_OK)
            tables_store(own.pa, bytes - first);
    }
}

/* ---- Translation ---- */

static void translate_insn(struct qemu_plugin_insn *insn, uint64_t offset, bool early)
{
    const size_t length = qemu_plugin_insn_size(insn);
    const struct decoded d = decode(qemu_plugin_insn_data(insn), length);
    const uint64_t pa = machine_address(qemu_plugin_insn_haddr(insn));
    const uint64_t word = (pa << WORD_PA) | offset << WORD_OFFSET | (uint64_t)d.repeated << WORD_REPEATED | length;
    if (!early)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_fetch, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)word);
    if (!early || d.special == SPECIAL_LIDT || d.stores_word)
        qemu_plugin_register_vcpu_mem_cb(insn, on_memory, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
                                         d.special == SPECIAL_LIDT ? (void *)(uintptr_t)&is_lidt : NULL);
    if (d.special == SPECIAL_NONE || d.special == SPECIAL_LIDT)
        return;
    struct special_insn *s = malloc(sizeof *s);
    if (!s)
        fail("out of memory");
    *s = (struct special_insn){d, (uint32_t)offset};
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_special, QEMU_PLUGIN_CB_NO_REGS, s);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    struct block *block = calloc(1, sizeof *block);
    static bool mapped;
    const bool early = phase == WAITING;
    const char *error = mapped ? NULL : machine_map(options.memory);
    (void)id;
    mapped = true;
    if (!block)
        error = "out of memory";
    if (error)
        fail(error);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, early ? on_early_block : on_block, QEMU_PLUGIN_CB_NO_REGS, block);
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        translate_insn(insn, qemu_plugin_insn_vaddr(insn) - qemu_plugin_tb_vaddr(tb), early);
    }
}

/* ---- Loading ---- */

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!options_take(argv[i])) {
            fprintf(stderr,
                    "twinwalk capture: wrong option \"%s\"; known are out=FILE memory=BYTES (at most 2 GiB) "
                    "start=user|markN until=markN "
                    "skip=N limit=N level=1…19\n",
                    argv[i]);
            return -1;
        }
    const char *error = machine_open();
    if (!options.out || !options.memory)
        error = "out=FILE and memory=BYTES are needed (scripts/capture_system.sh gives them)";
    if (!info->system_emulation || strcmp(info->target_name, "x86_64"))
        error = "needs qemu-system-x86_64";
    if (error) {
        fprintf(stderr, "twinwalk capture: %s\n", error);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_machine, NULL);
    return 0;
}
