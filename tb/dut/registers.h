/* Writes every register of the RTL from the state words of docs/microarchitecture.md section 17: how a device is put
 * into the state that the model is in (docs/slices.md).
 *
 * Where the registers are says a header that scripts/verilate.py makes of the C++ that Verilator wrote; each is shown
 * to the function given, in all its instances, with their numbers: side and array of an L1, a walker's. A register of
 * the RTL that is not named here is a complaint when the RTL is verilated, and no state is written at all. One that
 * Verilator has found to be constant has no instance.
 *
 * The words do not tell what means nothing at the moment: what was left in an entry that is free, or the data of a
 * response that is not there. Such registers are written as 0. Control must be IDLE: what it latches is not told
 * either. */
#ifndef TWINWALK_REGISTERS_H
#define TWINWALK_REGISTERS_H

#include <cstdint>
#include <type_traits>

#include "dut.h"
#include "mmu_cfg.h"
#include "state_index.h"
#include "verilated.h"

/* The register as a number. */
template <class T> inline void register_set(T &reg, uint64_t value)
{
    static_assert(std::is_unsigned_v<T>);
    reg = T(value);
}

/* `width` bits at bit `at`, which were 0. */
template <class T> inline void register_insert(T &reg, unsigned at, unsigned width, uint64_t value)
{
    static_assert(std::is_unsigned_v<T>);
    if (at < 8 * sizeof reg)
        reg = T(reg | (value & ~uint64_t{0} >> (64 - width)) << at);
}
template <std::size_t N> inline void register_insert(VlWide<N> &reg, unsigned at, unsigned width, uint64_t value)
{
    for (unsigned bit = 0; bit < width && (at + bit) / 32 < N; bit++)
        reg[(at + bit) / 32] |= EData(value >> bit & 1) << (at + bit) % 32;
}

/* All bits 0. */
template <class T> inline void register_clear(T &reg)
{
    if constexpr (std::is_unsigned_v<T>)
        reg = 0;
    else
        for (auto &part : reg.m_storage)
            register_clear(part);
}
inline constexpr auto cleared = [](auto &reg, auto...) { register_clear(reg); };

struct state_words {
    const struct dut_state &state;

    struct word {
        uint64_t w[2];
        bool exists;
        uint64_t field(unsigned low, unsigned width, unsigned n = 0) const
        {
            return w[n] >> low & ~uint64_t{0} >> (64 - width);
        }
    };
    word get(unsigned sel, unsigned idx) const
    {
        word found = {};
        found.exists = state.word(state.context, sel, idx, found.w);
        return found;
    }
};

enum : unsigned {
    WORD_CONTROL,
    WORD_ITLB,
    WORD_DTLB,
    WORD_STLB,
    WORD_PSC,
    WORD_REPLACEMENT,
    WORD_QUEUE,
    WORD_WALKER,
    WORD_STAGE,
    WORD_FILL
};

/* Whether the words tell all: no set of an array has a higher number than they can ask for. */
enum : bool { REGISTERS_TOLD = CFG_STLB_A0_SETS <= 4096 && CFG_STLB_A1_SETS <= 4096 };

/* Structure s, 0 ITLB … 3 PSC, array a: its ways; entry `at`, counted set by set; replacement state of `set`. */
inline unsigned ways_of(unsigned s, unsigned a)
{
    static constexpr unsigned ways[4][4] = {
        {CFG_ITLB_A0_WAYS, CFG_ITLB_A1_WAYS, CFG_ITLB_A2_WAYS},
        {CFG_DTLB_A0_WAYS, CFG_DTLB_A1_WAYS, CFG_DTLB_A2_WAYS},
        {CFG_STLB_A0_WAYS, CFG_STLB_A1_WAYS},
        {CFG_PSC_A0_WAYS, CFG_PSC_A1_WAYS, CFG_PSC_A2_WAYS, CFG_PSC_A3_WAYS},
    };
    return ways[s][a] ? ways[s][a] : 1;
}
inline state_words::word word_of_entry(const state_words &words, unsigned s, unsigned a, unsigned at)
{
    const unsigned ways = ways_of(s, a);
    return words.get(WORD_ITLB + s, state_entry_index(a, at / ways, at % ways, ways));
}
inline state_words::word word_of_set(const state_words &words, unsigned s, unsigned a, unsigned set)
{
    return set < 4096 ? words.get(WORD_REPLACEMENT, s << 14 | a << 12 | set) : state_words::word{};
}

/* ---- arrays of an L1 or of the PSC: tags [set][way], data at {set, way}, valid bits of all in one ---- */

template <class T, std::size_t Ways, std::size_t Sets>
void registers_tags(VlUnpacked<VlUnpacked<T, Ways>, Sets> &reg, const state_words &words, unsigned s, unsigned a)
{
    for (unsigned at = 0; at < Sets * Ways; at++)
        register_set(reg[at / Ways][at % Ways], word_of_entry(words, s, a, at).w[0]);
}

