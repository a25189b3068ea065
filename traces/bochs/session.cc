/* When a recording begins, and when it ends. The environment says so:
 *
 *   TWINWALK_OUT      the trace; without it nothing is recorded
 *   TWINWALK_LIMIT    accesses to record, and the rest of the instruction; then Bochs ends (default 1000000)
 *   TWINWALK_START    recording begins when the guest has written this text to its first serial port; "": at the first instruction of CPL 3
 *   TWINWALK_SKIP     … and so many instructions later
 *   TWINWALK_STOP     recording and Bochs end when the guest has written this text; "": not
 *   TWINWALK_LEVEL    zstd's level (default 3)
 *   TWINWALK_PROGRAM  what runs, for the trace's header */
#define NEED_CPU_REG_SHORTCUTS 0
#include "bochs.h"
#include "cpu/cpu.h"
#include "memory/memory-bochs.h"
#include "session.h"
#include "recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIAL = 0x3f8 };

/* A text that the guest may write, and how much of it has come. */
struct marker {
    const char *text;
    size_t seen;
};

static struct {
    recorder_options options;
    marker start, stop;
    bool ready;                /* recording begins once `skip` instructions have passed */
    bool over;
    unsigned long long skip;
} state;

Bit32u session_pkru;

const uint64_t *session_page(uint64_t pa)
{
    return pa < state.options.memory ? (const uint64_t *)BX_MEM(0)->getHostMemAddr(NULL, pa, BX_READ) : NULL;
}

static unsigned long long number(const char *name, unsigned long long preset, unsigned long long least, unsigned long long most)
{
    const char *text = getenv(name);
    if (!text || !*text)
        return preset;
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (*end || *text == '-' || n < least || n > most) {
        fprintf(stderr, "twinwalk bochs: %s is %s; it must be a number, %llu ... %llu\n", name, text, least, most);
        _Exit(2);
    }
    return n;
}

static const char *text(const char *name, const char *preset)
{
    const char *value = getenv(name);
    return value ? value : preset;
}

void twinwalk_start(void)
{
    state.options.out = text("TWINWALK_OUT", "");
    state.options.program = text("TWINWALK_PROGRAM", "Linux");
    state.options.limit = number("TWINWALK_LIMIT", 1000000, 1, ~0ull);
    state.options.level = (int)number("TWINWALK_LEVEL", 3, 1, 19);
    state.options.memory = BX_MEM(0)->get_memory_len();
    state.options.page = session_page;
    state.skip = number("TWINWALK_SKIP", 0, 0, ~0ull);
    state.start.text = text("TWINWALK_START", "");
    state.stop.text = text("TWINWALK_STOP", "");
    state.over = !*state.options.out;
}

/* ---- The end ---- */

void session_finish(const char *why)
{
    state.over = true;
    if (recorder_active())
        recorder_end();
    else
        fprintf(stderr, "twinwalk bochs: %s: nothing was recorded\n", state.options.out);
    fprintf(stderr, "twinwalk bochs: ended at instruction %llu: %s\n", (unsigned long long)BX_CPU(0)->get_icount(), why);
    fflush(NULL);
    _Exit(0);
}

void twinwalk_end(void)
{
    if (!state.over)
        session_finish("Bochs ends");
}

/* ---- The beginning ---- */

static void begin(void)
{
    const BX_CPU_C *cpu = BX_CPU(0);
    recorder_registers r;
    r.cr0 = cpu->cr0.val32;
    r.cr3 = cpu->cr3;
    r.cr4 = cpu->cr4.val32;
    r.efer = cpu->efer.val32;
    r.pat = cpu->msr.pat.u64;
    r.pkru = session_pkru = cpu->pkru;
    if (!cpu->long64_mode()) {
        fprintf(stderr, "twinwalk bochs: recording would begin outside 64-bit mode: choose another TWINWALK_START\n");
        _Exit(2);
    }
    fprintf(stderr, "twinwalk bochs: recording from instruction %llu\n", (unsigned long long)BX_CPU(0)->get_icount());
    recorder_begin(&state.options, &r);
}

bool session_begins(void)
{
    if (state.over)
        return false;
    if (!state.ready && (*state.start.text || !BX_CPU(0)->user_pl || !BX_CPU(0)->long64_mode()))
        return false;
    state.ready = true;
    if (state.skip) {
        state.skip--;
        return false;
    }
    begin();
    return true;
}

/* Has the text come, with this byte? */
static bool comes(marker *m, unsigned byte)
{
    if (!*m->text)
        return false;
    if (m->text[m->seen] != (char)byte)
        m->seen = 0;
    if (m->text[m->seen] == (char)byte)
        m->seen++;
    if (m->text[m->seen])
        return false;
    m->seen = 0;
    return true;
}

void twinwalk_out(unsigned port, unsigned length, unsigned value)
{
    if (state.over || port != SERIAL || length != 1)
        return;
    if (comes(&state.start, value & 255))
        state.ready = true;
    if (comes(&state.stop, value & 255))
        session_finish("the guest said so");
}
