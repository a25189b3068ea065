"""A cocotb test of the RTL in which the C model says what is right: page tables in a dictionary, memory with replies in
any order, random requests and invalidations, and in every cycle every output of the RTL against the model's.

    make cocotb PRESET=tiny CYCLES=4000 SEED=1
    make cocotb PRESET=tiny PLANT=1     with a bit of the RTL's state turned over half-way, which must be seen

Every output is a function of the state alone, so a cycle is: compare the outputs, choose inputs that suit them, give
the same inputs to both, and wait for the clock.
"""
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

import twinwalk

READ, WRITE, EXECUTE = 0, 1, 2
MOV_CR0, MOV_CR3, INVLPG, INVPCID_ALL = 0, 1, 4, 7
P, W, U, A, D, PS, G = 1, 2, 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8
LATENCY = (2, 9)  # cycles of memory, from and to

# An output: its bits, and the field of struct pins_out. Those of a port stand side by side in the RTL's vector, with
# the field of struct pins_resp; they and those of an offered memory request count only while their valid bit is 1.
PLAIN = {"req_ready": None, "resp_valid": None, "ctl_ready": None, "ctl_done": None, "waiting": None,
         "mem_req_valid": None}
OFFERED = ("mem_req_tag", "mem_req_cas", "mem_req_mt", "mem_req_addr")
OF_CAS = ("mem_req_expected", "mem_req_desired")
ANSWER = {"id": 8, "kind": 2, "err": 16, "addr": 64, "size": 2, "pat": 3, "mt": 3, "src": 2}
REQUEST = {"id": 8, "va": 64, "acc": 2, "user": 1, "imp": 1, "ac": 1, "ss": 1}