template <class T, std::size_t Places>
void registers_data(VlUnpacked<T, Places> &reg, const state_words &words, unsigned s, unsigned a)
{
    for (unsigned at = 0; at < Places; at++)
        register_set(reg[at], words.get(WORD_ITLB + s, a << 14 | at).w[1]);
}

/* Of the data what is judged: S, key, D, NX, U, W. */
template <class T, std::size_t Ways, std::size_t Sets>
void registers_judged(VlUnpacked<VlUnpacked<T, Ways>, Sets> &reg, const state_words &words, unsigned s, unsigned a)
{
    for (unsigned at = 0; at < Sets * Ways; at++) {
        const auto entry = word_of_entry(words, s, a, at);
        register_set(reg[at / Ways][at % Ways], entry.field(51, 1, 1) << 8 | entry.field(47, 4, 1) << 4 |
                                                    entry.field(43, 1, 1) << 3 | entry.field(42, 1, 1) << 2 |
                                                    entry.field(41, 1, 1) << 1 | entry.field(40, 1, 1));
    }
}

template <class T> void registers_valid(T &reg, const state_words &words, unsigned s, unsigned a)
{
    register_clear(reg);
    state_words::word word;
    for (unsigned at = 0; (word = word_of_entry(words, s, a, at)).exists; at++)
        register_insert(reg, at, 1, word.w[0] & 1);
}

template <class T, std::size_t Sets>
void registers_replacement(VlUnpacked<T, Sets> &reg, const state_words &words, unsigned s, unsigned a, unsigned half)
{
    for (unsigned set = 0; set < Sets; set++)
        register_set(reg[set], word_of_set(words, s, a, set).w[half]);
}

/* PLRU: the nodes as they are told. LRU: of each pair of ways v < w, at w(w-1)/2 + v, whether w has the lower rank. */
template <class T, std::size_t Sets>
void registers_touches(VlUnpacked<T, Sets> &reg, const state_words &words, unsigned s, unsigned a)
{
    static constexpr bool lru[] = {CFG_ITLB_REPLACEMENT, CFG_DTLB_REPLACEMENT, CFG_STLB_REPLACEMENT,
                                   CFG_PSC_REPLACEMENT};
    for (unsigned set = 0; set < Sets; set++) {
        const auto word = word_of_set(words, s, a, set);
        register_clear(reg[set]);
        for (unsigned n = 0; n < 128 && !lru[s]; n++)
            register_insert(reg[set], n, 1, word.field(n % 64, 1, n / 64));
        for (unsigned w = 1; w < ways_of(s, a) && lru[s]; w++)
            for (unsigned v = 0; v < w; v++)
                register_insert(reg[set], w * (w - 1) / 2 + v, 1, word.field(4 * w, 4) < word.field(4 * v, 4));
    }
}

/* Of each entry whether it is global, or of the current PCID. */
template <class T> void registers_current(T &reg, const state_words &words, unsigned s, unsigned a)
{
    const auto control = words.get(WORD_CONTROL, 0);
    const uint64_t pcid = control.field(3, 1, 1) ? control.field(0, 12) : 0;
    register_clear(reg);
    state_words::word word;
    for (unsigned at = 0; (word = word_of_entry(words, s, a, at)).exists; at++)
        register_insert(reg, at, 1, word.field(3, 1) | (word.field(4, 12) == pcid));
}

/* The states of a miss-queue entry, as its state word numbers them. */
namespace registers_entry
{
enum state : unsigned { FREE, PEND, SLK, NWALK, WALK, FOLLOW, FINV, FINVW, DONE, DENIED, STATES };
}

/* The ports of a side, bit 0 its first one, whose request of the cycle before was denied: they have an entry in DENIED.
 */
inline unsigned registers_denied(const state_words &words, unsigned side)
{
    unsigned ports = 0;
    for (unsigned e = 0; e < CFG_MISS_QUEUE_ENTRIES; e++) {
        const auto entry = words.get(WORD_QUEUE, e);
        if (entry.field(0, 4) == registers_entry::DENIED)
            ports |= 1u << unsigned(entry.field(4, 4));
    }
    return side ? ports >> CFG_PORTS_FETCH : ports & ((1u << CFG_PORTS_FETCH) - 1);
}

