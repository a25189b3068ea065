/* The memory port over TLM-2.0: a bridge on the MMU's pins, and the memory behind a socket.
 *
 *     pins offer          BEGIN_REQ   ──►           once an offer, when it appears
 *     ready in a cycle                ◄──  END_REQ      the cycle in which memory accepts
 *     reply pins, 1 cycle             ◄──  BEGIN_RESP   the reply's cycle, any order; ended at once (TLM_COMPLETED)
 *
 * Approximately timed in form, exact in time: each phase is called in the clock cycle it stands for. A read fetches
 * what is at the payload's address, walkers.reply_bytes; a compare-and-swap has TLM_IGNORE_COMMAND and its operands in
 * the extension. */
#ifndef TWINWALK_MEMORY_LINK_H
#define TWINWALK_MEMORY_LINK_H

#include <array>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "bundle.h"

/* What the generic payload has no place for. */
struct walker_access : tlm::tlm_extension<walker_access> {
    uint8_t tag = 0;
    uint8_t word = 0; /* which 8 bytes of those at the payload's address */
    uint8_t mt = 0;   /* memory type of the table */
    bool cas = false;
    bool withdrawn =
        false; /* the MMU took its offer back, against the port's rules: the bench must see that, so it is carried */
    uint64_t expected = 0, desired = 0;

    tlm::tlm_extension_base *clone() const override;
    void copy_from(const tlm::tlm_extension_base &other) override;
    void free() override {} /* part of a slot of the bridge */
};

/* Initiator: turns the MMU's memory pins into transactions and back. */
class memory_bridge : public sc_core::sc_module, private tlm::tlm_mm_interface
{
public:
    sc_core::sc_in<bool> clk;
    sc_core::sc_in<bundle::mem_request> mem_req;
    sc_core::sc_out<bool> mem_req_ready;
    sc_core::sc_out<bundle::mem_reply> mem_rsp;
    tlm_utils::simple_initiator_socket<memory_bridge> socket;

    explicit memory_bridge(sc_core::sc_module_name name);

    /* Takes last cycle's ready and reply from the pins; called before memory speaks. */
    void begin_cycle();

    /* Forgets what is under way. */
    void reset();

private:
    struct slot {
        tlm::tlm_generic_payload payload;
        walker_access access;
        std::array<uint64_t, bundle::REPLY_BYTES / 8> data;
    };

    std::array<slot, 16> slots_; /* by tag: a walker has one access at a time */
    slot *open_ = nullptr;       /* offered, not accepted */
    bool accepted_ = false;      /* in this cycle, whose edge is still to come */
    bundle::mem_reply reply_;
    bool replying_ = false;
    sc_core::sc_event taken_, settled_;

    void end_of_offer();
    void offer();
    void fill(slot &s, const bundle::mem_request &pins);
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload &payload, tlm::tlm_phase &phase,
                                       sc_core::sc_time &delay);
    void free(tlm::tlm_generic_payload *) override {} /* slots live as long as the bridge */
};

/* Target: the memory as the bench's engine plays it. It shows the offered request and passes on the engine's answers.
 */
class memory_target : public sc_core::sc_module
{
public:
    tlm_utils::simple_target_socket<memory_target> socket;

    explicit memory_target(sc_core::sc_module_name name);

    /* The engine's word for this cycle: accept the offer or not, reply or not. */
    void begin_cycle(const struct pins_in &in);

    /* The offered request, into out->mem_req_*. */
    void show(struct pins_out &out) const;

    void reset();

private:
    tlm::tlm_generic_payload *offered_ = nullptr;
    std::array<tlm::tlm_generic_payload *, 16> outstanding_{}; /* by tag */

    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload &payload, tlm::tlm_phase &phase,
                                       sc_core::sc_time &delay);
    void answer(tlm::tlm_generic_payload &payload, tlm::tlm_phase phase);
};

#endif
