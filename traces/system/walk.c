#include "walk.h"

#include "format/trace.h"

#define BIT(n) (UINT64_C(1) << (n))

enum { E_P = 1 << 0, E_W = 1 << 1, E_U = 1 << 2, E_PS = 1 << 7 };
enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_I = 16, PF_PK = 32 };
enum { CR0_WP = 16, CR4_LA57 = 12, CR4_SMEP = 20, CR4_SMAP = 21, CR4_PKE = 22, EFER_NXE = 11, E_NX = 63, E_KEY = 59 };

uint64_t walk_target(uint64_t entry)
{
    return entry & (BIT(52) - BIT(12));
}

bool walk_links(uint64_t entry, unsigned level)
{
    return level > 1 && entry & E_P && !(entry & E_PS && level <= 3);
}

unsigned walk_root_level(const struct walk_registers *regs)
{
    return regs->cr4 & BIT(CR4_LA57) ? 5 : 4;
}

static bool canonical(const struct walk_registers *regs, uint64_t va)
{
    unsigned unused = walk_root_level(regs) == 5 ? 7 : 16;
    return (uint64_t)((int64_t)(va << unused) >> unused) == va;
}

/* Protection keys, 5.6.2: for data and user addresses only. */
static bool key_forbids(const struct walk_registers *regs, uint64_t leaf, bool write, bool user)
{
    if (!(regs->cr4 & BIT(CR4_PKE)))
        return false;
    unsigned key = leaf >> E_KEY & 15;
    bool all = regs->pkru >> 2 * key & 1, writes = regs->pkru >> (2 * key + 1) & 1;
    return all || (writes && write && (user || regs->cr0 & BIT(CR0_WP)));
}

struct walked walk(const struct walk_registers *regs, walk_reader *read, uint64_t va, unsigned access, unsigned mode)
{
    const bool user = !(mode & (TRACE_SUPERVISOR | TRACE_IMPLICIT)), write = access == TRACE_STORE,
               fetch = access == TRACE_FETCH;
    const bool nxe = regs->efer & BIT(EFER_NXE), smep = regs->cr4 & BIT(CR4_SMEP);
    const uint16_t err = (write ? PF_W : 0) | (user ? PF_U : 0) | (fetch && (nxe || smep) ? PF_I : 0);
    uint64_t table = regs->cr3, entry = 0;
    bool may_write = true, may_user = true, no_fetch = false;
    unsigned level = walk_root_level(regs);

    if (!canonical(regs, va))
        return (struct walked){.kind = WALK_NOT_CANONICAL};
    for (;; level--) {
        entry = read(walk_target(table) | (va >> (3 + 9 * level) & 0x1ff) << 3);
        if (!(entry & E_P))
            return (struct walked){.kind = WALK_FAULT, .err = err};
        may_write = may_write && entry & E_W;
        may_user = may_user && entry & E_U;
        no_fetch = no_fetch || (nxe && entry >> E_NX);
        if (!walk_links(entry, level))
            break;
        table = entry;
    }

    bool refused, key = !fetch && may_user && key_forbids(regs, entry, write, user);
    if (fetch)
        refused = no_fetch || (user ? !may_user : may_user && smep);
    else
        refused = (user ? !may_user
                        : may_user && regs->cr4 & BIT(CR4_SMAP) && (mode & TRACE_IMPLICIT || !(mode & TRACE_AC))) ||
                  (write && !may_write && (user || regs->cr0 & BIT(CR0_WP)));
    if (refused || key)
        return (struct walked){.kind = WALK_FAULT, .err = (uint16_t)(err | PF_P | (key ? PF_PK : 0))};
    uint64_t offset = BIT(3 + 9 * level) - 1;
    return (struct walked){.kind = WALK_OK,
                           .pa = (walk_target(entry) & ~offset) | (va & offset),
                           .size = (uint8_t)(level - 1)};
}