template <class Registers> void registers_l1(Registers &registers, const state_words &words)
{
    registers.u_front_g_side_u_l1tlb_g_array_u_array_tag_q(
        [&](auto &reg, unsigned side, unsigned a) { registers_tags(reg, words, side, a); });
    registers.u_front_g_side_u_l1tlb_g_array_u_array_data_q(
        [&](auto &reg, unsigned side, unsigned a) { registers_data(reg, words, side, a); });
    registers.u_front_g_side_u_l1tlb_g_array_u_array_judged_q(
        [&](auto &reg, unsigned side, unsigned a) { registers_judged(reg, words, side, a); });
    registers.u_front_g_side_u_l1tlb_g_array_u_array_valid_q(
        [&](auto &reg, unsigned side, unsigned a) { registers_valid(reg, words, side, a); });
    registers.u_front_g_side_u_l1tlb_g_array_u_array_repl_q(
        [&](auto &reg, unsigned side, unsigned a) { registers_touches(reg, words, side, a); });
    registers.u_front_g_side_u_l1tlb_g_array_u_array_current_q(
        [&](auto &reg, unsigned side, unsigned a) { registers_current(reg, words, side, a); });
    /* Nothing is written late: neither a fill nor a touch; and what was asked is answered (registers_responses), but
     * for what was denied. Which array said so nobody asks any more: the first. */
    const auto denied = [&](auto &reg, unsigned side, unsigned a) {
        register_set(reg, a ? 0 : registers_denied(words, side));
    };
    registers.u_front_g_side_u_l1tlb_fill_q(cleared);
    registers.u_front_g_side_u_l1tlb_fill_tag_q(cleared);
    registers.u_front_g_side_u_l1tlb_fill_data_q(cleared);
    registers.u_front_g_side_u_l1tlb_filled_data_q(cleared);
    registers.u_front_g_side_u_l1tlb_took_q(
        [&](auto &reg, unsigned side) { register_set(reg, registers_denied(words, side)); });
    registers.u_front_g_side_u_l1tlb_g_array_u_array_dropped_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_ok_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_denied_q(denied);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_gone_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_new_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_new_ok_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_new_denied_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_any_q(denied);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_hit_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_set_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_size_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_written_q(cleared);
    registers.u_front_g_side_u_l1tlb_g_array_u_array_g_late_written_place_q(cleared);
}

template <class Registers> void registers_psc(Registers &registers, const state_words &words)
{
    enum : unsigned { PSC = WORD_PSC - WORD_ITLB };
    registers.u_psc_g_array_u_array_tag_q([&](auto &reg, unsigned a) { registers_tags(reg, words, PSC, a); });
    registers.u_psc_g_array_u_array_data_q([&](auto &reg, unsigned a) { registers_data(reg, words, PSC, a); });
    registers.u_psc_g_array_u_array_valid_q([&](auto &reg, unsigned a) { registers_valid(reg, words, PSC, a); });
    registers.u_psc_g_array_u_array_repl_q([&](auto &reg, unsigned a) { registers_touches(reg, words, PSC, a); });
    registers.u_psc_g_array_u_array_dropped_q(cleared);
    registers.u_psc_g_array_u_array_current_q([&](auto &reg, unsigned a) { registers_current(reg, words, PSC, a); });
}

/* ---- results and addresses, as the miss queue and the response registers keep them ---- */

static constexpr unsigned ADDRESS_BITS = CFG_ARCH_PADDR_BITS > (CFG_ARCH_LA57 ? 57 : 48) ? CFG_ARCH_PADDR_BITS
                                         : CFG_ARCH_LA57                                 ? 57
                                                                                         : 48;
static constexpr uint64_t ADDRESS_MASK = ~uint64_t{0} >> (64 - ADDRESS_BITS);

/* A page fault has an error code, and only a translation has mt << 5 | pat << 2 | size. */
inline uint64_t register_result(unsigned kind, unsigned src, unsigned err, unsigned translation)
{
    return src | kind << 2 | (kind == KIND_PF ? err : translation) << 4;
}

/* ---- response registers, which the outputs show ---- */

template <class Registers> void registers_responses(Registers &registers, const struct pins_out &out)
{
    const auto response = [&](unsigned p) { return out.resp_valid >> p & 1 ? out.resp[p] : pins_resp{}; };
    registers.u_front_asked_q(cleared);
    registers.u_front_g_fault_g_told_access_q(cleared);
    registers.u_front_resp_q([&](auto &reg) { register_set(reg, out.resp_valid); });
    registers.u_front_g_response_id_q([&](auto &reg, unsigned p) { register_set(reg, response(p).id); });
    registers.u_front_g_response_addr_q(
        [&](auto &reg, unsigned p) { register_set(reg, response(p).addr & ADDRESS_MASK); });
    registers.u_front_g_response_above_q([&](auto &reg, unsigned p) { register_set(reg, response(p).addr >> 63); });
    registers.u_front_g_response_res_q([&](auto &reg, unsigned p) {
        const pins_resp r = response(p);
        register_set(reg, r.src | r.kind << 2 | r.err << 4 | r.size << 11 | r.pat << 13 | unsigned(r.mt) << 16);
    });
}

/* ---- miss queue: sets of entries, and what each holds ---- */

