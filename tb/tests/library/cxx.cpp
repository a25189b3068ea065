// The installed headers, in C++, with every warning: twinwalk.h and dut.h.
#include <twinwalk.h>

#include <dut.h>

int main()
{
    pins_in in = {};
    dut_ops none = {};
    return twinwalk_abi() == TWINWALK_ABI && !in.req_valid && !none.has_state ? 0 : 1;
}
