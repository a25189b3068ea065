/* Somebody else's Verilated module as a shared library behind the bench's ABI: `twinwalk_dut_abi` of dut.h.
 *
 * scripts/dut.py compiles this for every folder that DUT= names, beside what Verilator made of it (Vdut) and what its
 * description says (described.h). */
#include <cstdio>
#include <cstring>

#include "Vdut_clock.h"

#include "adapter.h"
#include "base/exits.h"
#include "described.h"

namespace
{

const struct dut_ops ops = adapter<Vdut>::ops(DESCRIBED_NAME, DESCRIBED_STATE, DESCRIBED_SQUASH);
const struct dut_host *host;

/* The MMU has been made of one preset's package, and the adapter of its header. */
bool same_preset(const struct dut_host &h)
{
    return std::strcmp(h.preset, CFG_NAME) == 0 && h.ports_fetch == CFG_PORTS_FETCH && h.ports_data == CFG_PORTS_DATA &&
           h.paddr_bits == CFG_ARCH_PADDR_BITS && h.la57 == CFG_ARCH_LA57 && h.pcid == CFG_ARCH_PCID &&
           h.page_1g == CFG_ARCH_PAGE_1G && h.pku == CFG_ARCH_PKU && h.pks == CFG_ARCH_PKS && h.cet == CFG_ARCH_CET &&
           h.lam == CFG_ARCH_LAM && h.amd == CFG_ARCH_AMD;
}

const struct dut_ops *open_device(const struct dut_host *h, const char **error)
{
    if (!same_preset(*h)) {
        *error = std::strcmp(h->preset, CFG_NAME) == 0 ? "it was built for this preset as it was before: build it anew"
                                                       : "it was built for preset " CFG_NAME;
        return nullptr;
    }
    host = h;
    return &ops;
}

} // namespace

/* Verilator's runtime (verilated_says.cpp) tells the program that it is linked with; here, the one that loads it. */
void exits_not_equal(void)
{
    host->not_equal();
}

extern "C" const struct twinwalk_dut twinwalk_dut_abi = {TWINWALK_DUT_ABI, sizeof(struct dut_ops), DESCRIBED_CHECK,
                                                         open_device};