template <class Registers> void registers_queue(Registers &registers, const state_words &words)
{
    using namespace registers_entry;
    enum : unsigned {
        NM = CFG_MISS_QUEUE_ENTRIES,
        NP = CFG_PORTS_FETCH + CFG_PORTS_DATA,
        NUMBER = NM > 1 ? 32 - __builtin_clz(NM - 1) : 1, /* bits of an entry's number */
        RESULT = 12,                                      /* bits of one */
    };
    uint64_t in[STATES] = {}, of_port[NP] = {}, confirm = 0, step0 = 0, step1 = 0;
    for (unsigned e = 0; e < NM; e++) {
        const auto entry = words.get(WORD_QUEUE, e);
        const uint64_t bit = uint64_t{1} << e;
        in[entry.field(0, 4)] |= bit;
        of_port[entry.field(4, 4)] |= entry.field(0, 4) == FREE ? 0 : bit;
        confirm |= entry.field(22, 1) << e;
        step0 |= entry.field(48, 1) << e;
        step1 |= entry.field(49, 1) << e;
    }
    registers.u_queue_free_q([&](auto &reg) { register_set(reg, in[FREE] | in[DENIED]); });
    registers.u_queue_pend_q([&](auto &reg) { register_set(reg, in[PEND]); });
    registers.u_queue_slk_q([&](auto &reg) { register_set(reg, in[SLK]); });
    registers.u_queue_nwalk_q([&](auto &reg) { register_set(reg, in[NWALK]); });
    registers.u_queue_walk_q([&](auto &reg) { register_set(reg, in[WALK]); });
    registers.u_queue_follow_q([&](auto &reg) { register_set(reg, in[FOLLOW]); });
    registers.u_queue_finv_q([&](auto &reg) { register_set(reg, in[FINV]); });
    registers.u_queue_finvw_q([&](auto &reg) { register_set(reg, in[FINVW]); });
    registers.u_queue_done_q([&](auto &reg) { register_set(reg, in[DONE]); });
    registers.u_queue_confirm_q([&](auto &reg) { register_set(reg, confirm); });
    registers.u_queue_step0_q([&](auto &reg) { register_set(reg, step0); });
    registers.u_queue_step1_q([&](auto &reg) { register_set(reg, step1); });
    /* Who is no follower and never was shows leader 0: as if entry 0 led it, which nobody asks. */
    registers.u_queue_led_q([&](auto &reg) { register_set(reg, (~uint64_t{0} >> (64 - NM)) & ~in[FREE]); });
    registers.u_queue_port_q([&](auto &reg) {
        for (unsigned p = 0; p < NP; p++)
            register_set(reg[p], of_port[p]);
    });
    /* Packed: entry e begins at bit e x width. */
    const auto entries = [&](auto &reg, unsigned width, auto value) {
        register_clear(reg);
        for (unsigned e = 0; e < NM; e++)
            register_insert(reg, e * width, width, value(words.get(WORD_QUEUE, e)));
    };
    using word = const state_words::word &;
    registers.u_queue_req_q([&](auto &reg) { entries(reg, 18, [](word w) { return w.field(4, 18); }); });
    registers.u_queue_leader_q([&](auto &reg) { entries(reg, NUMBER, [](word w) { return w.field(23, NUMBER); }); });
    registers.u_queue_res_q([&](auto &reg) {
        entries(reg, RESULT, [](word w) {
            return register_result(unsigned(w.field(31, 2)), unsigned(w.field(29, 2)), unsigned(w.field(33, 7)),
                                   unsigned(w.field(40, 8)));
        });
    });
    registers.u_queue_va_q([&](auto &reg) {
        entries(reg, unsigned(__builtin_popcountll(ADDRESS_MASK)), [](word w) { return w.w[1] & ADDRESS_MASK; });
    });
    const auto pointers = words.get(WORD_CONTROL, 2);
    /* An entry that is DENIED was asked for in the cycle before; its L1 tells why (registers_l1). */
    registers.u_queue_new_q([&](auto &reg) {
        for (unsigned p = 0; p < NP; p++)
            register_set(reg[p], of_port[p] & in[DENIED]);
    });
    registers.u_queue_follows_q(cleared);
    registers.u_queue_plain_q(cleared);
    registers.u_queue_rr_issue_q([&](auto &reg) { register_set(reg, pointers.field(0, 6)); });
    registers.u_queue_rr_walk_q([&](auto &reg) { register_set(reg, pointers.field(8, 6)); });
}

/* ---- STLB: its arrays, a memory a way ---- */

struct stlb_shape {
    unsigned holds, sets, ways;
    unsigned set_bits() const
    {
        return unsigned(__builtin_ctz(sets));
    }
    unsigned set(unsigned size, uint64_t vpn) const
    {
        return unsigned(vpn >> 9 * size) & (sets - 1);
    }
};
inline stlb_shape shape_of_stlb(unsigned a)
{
    const stlb_shape shapes[] = {
        {CFG_STLB_A0_HOLDS, CFG_STLB_A0_SETS, CFG_STLB_A0_WAYS},
        {CFG_STLB_A1_HOLDS, CFG_STLB_A1_SETS ? CFG_STLB_A1_SETS : 1, CFG_STLB_A1_WAYS},
    };
    return shapes[a];
}
enum : bool { STLB_SHARES_4K = CFG_STLB_A0_HOLDS & CFG_STLB_A1_HOLDS & 1 };

/* Whether array a is where a page of this size at this virtual page number belongs. */
inline bool stlb_is_place(unsigned a, unsigned size, uint64_t vpn)
{
    const stlb_shape g = shape_of_stlb(a);
    return (g.holds >> size & 1) && (!STLB_SHARES_4K || size || (vpn >> g.set_bits() & 1) == a);
}

