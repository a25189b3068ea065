/* The memory port over TLM-2.0: see memory_link.h. First the bridge on the pins, then the memory behind the socket. */
#include "memory_link.h"

#include <cstring>

using namespace sc_core;

static walker_access &access_of(const tlm::tlm_generic_payload &payload)
{
    return *payload.get_extension<walker_access>();
}

tlm::tlm_extension_base *walker_access::clone() const
{
    return new walker_access(*this);
}

void walker_access::copy_from(const tlm::tlm_extension_base &other)
{
    *this = static_cast<const walker_access &>(other);
}

memory_bridge::memory_bridge(sc_module_name name) : sc_module(name), socket("socket")
{
    SC_HAS_PROCESS(memory_bridge);
    socket.register_nb_transport_bw(this, &memory_bridge::nb_transport_bw);
    SC_METHOD(end_of_offer);
    sensitive << taken_;
    dont_initialize();
    SC_METHOD(offer);
    sensitive << mem_req << settled_;
    dont_initialize();
    for (slot &s : slots_) {
        s.payload.set_mm(this);
        s.payload.set_extension(&s.access);
        s.payload.set_data_ptr(reinterpret_cast<unsigned char *>(s.data.data()));
        s.payload.set_data_length(bundle::REPLY_BYTES);
        s.payload.set_streaming_width(bundle::REPLY_BYTES);
    }
}

void memory_bridge::reset()
{
    open_ = nullptr;
    accepted_ = replying_ = false;
    bundle::set_word(reply_, 0, 0);
    mem_rsp.write(reply_);
    mem_req_ready.write(false);
}

void memory_bridge::begin_cycle()
{
    if (mem_req_ready.read())
        mem_req_ready.write(false);
    if (replying_) {
        bundle::set_word(reply_, 0, 0);
        mem_rsp.write(reply_);
        replying_ = false;
    }
}

/* Once when memory has accepted, and once at the edge that ends this cycle: the MMU samples its inputs and moves its
 * outputs, which can be read a delta later. */
void memory_bridge::end_of_offer()
{
    if (accepted_) {
        accepted_ = false;
        next_trigger(clk.posedge_event());
        return;
    }
    open_ = nullptr;
    settled_.notify(SC_ZERO_TIME);
}

/* When the pins have changed, or may show another offer that looks like the last one. */
void memory_bridge::offer()
{
    const bundle::mem_request &pins = mem_req.read();
    const uint64_t head = bundle::word(pins, 0);
    const bool valid = head & 1;
    if (open_) {
        if (valid)
            fill(*open_, pins); /* the same again, unless the MMU breaks the rule that an offer stands */
        open_->access.withdrawn = !valid;
    } else if (valid) {
        open_ = &slots_[head >> 4 & 15];
        fill(*open_, pins);
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        sc_time delay = SC_ZERO_TIME;
        open_->payload.acquire();
        socket->nb_transport_fw(open_->payload, phase, delay);
    }
}

void memory_bridge::fill(slot &s, const bundle::mem_request &pins)
{
    const uint64_t head = bundle::word(pins, 0), address = bundle::word(pins, 1);
    s.access.tag = head >> 4 & 15;
    s.access.cas = head >> 1 & 1;
    s.access.mt = head >> 8 & 7;
    s.access.withdrawn = false;
    s.access.word = address % bundle::REPLY_BYTES / 8;
    s.access.expected = bundle::word(pins, 2);
    s.access.desired = bundle::word(pins, 3);
    s.payload.set_address(address - address % bundle::REPLY_BYTES);
    s.payload.set_command(s.access.cas ? tlm::TLM_IGNORE_COMMAND : tlm::TLM_READ_COMMAND);
    s.payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

tlm::tlm_sync_enum memory_bridge::nb_transport_bw(tlm::tlm_generic_payload &payload, tlm::tlm_phase &phase, sc_time &)
{
    if (phase == tlm::END_REQ) {
        accepted_ = true;
        taken_.notify();
        mem_req_ready.write(true);
        return tlm::TLM_ACCEPTED;
    }
    sc_assert(phase == tlm::BEGIN_RESP);
    const bool err = payload.is_response_error();
    const uint64_t *data = reinterpret_cast<const uint64_t *>(payload.get_data_ptr());
    bundle::set_word(reply_, 0, 1u | unsigned(err) << 1 | unsigned(access_of(payload).tag) << 4);
    if (!err)
        for (unsigned i = 0; i < bundle::REPLY_BYTES / 8; i++)
            bundle::set_word(reply_, 1 + i, data[i]);
    mem_rsp.write(reply_);
    replying_ = true;
    payload.release();
    phase = tlm::END_RESP;
    return tlm::TLM_COMPLETED;
}

memory_target::memory_target(sc_module_name name) : sc_module(name), socket("socket")
{
    socket.register_nb_transport_fw(this, &memory_target::nb_transport_fw);
}

void memory_target::reset()
{
    offered_ = nullptr;
    outstanding_.fill(nullptr);
}

tlm::tlm_sync_enum memory_target::nb_transport_fw(tlm::tlm_generic_payload &payload, tlm::tlm_phase &phase, sc_time &)
{
    sc_assert(phase == tlm::BEGIN_REQ);
    offered_ = &payload;
    return tlm::TLM_ACCEPTED;
}

void memory_target::answer(tlm::tlm_generic_payload &payload, tlm::tlm_phase phase)
{
    sc_time delay = SC_ZERO_TIME;
    socket->nb_transport_bw(payload, phase, delay);
}

void memory_target::begin_cycle(const struct pins_in &in)
{
    if (in.mem_rsp_valid) {
        tlm::tlm_generic_payload *payload = outstanding_[in.mem_rsp_tag & 15];
        if (payload) { /* a reply that nobody asked for: the engine has reported that request as missing */
            outstanding_[in.mem_rsp_tag & 15] = nullptr;
            payload->set_response_status(in.mem_rsp_err ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE);
            if (!in.mem_rsp_err)
                std::memcpy(payload->get_data_ptr(), in.mem_rsp_line, bundle::REPLY_BYTES);
            answer(*payload, tlm::BEGIN_RESP);
        }
    }
    if (offered_ && in.mem_req_ready) {
        tlm::tlm_generic_payload *payload = offered_;
        offered_ = nullptr;
        outstanding_[access_of(*payload).tag] = payload;
        answer(*payload, tlm::END_REQ);
    }
}

void memory_target::show(struct pins_out &out) const
{
    out.mem_req_valid = offered_ && !access_of(*offered_).withdrawn;
    if (!out.mem_req_valid)
        return;
    const walker_access &access = access_of(*offered_);
    out.mem_req_tag = access.tag;
    out.mem_req_cas = access.cas;
    out.mem_req_mt = access.mt;
    out.mem_req_addr = offered_->get_address() + 8u * access.word;
    out.mem_req_expected = access.expected;
    out.mem_req_desired = access.desired;
}
