/* Calls every function of libtwinwalk as a stranger does, in a library with the presets tiny and contrary: for
 * tb/tests/test_library.sh, which builds this outside of the tree. Prints what is wrong; exit status 1 then. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <twinwalk.h>

static int wrong;
#define RIGHT(what)                                            \
    do {                                                       \
        if (!(what)) {                                         \
            printf("api.c:%d: not so: %s\n", __LINE__, #what); \
            wrong = 1;                                         \
        }                                                      \
    } while (0)

static void about(const char *version)
{
    RIGHT(twinwalk_abi() == TWINWALK_ABI);
    RIGHT(strcmp(twinwalk_version(), version) == 0);
    RIGHT(twinwalk_revision() != NULL);
}

static void presets(void)
{
    const struct twinwalk_preset *tiny = twinwalk_preset_named("tiny"), *contrary = twinwalk_preset_named("contrary");
    RIGHT(twinwalk_preset_number(0) == tiny && twinwalk_preset_number(1) == contrary && !twinwalk_preset_number(2));
    RIGHT(!twinwalk_preset_number(~0u) && !twinwalk_preset_named("") && !twinwalk_preset_named("tin"));
    RIGHT(strcmp(twinwalk_preset_name(contrary), "contrary") == 0);
    RIGHT(twinwalk_preset_value(tiny, "ports.fetch") == 1 && twinwalk_preset_value(tiny, "arch.paddr_bits") == 36);
    RIGHT(twinwalk_preset_value(tiny, "itlb.array2.ways") == -1 && twinwalk_preset_value(tiny, "nothing") == -1);
    RIGHT(twinwalk_preset_value(contrary, "arch.amd") == 1 && twinwalk_preset_value(tiny, "arch.amd") == 0);
    struct oracle_cpu cpu;
    twinwalk_preset_cpu(contrary, &cpu);
    RIGHT(cpu.amd && cpu.paddr_bits == twinwalk_preset_value(contrary, "arch.paddr_bits"));
}

/* Any inputs within the ranges of twinwalk_mmu_step. */
static uint64_t line[8];
static struct pins_in any(unsigned ports)
{
    struct pins_in in = {.req_valid = (uint8_t)(rand() & ((1u << ports) - 1)),
                         .ctl_valid = rand() % 64 == 0,
                         .ctl_op = rand() % 16,
                         .ctl_data = (uint64_t)rand() << rand() % 34,
                         .ctl_desc = (uint64_t)rand(),
                         .mem_req_ready = rand() % 2,
                         .mem_rsp_valid = rand() % 2,
                         .mem_rsp_tag = rand() % 16,
                         .mem_rsp_err = rand() % 50 == 0,
                         .mem_rsp_line = line};
    for (unsigned p = 0; p < ports; p++)
        in.req[p] = (struct pins_req){.va = (uint64_t)rand() << rand() % 34,
                                      .id = (uint8_t)rand(),
                                      .acc = p ? rand() % 2 : ACC_EXECUTE,
                                      .user = rand() % 2,
                                      .ss = rand() % 16 == 0};
    for (unsigned i = 0; i < 8; i++)
        line[i] = (uint64_t)rand() << rand() % 20 | rand() % 8;
    return in;
}

static bool same(const struct pins_out *a, const struct pins_out *b, unsigned ports)
{
    bool equal = a->req_ready == b->req_ready && a->resp_valid == b->resp_valid && a->ctl_ready == b->ctl_ready &&
                 a->ctl_done == b->ctl_done && a->waiting == b->waiting && a->mem_req_valid == b->mem_req_valid &&
                 (!a->mem_req_valid || (a->mem_req_addr == b->mem_req_addr && a->mem_req_tag == b->mem_req_tag));
    for (unsigned p = 0; p < ports; p++)
        equal = equal && (!(a->resp_valid >> p & 1) || memcmp(&a->resp[p], &b->resp[p], sizeof a->resp[p]) == 0);
    return equal;
}

/* Two models of a preset do the same, whatever comes, with one of another preset between them; and a reset makes one
 * like new. */