inline state_words::word word_of_stlb(const state_words &words, unsigned a, unsigned set, unsigned way)
{
    return word_of_entry(words, WORD_STLB - WORD_ITLB, a, set * shape_of_stlb(a).ways + way);
}

/* An entry as a word of its way's memory: without what the set number, the array and the preset say of it. */
template <class T> void registers_stlb_word(T &reg, const state_words::word &entry, unsigned a)
{
    const stlb_shape g = shape_of_stlb(a);
    const unsigned small = unsigned(__builtin_ctz(g.holds)), sizes = unsigned(__builtin_popcount(g.holds));
    const unsigned low = 9 * small + g.set_bits();
    unsigned at = 0;
    const auto put = [&](unsigned width, uint64_t value) {
        if (width)
            register_insert(reg, at, width, value);
        at += width;
    };
    register_clear(reg);
    if (!entry.field(0, 1))
        return;
    put(1, 1);
    put(1, entry.field(3, 1));
    put(7, entry.field(40, 7, 1)); /* W, U, NX, D, PAT */
    put(sizes - 1, sizes == 3 ? entry.field(1, 2) : entry.field(1, 2) != small);
    put(CFG_ARCH_CET ? 1 : 0, entry.field(51, 1, 1));
    put(CFG_ARCH_PKU || CFG_ARCH_PKS ? 4 : 0, entry.field(47, 4, 1));
    put(CFG_ARCH_PCID ? 12 : 0, entry.field(4, 12));
    put((CFG_ARCH_LA57 ? 45 : 36) - low, entry.field(16, 45) >> low);
    put(CFG_ARCH_PADDR_BITS - 12 - 9 * small, entry.field(0, 40, 1) >> 9 * small);
}

/* Replacement state of a set as it is kept: no node 0, no more bits a rank than the ways need. */
inline uint64_t stlb_replacement(const state_words &words, unsigned a, unsigned set)
{
    const unsigned ways = shape_of_stlb(a).ways, bits = state_way_bits(ways);
    const auto word = word_of_set(words, WORD_STLB - WORD_ITLB, a, set);
    if (!CFG_STLB_REPLACEMENT)
        return word.w[0] >> 1;
    uint64_t ranks = 0;
    for (unsigned way = 0; way < ways; way++)
        ranks |= word.field(4 * way, bits ? bits : 1) << bits * way;
    return ranks;
}

/* ---- STLB: the pipeline ---- */

enum : unsigned { TOKEN_NONE, TOKEN_LOOKUP, TOKEN_FINV, TOKEN_FILL };

/* The virtual page number that a stage works on: R, or 1 stage later C. */
inline uint64_t stlb_stage_vpn(const state_words &words, unsigned later)
{
    const auto stage = words.get(WORD_STAGE, CFG_STLB_LATENCY - 3 + later);
    if (stage.field(0, 2) == TOKEN_NONE)
        return 0;
    return stage.field(0, 2) == TOKEN_FILL ? words.get(WORD_FILL, later).field(16, 45)
                                           : words.get(WORD_QUEUE, unsigned(stage.field(2, 6))).field(12, 45, 1);
}

/* What R found of one size in an array for the token that is now in C; nothing of a size that was not asked for. */
struct stlb_found {
    bool asked;
    uint64_t ways, room;
    state_words::word entry; /* the lowest of `ways` */
};

inline stlb_found stlb_found_of_size(const state_words &words, unsigned a, unsigned size)
{
    const auto stage = words.get(WORD_STAGE, CFG_STLB_LATENCY - 2), fill = words.get(WORD_FILL, 1);
    const auto control = words.get(WORD_CONTROL, 0);
    const uint64_t pcid = control.field(3, 1, 1) ? control.field(0, 12) : 0, vpn = stlb_stage_vpn(words, 1);
    const unsigned token = unsigned(stage.field(0, 2)), set = shape_of_stlb(a).set(size, vpn);
    stlb_found f = {};
    f.asked = stlb_is_place(a, size, vpn) &&
              (token == TOKEN_LOOKUP || (token == TOKEN_FINV && size == stage.field(8, 2)) ||
               (token == TOKEN_FILL && size == fill.field(1, 2)));
    for (unsigned way = shape_of_stlb(a).ways; way-- > 0 && f.asked;) {
        const auto entry = word_of_stlb(words, a, set, way);
        const bool valid = entry.field(0, 1);
        f.room |= uint64_t{!valid} << way;
        if (valid && entry.field(1, 2) == size && entry.field(16, 45) >> 9 * size == vpn >> 9 * size &&
            (entry.field(3, 1) || entry.field(4, 12) == pcid || (token == TOKEN_FILL && fill.field(3, 1)))) {
            f.ways |= uint64_t{1} << way;
            f.entry = entry;
        }
    }
    return f;
}

