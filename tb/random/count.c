/* Corners that were met, for the summary: each is counted where it shows, at an answer or when a control operation is
 * taken. Nothing is decided by these. State words as in docs/microarchitecture.md section 17. */
#include "parts.h"

#include "cycle/mmu.h"

enum {
    SEL_REGISTERS = 0,
    SEL_MISS_QUEUE = 6,
    SEL_WALKERS = 7,
    WALKER_REQ = 1,
    WALKER_WAIT,
    WALKER_CAS,
    WALKER_CASW,
    WALKER_FIN,
    ENTRY_FREE = 0,
    ENTRY_PEND,
    ENTRY_SLK,
    ENTRY_NWALK,
    ENTRY_WALK,
    ENTRY_FOLLOW,
    ENTRY_FINV,
    ENTRY_FINVW,
    ENTRY_DONE,
    ENTRY_DENIED,
};

const char *random_op_name(unsigned op)
{
    static const char *const names[16] = {
        "mov_cr0",         "mov_cr3",     "mov_cr4",
        "wrmsr_efer",      "invlpg",      "invpcid_address",
        "invpcid_context", "invpcid_all", "invpcid_all_nonglobal",
        "wrpkru",          "wrmsr_pkrs",  "wrmsr_pat",
        "code_12",         "code_13",     "code_14",
        "code_15",
    };
    return names[op & 15];
}

const char *random_edit_name(unsigned edit)
{
    static const char *const names[RANDOM_EDITS] = {"map",  "unmap",    "restrict",     "relax", "resize",
                                                    "move", "clear_ad", "reserved_bit", "back"};
    return edit < RANDOM_EDITS ? names[edit] : "?";
}

const char *random_corner_name(unsigned corner)
{
    static const char *const names[CORNERS] = {
#define X(name) #name,
        RANDOM_CORNERS(X)
#undef X
    };
    return corner < CORNERS ? names[corner] : "?";
}

/* Which rule a page fault was an example of. */
static void count_fault(struct random *r, const struct flight *f, uint16_t err)
{
    struct oracle_result walk;
    oracle_translate(r->physmem, IMAGE_HW, &r->cpu, &r->regs, &f->access, &walk);
    if (walk.kind != KIND_PF || walk.err != err)
        return;
    const uint64_t last = walk.step[walk.steps - 1].value, level = walk.step[walk.steps - 1].level;
    bool user = true;
    for (unsigned i = 0; i < walk.steps; i++)
        user = user && (walk.step[i].value & ENTRY_US);
    if (err & PF_RSVD) {
        if (last & ENTRY_FRAME & ~E_FRAME)
            met(r, CORNER_rsvd_above_m);
        else if ((last & ENTRY_XD) && !(r->regs.efer & EFER_NXE))
            met(r, CORNER_rsvd_xd);
        else if (CFG_ARCH_AMD && level >= ROOT_LEVEL && (last & ENTRY_G))
            met(r, CORNER_rsvd_amd_bit8);
        else if (level >= ROOT_LEVEL || (level == 3 && !CFG_ARCH_PAGE_1G))
            met(r, CORNER_rsvd_ps);
        else
            met(r, CORNER_rsvd_large);
    } else if (err & PF_PK) {
        met(r, user ? CORNER_pk_user : CORNER_pk_supervisor);
    } else if ((err & PF_P) && !(err & (PF_U | PF_SS)) && user) {
        if (f->access.acc == ACC_EXECUTE && (r->regs.cr4 & CR4_SMEP))
            met(r, CORNER_smep);
        else if (f->access.acc != ACC_EXECUTE && (r->regs.cr4 & CR4_SMAP) && (f->access.imp || !f->access.ac))
            met(r, CORNER_smap);
    }
}

static void count_translation(struct random *r, const struct flight *f, const struct pins_resp *resp)
{
    static const enum random_corner types[8] = {
        [MT_UC] = CORNER_mt_uc, [MT_WC] = CORNER_mt_wc, [MT_WT] = CORNER_mt_wt,
        [MT_WP] = CORNER_mt_wp, [MT_WB] = CORNER_mt_wb, [MT_UC_MINUS] = CORNER_mt_uc_minus};
    met(r, types[resp->mt & 7]);
    if (f->masked)
        met(r, CORNER_lam_masked);
    if (f->access.imp && f->access.user)
        met(r, CORNER_implicit_at_cpl3);
    if (r->regs.cr4 & CR4_LA57)
        met(r, CORNER_la57_access);
}

static void count_mixture(struct random *r, const struct flight *f, const struct result *judged)
{
    unsigned sizes = 0;
    for (unsigned i = 0; i < f->allowed; i++)
        if (f->result[i].kind == KIND_OK)
            sizes |= 1u << f->result[i].size;
    if (sizes & (sizes - 1))
        met(r, CORNER_sizes_overlap);
    if (!judged->stale)
        return;
    r->counts.stale++;
    r->counts.spurious += judged->kind == KIND_PF;
    if ((sizes & (sizes - 1)) && judged->kind == KIND_OK)
        met(r, CORNER_stale_size);
    struct pending *visible[PENDING_MOST];
    const unsigned n = books_visible(r, f->linear, visible);
    for (unsigned i = 0; i < n; i++)
        if (visible[i]->edited < r->loaded_at)
            met(r, CORNER_stale_other_pcid);
}