class Rtl:
    """The pins of the design."""

    def __init__(self, dut, ports):
        self.dut, self.ports = dut, ports
        self.outputs = {name: getattr(dut, name + "_o") for name in (*PLAIN, *OFFERED, *OF_CAS, "ctl_gp")}
        self.answers = {name: getattr(dut, f"resp_{name}_o") for name in ANSWER}

    def differences(self, model):
        """Of every output that counts and is another than the model's: name, the RTL's, the model's."""
        names = [*PLAIN]
        if model.ctl_done:
            names.append("ctl_gp")
        if model.mem_req_valid:
            names += [*OFFERED, *(OF_CAS if model.mem_req_cas else ())]
        for name in names:
            rtl = int(self.outputs[name].value)
            if rtl != getattr(model, name):
                yield name, rtl, int(getattr(model, name))
        if model.resp_valid:
            for name, width in ANSWER.items():
                all_ports = int(self.answers[name].value)
                for port in range(self.ports):
                    rtl = all_ports >> width * port & (1 << width) - 1
                    if model.resp_valid >> port & 1 and rtl != getattr(model.resp[port], name):
                        yield f"resp_{name}[{port}]", rtl, getattr(model.resp[port], name)

    def drive(self, inputs):
        dut = self.dut
        dut.req_valid_i.value = inputs.req_valid
        if inputs.req_valid:
            for name, width in REQUEST.items():
                getattr(dut, f"req_{name}_i").value = sum(int(getattr(inputs.req[port], name)) << width * port
                                                          for port in range(self.ports))
        dut.squash_valid_i.value = inputs.squash_valid
        dut.squash_id_i.value = sum(inputs.squash_id[port] << 8 * port for port in range(self.ports))
        dut.ctl_valid_i.value = inputs.ctl_valid
        if inputs.ctl_valid:
            dut.ctl_op_i.value = inputs.ctl_op
            dut.ctl_data_i.value = inputs.ctl_data
            dut.ctl_desc_i.value = inputs.ctl_desc
        dut.mem_req_ready_i.value = inputs.mem_req_ready
        dut.mem_rsp_valid_i.value = inputs.mem_rsp_valid
        if inputs.mem_rsp_valid:
            dut.mem_rsp_tag_i.value, dut.mem_rsp_err_i.value = inputs.mem_rsp_tag, inputs.mem_rsp_err
            dut.mem_rsp_data_i.value = sum(inputs.mem_rsp_line[i] << 64 * i
                                           for i in range(len(dut.mem_rsp_data_i) // 64))


class Memory:
    """Page tables, and the requests that wait for their replies."""

    def __init__(self, rng, reply_bytes):
        self.rng, self.words, self.waiting, self.reply_bytes = rng, {}, [], reply_bytes

    def map(self, va, entry, size=0):
        """A page of 4 KByte, or of 2 MByte with size 1, below the root at 1000H; its tables come into being."""
        table = 0x1000
        for level in range(4, size + 1, -1):
            at = table | (va >> 3 + 9 * level & 0x1ff) << 3
            table = self.words.setdefault(at, len(self.words) + 2 << 20 | P | W | U) & ~0xfff
        self.words[table | (va >> 12 + 9 * size & 0x1ff) << 3] = entry | (PS if size else 0)

    def step(self, out, inputs):
        """Takes what is offered, and replies to what has waited long enough: in any order, with contents of now."""
        inputs.mem_req_ready = self.rng.random() < 0.7
        ripe = [request for request in self.waiting if request[0] == 0]
        self.waiting = [(max(left - 1, 0), *rest) for left, *rest in self.waiting]
        if ripe and self.rng.random() < 0.9:
            _, tag, cas, addr, expected, desired = chosen = self.rng.choice(ripe)
            self.waiting.remove(chosen)
            inputs.mem_rsp_valid, inputs.mem_rsp_tag = True, tag
            inputs.line([self.words.get(addr if self.reply_bytes == 8 else (addr & ~63) + 8 * i, 0) for i in range(8)])
            if cas and self.words.get(addr, 0) == expected:
                self.words[addr] = desired
        if out.mem_req_valid and inputs.mem_req_ready:
            self.waiting.append((self.rng.randint(*LATENCY), out.mem_req_tag, out.mem_req_cas, out.mem_req_addr,
                                 out.mem_req_expected, out.mem_req_desired))


class Stimulus:
    """Requests for few pages at a time, some of which are not there or not to be written; now and then an
    invalidation."""

    def __init__(self, rng, memory, preset):
        self.rng, self.memory = rng, memory
        self.fetch, self.ports = preset.value("ports.fetch"), preset.value("ports.fetch") + preset.value("ports.data")
        self.orders = [(MOV_CR0, 1 << 16), (MOV_CR3, 0x1000)]  # WP, and the root
        self.free = [list(range(256)) for _ in range(self.ports)]  # ids that are not outstanding
        self.held = [None] * self.ports  # a request offered stays until it is accepted
        # ids of requests that are accepted, and neither answered nor dropped
        self.flying = [[] for _ in range(self.ports)]
        self.answered = 0
        self.near = []
        self.pages = [rng.randrange(1 << 18) << 12 for _ in range(40)]
        for n, page in enumerate(self.pages):
            rights = (P if n % 9 else 0) | (W if n % 4 else 0) | (U if n % 7 else 0)
            if n % 6:
                memory.map(page, 0x10000000 + (n << 12) | rights)
            elif not any(other ^ page < 1 << 21 for other in self.pages if other != page):
                memory.map(page, 0x20000000 + (n << 21) | rights, size=1)

    def request(self, port):
        if not self.near or self.rng.random() < 0.05:
            self.near = self.rng.sample(self.pages, 5)
        page = self.rng.choice(self.near)
        return twinwalk.PinsReq(va=page | self.rng.randrange(4096), id=self.free[port].pop(0),
                                acc=EXECUTE if port < self.fetch else self.rng.choice((READ, WRITE)),
                                user=self.rng.random() < 0.7)

    def step(self, out, inputs):
        for port in range(self.ports):
            if out.resp_valid >> port & 1:
                self.free[port].append(out.resp[port].id)
                self.flying[port].remove(out.resp[port].id)
                self.answered += 1
            if self.flying[port] and self.rng.random() < 0.01:
                inputs.squash_valid |= 1 << port
                inputs.squash_id[port] = self.flying[port].pop(self.rng.randrange(len(self.flying[port])))
                self.free[port].append(inputs.squash_id[port])
        if not self.orders and self.rng.random() < 0.005:
            self.orders.append(self.rng.choice(((INVLPG, self.rng.choice(self.pages)), (INVPCID_ALL, 0))))
        if self.orders and out.ctl_ready:
            inputs.ctl_valid = True
            inputs.ctl_op, inputs.ctl_data = self.orders.pop(0)
        for port in range(self.ports):
            if not self.held[port] and self.free[port] and self.rng.random() < 0.5:
                self.held[port] = self.request(port)
            if self.held[port]:
                inputs.req_valid |= 1 << port
                inputs.req[port] = self.held[port]
                if out.req_ready >> port & 1:
                    self.flying[port].append(self.held[port].id)
                    self.held[port] = None


async def reset(dut):
    for name in ("req_valid_i", "squash_valid_i", "ctl_valid_i", "mem_req_ready_i", "mem_rsp_valid_i"):
        getattr(dut, name).value = 0
    dut.state_sel_i.value = 15  # names nothing
    dut.state_idx_i.value = 0
    dut.rst_i.value = 1
    for _ in range(3):
        await FallingEdge(dut.clk_i)
    dut.rst_i.value = 0


@cocotb.test()
async def rtl_equals_model(dut):
    seed, cycles = int(os.environ.get("SEED", "1")), int(os.environ.get("CYCLES", "4000"))
    planted = cycles // 2 if os.environ.get("PLANT") else None
    model = twinwalk.Mmu(os.environ["PRESET"])
    rng = random.Random(seed)
    memory = Memory(rng, model.preset.value("walkers.reply_bytes"))
    stimulus = Stimulus(rng, memory, model.preset)
    rtl = Rtl(dut, stimulus.ports)
    cocotb.start_soon(Clock(dut.clk_i, 2, units="ns").start(start_high=False))
    out = model.reset()
    await reset(dut)
    await FallingEdge(dut.clk_i)
    out = model.step(twinwalk.PinsIn())

    for cycle in range(cycles):
        wrong = [f"{name}: RTL {rtl_has:#x}, model {model_has:#x}" for name, rtl_has, model_has in rtl.differences(out)]
        assert not wrong, f"cycle {cycle}: {'; '.join(wrong)}"
        inputs = twinwalk.PinsIn()
        memory.step(out, inputs)
        stimulus.step(out, inputs)
        rtl.drive(inputs)
        if cycle == planted:
            dut.u_ctl.regs_q.value = int(dut.u_ctl.regs_q.value) ^ 1 << 20  # of CR3's base
        out = model.step(inputs)
        await FallingEdge(dut.clk_i)
    assert stimulus.answered > cycles // 20, f"only {stimulus.answered} answers in {cycles} cycles"
    dut._log.info("%d cycles, %d answers: every output of the RTL was the model's", cycles, stimulus.answered)