template <class Registers> void registers_stlb_arrays(Registers &registers, const state_words &words)
{
    const auto of_stage = [&](unsigned a, unsigned size, unsigned later) {
        return shape_of_stlb(a).set(size, stlb_stage_vpn(words, later));
    };
    const auto sets = [&](unsigned a, unsigned size) { return of_stage(a, size, 0); };
    const auto all_sets = [&](auto &reg, unsigned a, unsigned later) {
        const unsigned width = shape_of_stlb(a).sets > 1 ? shape_of_stlb(a).set_bits() : 1;
        register_clear(reg);
        for (unsigned size = 0; size < 3; size++)
            register_insert(reg, width * size, width, of_stage(a, size, later));
    };
    registers.u_stlb_g_array_u_array_set_q([&](auto &reg, unsigned a) { all_sets(reg, a, 0); });
    registers.u_stlb_g_array_u_array_g_way_word_q([&](auto &reg, unsigned a, unsigned way) {
        for (unsigned set = 0; set < shape_of_stlb(a).sets; set++)
            registers_stlb_word(reg[set], word_of_stlb(words, a, set, way), a);
    });
    registers.u_stlb_g_array_u_array_g_way_g_size_g_block_read_q(
        [&](auto &reg, unsigned a, unsigned way, unsigned size) {
            registers_stlb_word(reg, word_of_stlb(words, a, sets(a, size), way), a);
        });
    registers.u_stlb_g_array_u_array_g_low_low_q([&](auto &reg, unsigned a) {
        for (unsigned set = 0; set < shape_of_stlb(a).sets; set++)
            register_set(reg[set], stlb_replacement(words, a, set));
    });
    /* The memories have what C wrote last. */
    registers.u_stlb_g_array_u_array_p_write_q(cleared);
    registers.u_stlb_g_array_u_array_p_fresh_q(cleared);
    registers.u_stlb_g_array_u_array_p_set_q(cleared);
    registers.u_stlb_g_array_u_array_p_fill_q(cleared);
    registers.u_stlb_g_array_u_array_w_write_q(cleared);
    registers.u_stlb_g_array_u_array_w_low_q(cleared);
    registers.u_stlb_g_array_u_array_w_set_q(cleared);
    registers.u_stlb_g_array_u_array_c_same_q(cleared);
    registers.u_stlb_g_array_u_array_c_sets_q([&](auto &reg, unsigned a) { all_sets(reg, a, 1); });
    registers.u_stlb_g_array_u_array_c_match_q([&](auto &reg, unsigned a) {
        const unsigned ways = shape_of_stlb(a).ways;
        register_clear(reg);
        for (unsigned size = 0; size < 3; size++)
            register_insert(reg, ways * size, ways, stlb_found_of_size(words, a, size).ways);
    });
    registers.u_stlb_g_array_u_array_c_room_q([&](auto &reg, unsigned a) {
        uint64_t room = 0;
        for (unsigned size = 0; size < 3; size++)
            room |= stlb_found_of_size(words, a, size).room;
        register_set(reg, room);
    });
    registers.u_stlb_g_array_u_array_c_low_q([&](auto &reg, unsigned a) {
        for (unsigned size = 0; size < 3; size++)
            register_set(reg[size], stlb_replacement(words, a, of_stage(a, size, 1)));
    });
    registers.u_stlb_g_array_u_array_c_fill_q([&](auto &reg, unsigned a) {
        const auto fill = words.get(WORD_FILL, 1);
        register_set(reg, words.get(WORD_STAGE, CFG_STLB_LATENCY - 2).field(0, 2) == TOKEN_FILL &&
                              stlb_found_of_size(words, a, unsigned(fill.field(1, 2))).asked);
    });
    registers.u_stlb_g_array_u_array_c_place_q(cleared); /* of a sweep */
    registers.u_stlb_g_array_u_array_c_data_q([&](auto &reg, unsigned a) {
        for (unsigned size = 0; size < 3; size++)
            register_set(reg[size], stlb_found_of_size(words, a, size).entry.w[1]);
    });
    registers.u_stlb_g_array_u_array_c_glob_q([&](auto &reg, unsigned a) {
        register_clear(reg);
        for (unsigned size = 0; size < 3; size++)
            register_insert(reg, size, 1, stlb_found_of_size(words, a, size).entry.field(3, 1));
    });
    /* … and not by the ways of its memories */
    registers.u_stlb_g_array_u_array_g_late_c_pick_q(cleared);
    registers.u_stlb_g_array_u_array_g_late_c_globs_q(cleared);
    registers.u_stlb_g_array_u_array_g_late_c_words_q(cleared);
}

