/* Folding: see fold.h. */
#include "fold.h"

#include "crc64.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are folded lowest byte first");

uint32_t fold_head(const struct pins_out *out)
{
    uint32_t head = out->req_ready | (uint32_t)out->resp_valid << 8 | (uint32_t)out->ctl_ready << 16 |
                    (uint32_t)out->ctl_done << 17 | (uint32_t)(out->ctl_done & out->ctl_gp) << 18 |
                    (uint32_t)out->waiting << 19;
    if (out->mem_req_valid)
        head |= UINT32_C(1) << 20 | (uint32_t)out->mem_req_cas << 21 | (uint32_t)out->mem_req_tag << 22 |
                (uint32_t)out->mem_req_mt << 26;
    return head;
}

uint64_t fold_rest(const struct pins_resp *r)
{
    return r->id | (uint64_t)r->kind << 8 | (uint64_t)r->err << 10 | (uint64_t)r->size << 26 | (uint64_t)r->pat << 28 |
           (uint64_t)r->mt << 31 | (uint64_t)r->src << 34;
}

void fold_begin(struct fold *f)
{
    f->crc = 0;
    f->run_length = 0;
    f->words = 0;
}

static void drain(struct fold *f)
{
    f->crc = crc64_words(f->word, f->words, f->crc);
    f->words = 0;
}

static void end_run(struct fold *f)
{
    if (f->run_length)
        f->word[f->words++] = (uint64_t)f->run_length << 32 | f->run_head;
    f->run_length = 0;
    if (f->words >= FOLD_WORDS)
        drain(f);
}

static void fold_loud(struct fold *f, uint32_t head, const struct pins_out *out)
{
    end_run(f);
    f->word[f->words++] = UINT64_C(1) << 32 | head;
    for (unsigned valid = out->resp_valid; valid; valid &= valid - 1) {
        const struct pins_resp *r = &out->resp[__builtin_ctz(valid)];
        f->word[f->words++] = r->addr;
        f->word[f->words++] = fold_rest(r);
    }
    if (!out->mem_req_valid)
        return;
    f->word[f->words++] = out->mem_req_addr;
    if (out->mem_req_cas) {
        f->word[f->words++] = out->mem_req_expected;
        f->word[f->words++] = out->mem_req_desired;
    }
}

void fold_cycles(struct fold *f, const struct pins_out *out, uint64_t cycles)
{
    const uint32_t head = fold_head(out);
    if (out->resp_valid | out->mem_req_valid | out->ctl_done) {
        while (cycles-- > 0)
            fold_loud(f, head, out);
        return;
    }
    while (cycles > 0) {
        if (f->run_length && (f->run_head != head || f->run_length == UINT32_MAX))
            end_run(f);
        const uint64_t room = UINT32_MAX - f->run_length, now = cycles < room ? cycles : room;
        f->run_head = head;
        f->run_length += (uint32_t)now;
        cycles -= now;
    }
}

uint64_t fold_check(struct fold *f)
{
    end_run(f);
    drain(f);
    return f->crc;
}