static void models(const char *name, const char *other)
{
    const struct twinwalk_preset *preset = twinwalk_preset_named(name);
    const unsigned ports = (unsigned)(twinwalk_preset_value(preset, "ports.fetch") +
                                      twinwalk_preset_value(preset, "ports.data"));
    struct twinwalk_mmu *a = twinwalk_mmu_new(preset), *b = twinwalk_mmu_new(preset),
                        *c = twinwalk_mmu_new(twinwalk_preset_named(other));
    struct pins_out out_a, out_b, out_c;
    uint64_t answers = 0, word_a[2], word_b[2];
    twinwalk_mmu_reset(c, &out_c);
    for (unsigned round = 0; round < 2; round++) {
        srand(round);
        memset(&out_a, 0, sizeof out_a);
        memset(&out_b, 0, sizeof out_b);
        twinwalk_mmu_reset(a, &out_a);
        twinwalk_mmu_reset(b, &out_b);
        for (unsigned cycle = 0; cycle < 50000; cycle++) {
            const struct pins_in in = any(ports);
            twinwalk_mmu_step(a, &in, &out_a);
            if (ports <= 2)
                twinwalk_mmu_step(c, &in, &out_c);
            twinwalk_mmu_step(b, &in, &out_b);
            answers += out_a.resp_valid != 0;
            if (!same(&out_a, &out_b, ports)) {
                printf("%s: two models part in cycle %u\n", name, cycle);
                wrong = 1;
                return;
            }
        }
        for (unsigned idx = 0; idx < 5; idx++)
            RIGHT(twinwalk_mmu_state(a, 0, idx, word_a) && twinwalk_mmu_state(b, 0, idx, word_b) &&
                  memcmp(word_a, word_b, sizeof word_a) == 0);
    }
    RIGHT(answers > 1000);
    RIGHT(!twinwalk_mmu_state(a, 15, 0, word_a) && word_a[0] == 0 && word_a[1] == 0);
    twinwalk_mmu_free(a);
    twinwalk_mmu_free(b);
    twinwalk_mmu_free(c);
    twinwalk_mmu_free(NULL);
}

/* A table that maps itself, behind a base that is not 0; then memory that ends too early. */
static void oracle(void)
{
    uint64_t words[512 * 2] = {0}, value = 7;
    struct twinwalk_buffer buffer = {.base = 0x5000, .bytes = sizeof words, .words = words};
    struct oracle_cpu cpu;
    struct oracle_regs regs = {.cr3 = 0x5000, .cr4 = 1 << 5, .pat = 0x0007040600070406};
    struct oracle_access write = {.va = 0x10, .acc = ACC_WRITE, .user = true};
    struct oracle_result r;
    twinwalk_preset_cpu(twinwalk_preset_named("tiny"), &cpu);
    words[0] = 0x5000 | 7;
    twinwalk_translate(&cpu, &regs, &write, twinwalk_buffer_read, &buffer, &r);
    RIGHT(r.kind == KIND_OK && r.addr == 0x5010 && r.steps == 4 && r.step[3].must_d && r.step[0].must_a);
    RIGHT(twinwalk_update_flags(&r, false, twinwalk_buffer_update, &buffer) && words[0] == (0x5000 | 7 | 0x60));
    words[0] = 0x6000 | 7;
    words[512] = 0x7000 | 7;
    twinwalk_translate(&cpu, &regs, &write, twinwalk_buffer_read, &buffer, &r);
    RIGHT(r.kind == KIND_MEMERR && r.err == 0 && r.addr == 0 && r.steps == 3 && r.step[2].pa == 0x7000);
    RIGHT(r.step[0].may_a && r.step[1].may_a && !r.step[2].may_a && !r.step[2].value && strlen(r.reason) > 0);
    RIGHT(twinwalk_update_flags(&r, false, twinwalk_buffer_update, &buffer) && words[0] == (0x6000 | 7));
    RIGHT(twinwalk_update_flags(&r, true, twinwalk_buffer_update, &buffer) && words[0] == (0x6000 | 7 | 0x20));
    r.step[0].pa = 0;
    RIGHT(!twinwalk_update_flags(&r, true, twinwalk_buffer_update, &buffer));
    write.va = 1ull << 63;
    twinwalk_translate(&cpu, &regs, &write, twinwalk_buffer_read, &buffer, &r);
    RIGHT(r.kind == KIND_GP && r.steps == 0);
    RIGHT(!twinwalk_buffer_read(&buffer, 0x4ff8, &value) && !twinwalk_buffer_read(&buffer, 0x7000, &value) &&
          !twinwalk_buffer_read(&buffer, ~7ull, &value) && value == 7);
    RIGHT(twinwalk_buffer_read(&buffer, 0x6000, &value) && value == (0x7000 | 7 | 0x20));
    RIGHT(!twinwalk_control(&regs, &cpu, CTL_MOV_CR4, 0, 0) && regs.cr4 == 1 << 5);
    RIGHT(twinwalk_control(&regs, &cpu, CTL_MOV_CR3, 0x9000, 0) && regs.cr3 == 0x9000);
}

int main(int argc, char **argv)
{
    about(argc > 1 ? argv[1] : "");
    presets();
    models("tiny", "contrary");
    models("contrary", "tiny");
    oracle();
    return wrong;
}
