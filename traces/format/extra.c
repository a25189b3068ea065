/* The extra parts of a block, both ways: what a record has beyond its shape and address (docs/trace-format.md section
 * 5). */
#include "extra.h"

#include "wire.h"

#include <string.h>

bool has_extra(unsigned kind, unsigned flags)
{
    return kind >= TRACE_MAP || flags & TRACE_EXPECT;
}

static uint8_t *put_name(uint8_t *p, const char *name)
{
    size_t len = strlen(name);
    *p++ = (uint8_t)len;
    memcpy(p, name, len);
    return p + len;
}

static bool get_name(const uint8_t **p, char name[64])
{
    size_t len = *(*p)++;
    if (len >= 64 || memchr(*p, 0, len))
        return false;
    memcpy(name, *p, len);
    *p += len;
    return true;
}

enum { CASE_LEAST = 0x80, MAP_OFFSET = 32 };
enum { PAGE_BITS = 12, PAGE_MASK = (1 << PAGE_BITS) - 1 };

static bool is_known(const struct known_pages *known, uint64_t va)
{
    const uint64_t linear = va >> PAGE_BITS;
    return known->page[linear % KNOWN_PAGES].above == linear + 1;
}

static uint64_t known_address(const struct known_pages *known, uint64_t va)
{
    return known->page[(va >> PAGE_BITS) % KNOWN_PAGES].physical << PAGE_BITS | (va & PAGE_MASK);
}

static void make_known(struct known_pages *known, uint64_t va, uint64_t pa)
{
    const uint64_t linear = va >> PAGE_BITS;
    if (((va ^ pa) & PAGE_MASK) != 0)
        return;
    known->page[linear % KNOWN_PAGES].above = linear + 1;
    known->page[linear % KNOWN_PAGES].physical = pa >> PAGE_BITS;
}

static uint8_t *put_expect(uint8_t *p, struct known_pages *known, uint64_t va, const struct trace_expect *e)
{
    const bool guessed = e->has_pa && is_known(known, va) && known_address(known, va) == e->pa;
    *p++ = (uint8_t)(e->kind | (e->has_pa ? EXPECT_PA : 0) | (e->err_open ? EXPECT_OPEN : 0) | e->size << 3 |
                     (e->has_mt ? EXPECT_MT : 0) | (e->has_cr2 ? EXPECT_CR2 : 0) | (guessed ? EXPECT_KNOWN : 0));
    p = put_varint(p, e->err);
    if (e->err_open)
        p = put_varint(p, e->err_open);
    if (e->has_pa && !guessed) {
        p = put_varint(p, e->pa);
        make_known(known, va, e->pa);
    }
    if (e->has_mt)
        *p++ = e->mt;
    return e->has_cr2 ? put_varint(p, e->cr2) : p;
}

static bool get_expect(const uint8_t **p, struct known_pages *known, uint64_t va, struct trace_expect *e)
{
    uint64_t err, open = 0;
    uint8_t b = *(*p)++;
    *e = (struct trace_expect){0};
    if (!get_varint(p, &err) || err >> 16)
        return false;
    e->kind = b & 3;
    e->size = b >> 3 & 3;
    const bool opens = e->kind == KIND_PF && b & EXPECT_OPEN;
    if (opens && (!get_varint(p, &open) || !open || open >> 16))
        return false;
    e->has_pa = b & EXPECT_PA && !opens;
    e->has_mt = b & EXPECT_MT;
    e->has_cr2 = b & EXPECT_CR2;
    e->err = (uint16_t)err;
    e->err_open = (uint16_t)open;
    if (b & EXPECT_KNOWN) {
        if (!e->has_pa || !is_known(known, va))
            return false;
        e->pa = known_address(known, va);
    } else if (e->has_pa) {
        if (!get_varint(p, &e->pa))
            return false;
        make_known(known, va, e->pa);
    }
    if (e->has_mt)
        e->mt = *(*p)++;
    return !e->has_cr2 || get_varint(p, &e->cr2);
}

