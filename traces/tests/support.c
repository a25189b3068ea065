#define _GNU_SOURCE
#include "support.h"

#include "mem/memerr.h"
#include "os/os.h"
#include "pins.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/twinwalk-trace-XXXXXX";

static void remove_directory(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    if (system(command))
        fprintf(stderr, "%s is left over\n", directory);
}

const char *scratch(const char *name)
{
    static char path[4][128];
    static int next, made;
    if (!made++) {
        if (!mkdtemp(directory))
            abort();
        atexit(remove_directory);
    }
    snprintf(path[next %= 4], sizeof path[0], "%s/%s", directory, name);
    return path[next++];
}

uint64_t rnd(void)
{
    static uint64_t s = 0x9e3779b97f4a7c15;
    s ^= s << 13;
    s ^= s >> 7;
    s ^= s << 17;
    return s * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t any_value(void)
{
    uint64_t v = rnd();
    return rnd() % 4 ? v >> rnd() % 64 : 0 - (v >> rnd() % 64);
}

static void random_name(char *name, size_t size)
{
    static const char *const hard[] = {"",       "[stack]", "/bin/a b",  "file",        "stack x",  " lead",
                                       "trail ", "#1 x",    "a # b",     "back\\slash", "thread=3", "offset=1",
                                       "nofile", "vm",      "tab\there", "ünï"};
    if (rnd() % 2) {
        snprintf(name, size, "%s", hard[rnd() % (sizeof hard / sizeof hard[0])]);
        return;
    }
    size_t len = rnd() % size;
    for (size_t i = 0; i < len; i++)
        name[i] = (char)(rnd() % 255 + 1);
}

static void random_access(struct item *item)
{
    struct trace_rec *r = &item->rec;
    r->va = any_value();
    if (rnd() % 2)
        r->va &= 0x3fff; /* pages that come again */
    r->size = (uint8_t)(rnd() % 64 + 1);
    if ((r->va & 0xfff) + r->size > 0x1000)
        r->va -= 64;
    r->flags = rnd() % 3 ? 0 : rnd() % 32;
    if (!(r->flags & TRACE_EXPECT))
        return;
    struct trace_expect *e = &item->extra.expect;
    e->kind = rnd() % 4;
    if (e->kind == KIND_PF) {
        e->err_open = rnd() % 4 ? 0 : (uint16_t)rnd();
        e->err = (uint16_t)rnd() & (uint16_t)~e->err_open;
    }
    if (e->kind == KIND_OK && rnd() % 2) {
        e->has_pa = true;
        e->pa = rnd() % 2 ? any_value() : (rnd() % 4 << 20) | (r->va & 0xfff); /* some are known from before */
        e->size = rnd() % 3;
    }
    if (e->kind == KIND_OK && rnd() % 2) {
        e->has_mt = true;
        e->mt = (uint8_t[]){MT_UC, MT_WC, MT_WT, MT_WP, MT_WB, MT_UC_MINUS}[rnd() % 6];
    }
    if (e->kind == KIND_PF && rnd() % 2) {
        e->has_cr2 = true;
        e->cr2 = any_value();
    }
}

static void random_task(struct trace_task *t)
{
    t->event = rnd() % TRACE_TASK_EVENTS;
    if (t->event == TRACE_CLONE) {
        t->number = rnd() % (rnd() % 4 ? 256 : TRACE_THREADS);
        t->flags = rnd() % 16;
        if (t->flags & TRACE_CLONE_THREAD)
            t->flags |= TRACE_CLONE_VM;
    } else if (t->event == TRACE_OPEN) {
        t->number = (uint32_t)(rnd() >> 33);
        t->flags = rnd() % 2;
    }
    while ((t->event == TRACE_EXEC || t->event == TRACE_OPEN) && !t->name[0])
        random_name(t->name, sizeof t->name);
}

static void random_case(struct trace_case *c)
{
    size_t len = rnd() % 63 + 1;
    for (size_t i = 0; i < len; i++)
        c->name[i] = (char)('!' + rnd() % 94);
    if (c->name[0] == '#')
        c->name[0] = 'x';
    c->needs = rnd() % 2 ? (uint8_t)rnd() : 0;
    c->lacks = (uint8_t)((rnd() % 2 ? rnd() : 0) & ~(uint64_t)c->needs);
    c->paddr_bits = rnd() % 2 ? (uint8_t)(36 + rnd() % 17) : 0;
    c->paddr_least = c->paddr_bits && rnd() % 2;
}

void random_item(struct item *item)
{
    memset(item, 0, sizeof *item);
    struct trace_extra *x = &item->extra;
    item->rec.kind = rnd() % TRACE_KINDS;
    item->rec.thread = rnd() % 2 ? 0 : (uint16_t)(rnd() % (rnd() % 4 ? 256 : TRACE_THREADS));
    switch (item->rec.kind) {
    case TRACE_MAP:
        x->map.start = any_value() >> 12 << 12;
        x->map.end = x->map.start + ((rnd() % 100000 + 1) << 12);
        if (x->map.end < x->map.start) {
            x->map.start = 0x1000;
            x->map.end = ~UINT64_C(0xfff);
        }
        x->map.prot = rnd() % 8;
        x->map.flags = rnd() % 32;
        x->map.offset = x->map.flags & OS_FILE && rnd() % 2 ? any_value() >> 12 << 12 : 0;
        random_name(x->map.name, sizeof x->map.name);
        break;
    case TRACE_SYSCALL:
        x->syscall.number = rnd() % 2 ? rnd() % 400 : any_value();
        for (int i = 0; i < 6; i++)
            x->syscall.arg[i] = any_value();
        x->syscall.result = (int64_t)any_value();
        break;
    case TRACE_CONTROL:
        x->control.op = rnd() % CTL_OPS;
        x->control.data = any_value();
        if (x->control.op >= CTL_INVPCID_ADDRESS && x->control.op <= CTL_INVPCID_ALL_NONGLOBAL)
            x->control.desc = any_value();
        if (rnd() % 2) {
            item->rec.flags = TRACE_EXPECT;
            x->control.gp = rnd() % 2;
        }
        break;
    case TRACE_TASK:
        random_task(&x->task);
        break;
    case TRACE_CASE:
        random_case(&x->vector);
        break;
    case TRACE_ENTRY:
        x->entry.pa = any_value() & ~UINT64_C(7);
        x->entry.value = any_value();
        x->entry.mask = rnd() % 2 ? UINT64_MAX : any_value();
        break;
    case TRACE_MEMERR:
        x->memerr.what = rnd() % MEMERR_WHATS;
        x->memerr.value = x->memerr.what == MEMERR_OFF ? 0 : any_value();
        x->memerr.value += x->memerr.what == MEMERR_READ && !x->memerr.value;
        break;
    case TRACE_POKE:
        x->poke.pa = any_value() & ~UINT64_C(7);
        x->poke.value = any_value();
        break;
    default:
        random_access(item);
    }
}

void plain_item(struct item *item)
{
    static uint64_t pc = 0x401000, data = 0x7fff0000;
    memset(item, 0, sizeof *item);
    item->rec.kind = rnd() % 3;
    if (item->rec.kind == TRACE_FETCH) {
        if (rnd() % 6 == 0)
            pc += (rnd() % 4096) - 2048;
        item->rec.size = (uint8_t)(rnd() % 6 + 1);
        if ((pc & 0xfff) + item->rec.size > 0x1000)
            pc = (pc | 0xfff) + 1;
        item->rec.va = pc;
        pc += item->rec.size;
    } else {
        data += (rnd() % 512 - 256) * 8;
        item->rec.va = data &= ~UINT64_C(7);
        item->rec.size = 8;
    }
}

struct trace_info test_info(void)
{
    struct trace_info info = {.linear_bits = 48};
    snprintf(info.program, sizeof info.program, "a program # with \\ and \n in it ");
    snprintf(info.recorder, sizeof info.recorder, "the tests");
    return info;
}

static bool needs_extra(const struct trace_rec *rec)
{
    return rec->kind >= TRACE_MAP || rec->flags & TRACE_EXPECT;
}

void write_trace(const char *path, const struct trace_info *info, bool text, const struct item *items, size_t count)
{
    const char *error = NULL;
    struct trace_writer *w = trace_create(path, info, text, &error);
    if (!w)
        fail_msg("%s", error);
    for (size_t i = 0; i < count; i++)
        if (!trace_put(w, &items[i].rec, needs_extra(&items[i].rec) ? &items[i].extra : NULL))
            fail_msg("%s", trace_writer_error(w));
    if (!trace_finish(w, &error))
        fail_msg("%s", error);
}

static bool same_extra(unsigned kind, const struct trace_extra *a, const struct trace_extra *b)
{
    switch (kind) {
    case TRACE_MAP:
        return a->map.start == b->map.start && a->map.end == b->map.end && a->map.prot == b->map.prot &&
               a->map.flags == b->map.flags && a->map.offset == b->map.offset && !strcmp(a->map.name, b->map.name);
    case TRACE_TASK:
        return a->task.event == b->task.event && a->task.number == b->task.number && a->task.flags == b->task.flags &&
               !strcmp(a->task.name, b->task.name);
    case TRACE_SYSCALL:
        return !memcmp(&a->syscall, &b->syscall, sizeof a->syscall);
    case TRACE_CONTROL:
        return a->control.op == b->control.op && a->control.data == b->control.data &&
               a->control.desc == b->control.desc && a->control.gp == b->control.gp;
    case TRACE_CASE:
        return !strcmp(a->vector.name, b->vector.name) && a->vector.needs == b->vector.needs &&
               a->vector.lacks == b->vector.lacks && a->vector.paddr_bits == b->vector.paddr_bits &&
               a->vector.paddr_least == b->vector.paddr_least;
    case TRACE_ENTRY:
        return a->entry.pa == b->entry.pa && a->entry.value == b->entry.value && a->entry.mask == b->entry.mask;
    case TRACE_MEMERR:
        return a->memerr.what == b->memerr.what && a->memerr.value == b->memerr.value;
    case TRACE_POKE:
        return a->poke.pa == b->poke.pa && a->poke.value == b->poke.value;
    default:
        return a->expect.kind == b->expect.kind && a->expect.err == b->expect.err &&
               a->expect.err_open == b->expect.err_open && a->expect.has_pa == b->expect.has_pa &&
               a->expect.pa == b->expect.pa && a->expect.size == b->expect.size &&
               a->expect.has_mt == b->expect.has_mt && a->expect.mt == b->expect.mt &&
               a->expect.has_cr2 == b->expect.has_cr2 && a->expect.cr2 == b->expect.cr2;
    }
}

bool same_item(const struct item *a, const struct trace_rec *rec, const struct trace_extra *extra)
{
    return a->rec.va == rec->va && a->rec.kind == rec->kind && a->rec.flags == rec->flags && a->rec.size == rec->size &&
           a->rec.thread == rec->thread &&
           (needs_extra(rec) ? extra && same_extra(rec->kind, &a->extra, extra) : !extra);
}

int read_against(const char *path, const struct item *items, size_t count, size_t *got)
{
    const char *error;
    const struct trace_rec *recs;
    size_t n;
    int status;
    *got = 0;
    struct trace_reader *r = trace_open(path, &error);
    if (!r) {
        assert_non_null(strstr(error, path));
        return -2;
    }
    while ((status = trace_next(r, &recs, &n)) > 0) {
        assert_true(n > 0 && *got + n <= count);
        for (size_t i = 0; i < n; i++, ++*got)
            if (!same_item(&items[*got], &recs[i], trace_extra(r, &recs[i])))
                fail_msg("record %zu differs", *got);
    }
    if (status < 0) {
        assert_non_null(strstr(trace_error(r), path));
        assert_int_equal(trace_next(r, &recs, &n), -1); /* it stays so */
    }
    trace_close(r);
    return status;
}

uint8_t *load_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    bytes[*size] = 0;
    fclose(f);
    return bytes;
}

void save_file(const char *path, const void *bytes, size_t size)
{
    unlink(path); /* a new file: ext4 writes one that was truncated to the disk at once */
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}