void count_answer(struct random *r, const struct flight *f, const struct pins_resp *resp, const struct result *judged)
{
    const bool full = r->outstanding >= CFG_MISS_QUEUE_ENTRIES;
    r->counts.answers++;
    r->counts.by_kind[resp->kind & 3]++;
    r->counts.by_source[resp->src & 3]++;
    if (judged)
        count_mixture(r, f, judged);
    if (f->access.ss && (r->regs.cr4 & CR4_CET) && f->access.acc != ACC_EXECUTE &&
        (resp->kind == KIND_OK || (resp->err & PF_SS)))
        met(r, resp->kind == KIND_OK ? CORNER_ss_ok : CORNER_ss_denied);
    switch (resp->kind) {
    case KIND_OK:
        count_translation(r, f, resp);
        break;
    case KIND_PF:
        if (full)
            met(r, CORNER_fault_full_queue);
        count_fault(r, f, resp->err);
        break;
    case KIND_GP:
        if (full)
            met(r, CORNER_gp_full_queue);
        if (((r->regs.cr3 & (CR3_LAM_U48 | CR3_LAM_U57)) || (r->regs.cr4 & CR4_LAM_SUP)) &&
            f->access.acc != ACC_EXECUTE)
            met(r, CORNER_lam_refused);
        if (x86_is_canonical((uint64_t)((int64_t)(f->va << 7) >> 7), r->regs.cr4 & CR4_LA57 ? 57 : 48))
            met(r, CORNER_gp_top_bits);
        break;
    default:
        if (full)
            met(r, CORNER_memory_error_full_queue);
        break;
    }
}

/* What the operation found the walkers and the queue at. */
static void count_states(struct random *r)
{
    static const enum random_corner walkers[] = {[WALKER_REQ] = CORNER_ctl_walker_req,
                                                 [WALKER_WAIT] = CORNER_ctl_walker_wait,
                                                 [WALKER_CAS] = CORNER_ctl_walker_cas,
                                                 [WALKER_CASW] = CORNER_ctl_walker_casw,
                                                 [WALKER_FIN] = CORNER_ctl_walker_fin};
    static const enum random_corner entries[] = {
        [ENTRY_PEND] = CORNER_ctl_entry_pend,     [ENTRY_SLK] = CORNER_ctl_entry_slk,
        [ENTRY_NWALK] = CORNER_ctl_entry_nwalk,   [ENTRY_WALK] = CORNER_ctl_entry_walk,
        [ENTRY_FOLLOW] = CORNER_ctl_entry_follow, [ENTRY_FINV] = CORNER_ctl_entry_finv,
        [ENTRY_FINVW] = CORNER_ctl_entry_finvw,   [ENTRY_DONE] = CORNER_ctl_entry_done,
        [ENTRY_DENIED] = CORNER_ctl_entry_denied};
    uint64_t word[2];
    unsigned used = 0;
    for (unsigned i = 0; i < CFG_WALKERS_COUNT; i++)
        if (mmu_state(r->model, SEL_WALKERS, 2 * i, word) && (word[0] & 7) && (word[0] & 7) <= WALKER_FIN)
            met(r, walkers[word[0] & 7]);
    for (unsigned i = 0; i < CFG_MISS_QUEUE_ENTRIES; i++)
        if (mmu_state(r->model, SEL_MISS_QUEUE, i, word) && (word[0] & 15) && (word[0] & 15) <= ENTRY_DENIED) {
            met(r, entries[word[0] & 15]);
            if (word[0] >> 22 & 1)
                met(r, CORNER_ctl_confirm);
            used++;
        }
    if (used == CFG_MISS_QUEUE_ENTRIES)
        met(r, CORNER_ctl_full_queue);
    if (mmu_state(r->model, SEL_REGISTERS, 2, word) && (word[0] >> 24 & 1))
        met(r, CORNER_ctl_walker_held);
}

void count_control(struct random *r, const struct op *op, const struct oracle_regs *before)
{
    if (r->model)
        count_states(r);
    if (r->ctl_gp)
        return;
    const uint64_t lam = CR3_LAM_U48 | CR3_LAM_U57;
    const bool lam_changed = ((before->cr3 ^ r->regs.cr3) & lam) || ((before->cr4 ^ r->regs.cr4) & CR4_LAM_SUP);
    if (r->outstanding && lam_changed)
        met(r, CORNER_ctl_lam_in_flight);
    if (r->outstanding && ((before->cr4 ^ r->regs.cr4) & CR4_LA57))
        met(r, CORNER_la57_in_flight);
    if (op->op == CTL_MOV_CR3) {
        met(r, op->data & CR3_NO_FLUSH ? CORNER_cr3_kept : CORNER_cr3_flushed);
        r->loaded_at = (before->cr3 ^ r->regs.cr3) & CR3_PCID ? r->d.cycle : r->loaded_at;
    }
    if (op->op == CTL_INVLPG && !x86_is_canonical(op->data, r->regs.cr4 & CR4_LA57 ? 57 : 48))
        met(r, CORNER_invlpg_not_canonical);
    if (op->op == CTL_MOV_CR0 && !(op->data & CR0_PG))
        met(r, CORNER_paging_off_on);
}