template <class Registers> void registers_stlb(Registers &registers, const state_words &words)
{
    enum : unsigned { STAGES = CFG_STLB_LATENCY - 2 };
    const auto stages = [&](auto &reg, unsigned low, unsigned width) {
        register_clear(reg);
        for (unsigned i = 0; i < STAGES; i++)
            register_insert(reg, width * i, width, words.get(WORD_STAGE, i + 1).field(low, width));
    };
    registers.u_stlb_token_q([&](auto &reg) { stages(reg, 0, 2); });
    registers.u_stlb_entry_q([&](auto &reg) { stages(reg, 2, 6); });
    registers.u_stlb_step_q([&](auto &reg) { stages(reg, 8, 2); });
    registers.u_stlb_r_vpn_q([&](auto &reg) { register_set(reg, stlb_stage_vpn(words, 0)); });
    registers.u_stlb_c_vpn_q([&](auto &reg) { register_set(reg, stlb_stage_vpn(words, 1)); });
    const auto r = words.get(WORD_FILL, 0);
    registers.u_stlb_r_size_q([&](auto &reg) { register_set(reg, r.field(1, 2)); });
    registers.u_stlb_r_glob_q([&](auto &reg) { register_set(reg, r.field(3, 1)); });
    registers.u_stlb_r_data_q([&](auto &reg) { register_set(reg, r.w[1]); });
    /* In C a FILL, or what is invalidated. */
    const auto stage = words.get(WORD_STAGE, STAGES);
    const unsigned token = unsigned(stage.field(0, 2));
    const auto fill = words.get(WORD_FILL, 1);
    registers.u_stlb_c_size_q([&](auto &reg) {
        register_set(reg, token == TOKEN_FILL ? fill.field(1, 2) : token == TOKEN_FINV ? stage.field(8, 2) : 0);
    });
    registers.u_stlb_c_new_glob_q([&](auto &reg) { register_set(reg, fill.field(3, 1)); });
    registers.u_stlb_c_new_data_q([&](auto &reg) { register_set(reg, fill.w[1]); });
    registers.u_stlb_c_whole_q(cleared);
    registers.u_stlb_c_sweep_q(cleared);
    registers.u_stlb_c_init_q(cleared);
    registers.u_stlb_p_new_q(cleared);
    registers.u_stlb_inv_vpn_q([&](auto &reg) { register_set(reg, stlb_stage_vpn(words, 1)); });
    registers_stlb_arrays(registers, words);
}

/* ---- walkers, and who speaks to memory ---- */

template <class Registers> void registers_walkers(Registers &registers, const state_words &words)
{
    enum : unsigned { WAIT = 2 };
    const auto walker = [&](unsigned w) { return words.get(WORD_WALKER, 2 * w); };
    const auto request = [&](unsigned w) { return words.get(WORD_QUEUE, unsigned(walker(w).field(11, 6))); };
    const auto field = [&](auto &reg, unsigned w, unsigned low, unsigned width) {
        register_set(reg, walker(w).field(low, width));
    };
    registers.u_walkers_g_walker_u_walker_state_q([&](auto &reg, unsigned w) { field(reg, w, 0, 3); });
    registers.u_walkers_g_walker_u_walker_kill_q([&](auto &reg, unsigned w) { field(reg, w, 3, 1); });
    registers.u_walkers_g_walker_u_walker_level_q([&](auto &reg, unsigned w) { field(reg, w, 4, 3); });
    registers.u_walkers_g_walker_u_walker_from_psc_q([&](auto &reg, unsigned w) { field(reg, w, 7, 1); });
    registers.u_walkers_g_walker_u_walker_old_q([&](auto &reg, unsigned w) { field(reg, w, 33, 16); });
    registers.u_walkers_g_walker_u_walker_rights_q([&](auto &reg, unsigned w) {
        const auto word = walker(w);
        register_set(reg, word.field(8, 1) << 2 | word.field(9, 1) << 1 | word.field(10, 1));
    });
    registers.u_walkers_g_walker_u_walker_entry_q([&](auto &reg, unsigned w) { field(reg, w, 11, 6); });
    registers.u_walkers_g_walker_u_walker_outcome_q([&](auto &reg, unsigned w) { field(reg, w, 21, 2); });
    /* Of the error code what the entry decided: PK, RSVD, P. */
    registers.u_walkers_g_walker_u_walker_why_q([&](auto &reg, unsigned w) {
        const auto word = walker(w);
        register_set(reg, word.field(28, 1) << 2 | word.field(26, 1) << 1 | word.field(23, 1));
    });
    registers.u_walkers_g_walker_u_walker_s_q([&](auto &reg, unsigned w) { field(reg, w, 30, 1); });
    registers.u_walkers_g_walker_u_walker_cache_q([&](auto &reg, unsigned w) { field(reg, w, 31, 2); });
    /* Itself, but where it waits for another's read; one bit of a set. */
    registers.u_walkers_g_walker_u_walker_tag_q([&](auto &reg, unsigned w) {
        register_set(reg, 1u << (walker(w).field(0, 3) == WAIT ? walker(w).field(17, 4) : w));
    });
    registers.u_walkers_g_walker_u_walker_base_q(
        [&](auto &reg, unsigned w) { register_set(reg, walker(w).field(12, 40, 1)); });
    registers.u_walkers_g_walker_u_walker_index_q(
        [&](auto &reg, unsigned w) { register_set(reg, walker(w).field(3, 9, 1)); });
    registers.u_walkers_g_walker_u_walker_value_q(
        [&](auto &reg, unsigned w) { register_set(reg, words.get(WORD_WALKER, 2 * w + 1).w[0]); });
    /* What it walks for is what its entry of the miss queue asks. */
    registers.u_walkers_g_walker_u_walker_vpn_q(
        [&](auto &reg, unsigned w) { register_set(reg, walker(w).field(0, 3) ? request(w).field(12, 45, 1) : 0); });
    registers.u_walkers_g_walker_u_walker_access_q(
        [&](auto &reg, unsigned w) { register_set(reg, walker(w).field(0, 3) ? request(w).field(16, 6) : 0); });
    const auto pointers = words.get(WORD_CONTROL, 2);
    /* Sets of walkers: those at or above rr_mem; the one that is held. */
    registers.u_walkers_u_arb_turn_q(
        [&](auto &reg) { register_set(reg, ((1u << CFG_WALKERS_COUNT) - 1) & ~((1u << pointers.field(16, 4)) - 1)); });
    registers.u_walkers_u_arb_held_q(
        [&](auto &reg) { register_set(reg, pointers.field(24, 1) << pointers.field(28, 4)); });
}