uint8_t *put_extra(uint8_t *p, struct known_pages *known, const struct trace_rec *rec, const struct trace_extra *x)
{
    switch (rec->kind) {
    case TRACE_MAP:
        p = put_varint(p, x->map.start >> 12);
        p = put_varint(p, (x->map.end - x->map.start) >> 12);
        *p++ = (uint8_t)x->map.prot;
        *p++ = (uint8_t)(x->map.flags | (x->map.offset ? MAP_OFFSET : 0));
        if (x->map.offset)
            p = put_varint(p, x->map.offset >> PAGE_BITS);
        return put_name(p, x->map.name);
    case TRACE_SYSCALL:
        p = put_varint(p, x->syscall.number);
        for (int i = 0; i < 6; i++)
            p = put_varint(p, x->syscall.arg[i]);
        return put_varint(p, zigzag((uint64_t)x->syscall.result));
    case TRACE_CONTROL:
        *p++ = x->control.op;
        p = put_varint(p, x->control.data);
        if (trace_is_invpcid(x->control.op))
            p = put_varint(p, x->control.desc);
        if (rec->flags & TRACE_EXPECT)
            *p++ = x->control.gp;
        return p;
    case TRACE_POKE:
        p = put_varint(p, x->poke.pa);
        return put_varint(p, x->poke.value);
    case TRACE_CASE:
        p = put_name(p, x->vector.name);
        *p++ = x->vector.needs;
        *p++ = x->vector.lacks;
        *p++ = (uint8_t)(x->vector.paddr_bits | (x->vector.paddr_least ? CASE_LEAST : 0));
        return p;
    case TRACE_ENTRY:
        p = put_varint(p, x->entry.pa);
        p = put_varint(p, x->entry.value);
        return put_varint(p, ~x->entry.mask);
    case TRACE_TASK:
        *p++ = x->task.event;
        p = put_varint(p, x->task.number);
        *p++ = x->task.flags;
        return put_name(p, x->task.name);
    case TRACE_MEMERR:
        *p++ = x->memerr.what;
        return put_varint(p, x->memerr.value);
    default: /* an access with an expectation */
        return put_expect(p, known, rec->va, &x->expect);
    }
}

static bool get_map(const uint8_t **p, struct trace_extra *x)
{
    uint64_t a, b;
    if (!get_varint(p, &a) || !get_varint(p, &b) || a >> 52 || b > (UINT64_C(1) << 52) - 1 - a)
        return false;
    x->map.start = a << 12;
    x->map.end = (a + b) << 12;
    x->map.prot = *(*p)++;
    x->map.flags = *(*p)++;
    if (x->map.flags & MAP_OFFSET) {
        if (!get_varint(p, &a) || !a || a >> (64 - PAGE_BITS))
            return false;
        x->map.flags &= ~(uint32_t)MAP_OFFSET;
        x->map.offset = a << PAGE_BITS;
    }
    return get_name(p, x->map.name);
}

bool get_extra(const uint8_t **p, struct known_pages *known, const struct trace_rec *rec, struct trace_extra *x)
{
    uint64_t a;
    if (rec->kind <= TRACE_STORE)
        return get_expect(p, known, rec->va, &x->expect);
    memset(x, 0, sizeof *x);
    switch (rec->kind) {
    case TRACE_MAP:
        return get_map(p, x);
    case TRACE_SYSCALL:
        if (!get_varint(p, &x->syscall.number))
            return false;
        for (int i = 0; i < 6; i++)
            if (!get_varint(p, &x->syscall.arg[i]))
                return false;
        if (!get_varint(p, &a))
            return false;
        x->syscall.result = (int64_t)unzigzag(a);
        return true;
    case TRACE_CONTROL:
        x->control.op = *(*p)++;
        if (!get_varint(p, &x->control.data) || (trace_is_invpcid(x->control.op) && !get_varint(p, &x->control.desc)))
            return false;
        if (!(rec->flags & TRACE_EXPECT))
            return true;
        x->control.gp = **p;
        return *(*p)++ <= 1;
    case TRACE_POKE:
        return get_varint(p, &x->poke.pa) && get_varint(p, &x->poke.value);
    case TRACE_CASE:
        if (!get_name(p, x->vector.name))
            return false;
        x->vector.needs = *(*p)++;
        x->vector.lacks = *(*p)++;
        x->vector.paddr_bits = **p & ~CASE_LEAST;
        x->vector.paddr_least = *(*p)++ & CASE_LEAST;
        return true;
    case TRACE_ENTRY:
        if (!get_varint(p, &x->entry.pa) || !get_varint(p, &x->entry.value) || !get_varint(p, &a))
            return false;
        x->entry.mask = ~a;
        return true;
    case TRACE_MEMERR:
        x->memerr.what = *(*p)++;
        return get_varint(p, &x->memerr.value);
    default: /* TRACE_TASK */
        x->task.event = *(*p)++;
        if (!get_varint(p, &a) || a >> 32)
            return false;
        x->task.number = (uint32_t)a;
        x->task.flags = *(*p)++;
        return get_name(p, x->task.name);
    }
}
