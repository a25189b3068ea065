/* What a run has exercised: see exercised.h. */
#include "exercised.h"

enum { BIT_A = 1 << 5, BIT_D = 1 << 6 };

static void note_answer(struct exercised *e, unsigned port, const struct pins_resp *r)
{
    e->accesses[e->acc[port][r->id] % 3]++;
    e->kinds[r->kind & 3]++;
    if (r->kind == KIND_OK) {
        e->sizes[r->size % 3]++;
        e->sources[r->src & 3]++;
    }
    if (r->kind != KIND_PF)
        return;
    e->not_present += !(r->err & PF_P);
    for (unsigned bit = 0; bit < 7; bit++)
        e->error_bit[bit] += r->err >> bit & 1;
}

static void note_operation(struct exercised *e, const struct pins_in *in)
{
    e->operations[in->ctl_op & 15]++;
    if (in->ctl_op != CTL_MOV_CR3)
        return;
    const uint16_t pcid = (uint16_t)(in->ctl_data & 0xfff);
    for (unsigned i = 0; i < e->pcids; i++)
        if (e->pcid[i] == pcid)
            return;
    if (e->pcids < EXERCISED_PCIDS)
        e->pcid[e->pcids++] = pcid;
}

void exercised_note(struct exercised *e, const struct pins_out *out, const struct pins_in *in, bool mem_accepted)
{
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1)
        note_answer(e, (unsigned)__builtin_ctz(valid), &out->resp[__builtin_ctz(valid)]);
    for (unsigned ports = in->req_valid & out->req_ready; ports; ports &= ports - 1) {
        const unsigned port = (unsigned)__builtin_ctz(ports);
        e->acc[port][in->req[port].id] = in->req[port].acc;
    }
    if (mem_accepted && out->mem_req_cas) {
        const uint64_t set = out->mem_req_desired & ~out->mem_req_expected;
        e->set_a += (set & BIT_A) != 0;
        e->set_d += (set & BIT_D) != 0;
        e->set_d_alone += set == BIT_D;
    }
    if (in->ctl_valid && out->ctl_ready)
        note_operation(e, in);
    e->control_gp += out->ctl_done && out->ctl_gp;
}

struct tick {
    const char *name;
    uint64_t count;
};

static void print(FILE *out, const char *title, const struct tick *tick, unsigned count)
{
    fprintf(out, "  %-22s", title);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, " %c%s", tick[i].count ? '+' : '-', tick[i].name);
    fputc('\n', out);
}

void exercised_print(FILE *out, const struct exercised *e)
{
    const struct tick translations[] = {{"fetch", e->accesses[ACC_EXECUTE]},
                                        {"load", e->accesses[ACC_READ]},
                                        {"store", e->accesses[ACC_WRITE]},
                                        {"4K", e->sizes[SIZE_4K]},
                                        {"2M", e->sizes[SIZE_2M]},
                                        {"1G", e->sizes[SIZE_1G]},
                                        {"L1", e->sources[SRC_L1]},
                                        {"STLB", e->sources[SRC_STLB]},
                                        {"walk", e->sources[SRC_WALK]},
                                        {"merged", e->sources[SRC_MERGED]},
                                        {"A", e->set_a},
                                        {"D", e->set_d},
                                        {"D-after-A", e->set_d_alone},
                                        {"PCIDs", e->pcids > 1}};
    const struct tick faults[] = {{"not-present", e->not_present}, {"rights", e->error_bit[0]},
                                  {"write", e->error_bit[1]},      {"user", e->error_bit[2]},
                                  {"reserved", e->error_bit[3]},   {"fetch", e->error_bit[4]},
                                  {"key", e->error_bit[5]},        {"shadow-stack", e->error_bit[6]},
                                  {"#GP", e->kinds[KIND_GP]},      {"memory-error", e->kinds[KIND_MEMERR]}};
    static const char *const operations[] = {"CR0",       "CR3",       "CR4",       "EFER", "INVLPG", "INVPCID-0",
                                             "INVPCID-1", "INVPCID-2", "INVPCID-3", "PKRU", "PKRS",   "PAT"};
    struct tick control[CTL_OPS + 1];
    for (unsigned i = 0; i < CTL_OPS; i++)
        control[i] = (struct tick){operations[i], e->operations[i]};
    control[CTL_OPS] = (struct tick){"#GP(0)", e->control_gp};
    print(out, "exercised", translations, sizeof translations / sizeof *translations);
    print(out, "  faults", faults, sizeof faults / sizeof *faults);
    print(out, "  control operations", control, CTL_OPS + 1);
}