/* ---- control, in IDLE ---- */

template <class Registers> void registers_control(Registers &registers, const state_words &words)
{
    enum : unsigned { WP, PGE, LA57, PCIDE, NXE, SMEP, SMAP, PKE, PKS, CET, LAM_SUP, CD, PSE, TCE };
    const auto cr = words.get(WORD_CONTROL, 0), keys = words.get(WORD_CONTROL, 3);
    const auto flag = [&](unsigned n) { return cr.field(n, 1, 1); };
    registers.u_ctl_regs_q([&](auto &reg) {
        register_set(reg, cr.field(0, 52) | flag(TCE) << 52 | flag(PKS) << 53 | flag(PKE) << 54 | flag(PSE) << 55 |
                              flag(PCIDE) << 56 | flag(PGE) << 57);
    });
    registers.u_ctl_rules_q([&](auto &reg) {
        register_set(reg, flag(CET) | flag(SMAP) << 1 | flag(SMEP) << 2 | flag(NXE) << 3 | flag(WP) << 4);
    });
    registers.u_ctl_linear_q([&](auto &reg) {
        register_set(reg, cr.field(62, 1) | cr.field(61, 1) << 1 | flag(LAM_SUP) << 2 | flag(LA57) << 3);
    });
    registers.u_ctl_types_q([&](auto &reg) {
        register_clear(reg);
        for (unsigned i = 0; i < 8; i++)
            register_insert(reg, 3 * i, 3, keys.field(8 * i, 3, 1));
        register_insert(reg, 24, 1, flag(CD));
    });
    registers.u_ctl_pkru_q([&](auto &reg) { register_set(reg, keys.field(0, 32)); });
    registers.u_ctl_pkrs_q([&](auto &reg) { register_set(reg, keys.field(32, 32)); });
    registers.u_ctl_keys_q([&](auto &reg) {
        register_set(reg, (flag(PKE) ? keys.field(0, 32) << 32 : 0) | (flag(PKS) ? keys.field(32, 32) : 0));
    });
    registers.u_ctl_state_q(cleared);
    registers.u_ctl_op_q(cleared);
    registers.u_ctl_data_q(cleared);
    registers.u_ctl_desc_q(cleared);
    registers.u_ctl_gp_q(cleared);
    registers.u_ctl_inv_q(cleared);
    registers.u_ctl_pcid_q([&](auto &reg) { register_set(reg, flag(PCIDE) ? cr.field(0, 12) : 0); });
    registers.u_ctl_j_q(cleared);
}

/* The other way round, of what is looked at again and again (events.c): of a walker its state, level and whether it
 * began at a cached entry, and the kind of token in the STLB's last stage. False: no such word. */
template <class Registers> bool registers_read(Registers &registers, unsigned sel, unsigned idx, uint64_t word[2])
{
    enum : unsigned { STAGES = CFG_STLB_LATENCY - 2 };
    const auto field = [&](const auto &reg, unsigned w, unsigned low) {
        word[0] |= 2 * w == idx ? uint64_t(reg) << low : 0;
    };
    word[0] = word[1] = 0;
    if (sel == WORD_WALKER && !(idx & 1) && idx / 2 < CFG_WALKERS_COUNT) {
        registers.u_walkers_g_walker_u_walker_state_q([&](auto &reg, unsigned w) { field(reg, w, 0); });
        registers.u_walkers_g_walker_u_walker_level_q([&](auto &reg, unsigned w) { field(reg, w, 4); });
        registers.u_walkers_g_walker_u_walker_from_psc_q([&](auto &reg, unsigned w) { field(reg, w, 7); });
        return true;
    }
    if (sel == WORD_STAGE && idx == STAGES) {
        registers.u_stlb_token_q([&](auto &reg) { word[0] = uint64_t(reg) >> 2 * (STAGES - 1) & 3; });
        return true;
    }
    return false;
}

/* All of them. */
template <class Registers> void registers_write(Registers &registers, const struct dut_state &state)
{
    const state_words words = {state};
    registers_control(registers, words);
    registers_responses(registers, *state.out);
    registers_l1(registers, words);
    registers_queue(registers, words);
    registers_stlb(registers, words);
    registers_psc(registers, words);
    registers_walkers(registers, words);
}

#endif
