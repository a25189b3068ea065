/* A program that uses libtwinwalk: page tables of its own, memory of its own, the cycle model of a preset, and the
 * oracle to judge each answer. docs/library.md walks through it.
 *
 *     cc -std=c11 walk.c $(pkg-config --cflags --libs twinwalk) -o walk && ./walk skylake
 *
 * Exit status: 0 every answer was the oracle's; 1 one was not; 2 there is no such preset; 7 memory is short. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <twinwalk.h>

enum { LATENCY = 20, ACCESSES = 4000, P = 1, W = 2, U = 4, PS = 1 << 7 };

/* Four tables at 1000H, 2000H, 3000H, 4000H: 512 pages of 4 KByte from linear address 0 on, of which every seventh is
 * not there and every fifth is read-only, and one page of 2 MByte behind them. */
static uint64_t tables[5 * 512];
static struct twinwalk_buffer memory = {.base = 0, .bytes = sizeof tables, .words = tables};

static void map(void)
{
    tables[0x1000 / 8] = 0x2000 | P | W | U;
    tables[0x2000 / 8] = 0x3000 | P | W | U;
    tables[0x3000 / 8] = 0x4000 | P | W | U;
    tables[0x3000 / 8 + 1] = 0x600000 | P | W | U | PS;
    for (unsigned page = 0; page < 512; page++)
        tables[0x4000 / 8 + page] = (0x100000 + page * 4096ull) | (page % 7 ? P : 0) | (page % 5 ? W : 0) | U;
}

/* One request of the model's at a time, answered LATENCY cycles after it was taken. */
struct port {
    struct pins_out asked;
    unsigned left; /* cycles until the answer; 0: nothing is asked */
    uint64_t line[8];
};

/* Memory's inputs of a cycle. */
static void serve(struct port *port, const struct pins_out *out, struct pins_in *in)
{
    in->mem_req_ready = port->left == 0;
    in->mem_rsp_valid = port->left == 1;
    in->mem_rsp_tag = port->asked.mem_req_tag;
    if (in->mem_rsp_valid) { /* contents are those of now, and a compare-and-swap is done now */
        uint64_t *word = &tables[port->asked.mem_req_addr / 8];
        memcpy(port->line, &tables[port->asked.mem_req_addr / 64 * 8], sizeof port->line);
        in->mem_rsp_line = port->line;
        if (port->asked.mem_req_cas && *word == port->asked.mem_req_expected)
            *word = port->asked.mem_req_desired;
    }
    if (port->left)
        port->left--;
    else if (out->mem_req_valid)
        port->asked = *out, port->left = LATENCY;
}

/* One clock with the inputs of *in and those of memory; then *in is empty again. */
static void step(struct twinwalk_mmu *mmu, struct port *port, struct pins_in *in, struct pins_out *out)
{
    serve(port, out, in);
    twinwalk_mmu_step(mmu, in, out);
    *in = (struct pins_in){0};
}

static void control(struct twinwalk_mmu *mmu, struct port *port, struct pins_out *out, uint8_t op, uint64_t data)
{
    struct pins_in in = {0};
    while (!out->ctl_ready)
        step(mmu, port, &in, out);
    in = (struct pins_in){.ctl_valid = true, .ctl_op = op, .ctl_data = data};
    do
        step(mmu, port, &in, out);
    while (!out->ctl_done);
}

/* Asks the model, and gives the cycles from the request to its answer, which stands in out->resp[p]. */
static unsigned access(struct twinwalk_mmu *mmu, struct port *port, struct pins_out *out, unsigned p,
                       struct pins_req req)
{
    struct pins_in in = {0};
    unsigned cycles = 0;
    while (!(out->req_ready >> p & 1))
        step(mmu, port, &in, out);
    in.req[p] = req;
    in.req_valid = (uint8_t)(1u << p);
    do {
        step(mmu, port, &in, out);
        cycles++;
    } while (!(out->resp_valid >> p & 1));
    return cycles;
}

int main(int argc, char **argv)
{
    static const char *const sources[] = {"L1", "STLB", "walk", "merged"}, *const kinds[] = {"OK", "#GP", "#PF"};
    const struct twinwalk_preset *preset = twinwalk_preset_named(argc > 1 ? argv[1] : "skylake");
    struct twinwalk_mmu *mmu = preset ? twinwalk_mmu_new(preset) : NULL;
    if (!mmu) {
        fprintf(stderr, "walk: %s\n", preset ? "memory is short" : "the library has no such preset");
        return preset ? 7 : 2;
    }
    const unsigned data = (unsigned)twinwalk_preset_value(preset, "ports.fetch"); /* the first data port */
    struct oracle_cpu cpu;
    struct oracle_regs regs = {.cr4 = 1 << 5, .pat = 0x0007040600070406};
    struct pins_out out = {0};
    struct port port = {0};
    map();
    twinwalk_preset_cpu(preset, &cpu);
    twinwalk_mmu_reset(mmu, &out);
    twinwalk_control(&regs, &cpu, CTL_MOV_CR0, 1u << 31 | 1 << 16 | 1, 0);
    control(mmu, &port, &out, CTL_MOV_CR0, regs.cr0);
    twinwalk_control(&regs, &cpu, CTL_MOV_CR3, 0x1000, 0);
    control(mmu, &port, &out, CTL_MOV_CR3, regs.cr3);

    uint64_t cycles = 0, wrong = 0;
    srand(1);
    for (unsigned n = 0; n < ACCESSES; n++) {
        const uint64_t va = (uint64_t)(rand() % 768) << 12 | (unsigned)(rand() % 512) << 3;
        const struct oracle_access what = {.va = va, .acc = (uint8_t)(rand() % 2), .user = true};
        const struct pins_req req = {.va = va, .id = (uint8_t)n, .acc = what.acc, .user = true};
        struct oracle_result expected;
        twinwalk_translate(&cpu, &regs, &what, twinwalk_buffer_read, &memory, &expected);
        const unsigned took = access(mmu, &port, &out, data, req);
        const struct pins_resp *got = &out.resp[data];
        cycles += took;
        wrong += got->kind != expected.kind || got->err != expected.err || got->addr != expected.addr;
        if (n < 8)
            printf("%s %06" PRIx64 " -> %s %06" PRIx64 ", %u cycles, from %s\n", what.acc ? "write" : "read ", va,
                   kinds[got->kind], got->addr, took, sources[got->src]);
    }
    printf("%s: %d accesses, %" PRIu64 " cycles, %" PRIu64 " answers not the oracle's\n", twinwalk_preset_name(preset),
           ACCESSES, cycles, wrong);
    twinwalk_mmu_free(mmu);
    return wrong != 0;
}
