"""What is known of the MMU's registers in every state that is reached, for induction.py: lemmas, which that proves;
which registers are nobody's, and when; and which outputs mean nothing, and when (docs/microarchitecture.md sections 2
and 17).

Words are lists of nodes of graph.py, the lowest bit first. Nothing is believed: a lemma that does not hold is not
supposed of anything, and that nobody asks for a register is what is proved. Only what is said of outputs must be what
the document says.
"""
import itertools
import re
from functools import reduce

IDLE, REQ, WAIT, CAS, CAS_WAIT, FIN = range(6)  # of a walker
DRAIN, EXEC, SWEEP, DONE = 1, 2, 3, 4           # of control
STATES = ("free_q", "pend_q", "slk_q", "nwalk_q", "walk_q", "follow_q", "finv_q", "finvw_q", "done_q")
WRITE, EXECUTE = 1, 2
OUTSIDE = re.compile(r"(\w+)_o\[(\d+)\]|(\w+)_o$")


class Relations:
    """registers: by name and index, what value makes a node of. preset: its TOML. without: lemmas and groups that are
    left out."""
    def __init__(self, graph, registers, value, preset, without=()):
        self.graph, self.registers, self.value, self.preset, self.without = graph, registers, value, preset, without
        self.lemmas, self.nobody = {}, {}  # a node; by (name, index) each group with a node
        self.entries, self.ports = preset["miss_queue"]["entries"], preset["ports"]["fetch"] + preset["ports"]["data"]
        self.control()
        self.late()
        self.queue()
        for w in range(preset["walkers"]["count"]):
            self.walker(f"u_walkers.g_walker[{w}].u_walker.", w)
        self.arbiter()
        for p in range(self.ports):
            self.response(f"u_front.g_response[{p}].", p)
        for side, name in enumerate(("itlb", "dtlb")):
            self.arrays(f"u_front.g_side[{side}].u_l1tlb.", preset[name], ("4k", "2m", "1g"), False)
        self.arrays("u_psc.", preset["psc"], ("pde", "pdpte", "pml4e", "pml5e"), True)
        self.stlb()

    # ---- words ----
    def word(self, name, width=None, low=0):
        """A register, or so many of its bits; those that Yosys has found to be constant are 0."""
        bits = self.registers.get(name, {})
        width = width or max(bits, default=0) + 1 - low
        return [self.value(*bits[index]) if index in bits else 0 for index in range(low, low + width)]

    def any(self, nodes):
        return self.every(node ^ 1 for node in nodes) ^ 1

    def every(self, nodes):
        return reduce(self.graph.both, nodes, 1)

    def implies(self, a, b):
        return self.graph.both(a, b ^ 1) ^ 1

    def equal(self, a, b):
        return self.every(self.graph.differ(x, y) ^ 1 for x, y in zip(a, b))

    def is_number(self, word, number):
        return self.every(bit ^ 1 ^ (number >> at & 1) for at, bit in enumerate(word))

    def is_one_of(self, word, numbers):
        return self.any(self.is_number(word, number) for number in numbers)

    def one_hot(self, nodes):
        return self.graph.both(self.any(nodes), self.at_most_one(nodes))

    def at_most_one(self, nodes):
        return self.every(self.graph.both(a, b) ^ 1 for a, b in itertools.combinations(nodes, 2))

    def bit(self, word, number):
        """word[number], number a word."""
        return self.any(self.graph.both(bit, self.is_number(number, at)) for at, bit in enumerate(word))

    def lemma(self, name, node):
        if node != 1 and name.partition(" ")[0] not in self.without:
            self.lemmas[name] = node

    def free(self, group, name, condition, width=None, low=0):
        """These bits of a register are nobody's while the condition is true."""
        if group in self.without:
            return
        for index in self.registers.get(name, {}):
            if index >= low and (width is None or index < low + width):
                self.nobody.setdefault((name, index), []).append((group, condition))

    # ---- control: section 13 ----
    def control(self):
        arch = self.preset["arch"]
        self.ctl_state = self.word("u_ctl.state_q", 3)
        self.rules = dict(zip(("cet", "smap", "smep", "nxe", "wp"), self.word("u_ctl.rules_q", 5)))
        op, data, gp = self.word("u_ctl.op_q", 4), self.word("u_ctl.data_q", 64), self.word("u_ctl.gp_q", 1)[0]
        self.lemma("one_of_five", self.is_one_of(self.ctl_state, range(5)))
        execute = self.is_number(self.ctl_state, EXEC)
        linear = dict(zip(("lam_u48", "lam_u57", "lam_sup", "la57"), self.word("u_ctl.linear_q", 4)))
        # regs_q is {pge, pcide, pse, pke, pks, tce, base, low}.
        regs = dict(zip(("tce", "pks", "pke", "pse", "pcide", "pge"), self.word("u_ctl.regs_q", 6, 52)))
        for register, name, op_of, at in (("lam_u57", "lam", 1, 61), ("lam_u48", "lam", 1, 62),
                                          ("lam_sup", "lam", 2, 28), ("la57", "la57", 2, 12),
                                          ("pcide", "pcid", 2, 17), ("pke", "pku", 2, 22), ("cet", "cet", 2, 23),
                                          ("pks", "pks", 2, 24), ("tce", "amd", 3, 15)):
            if not arch[name]:
                self.lemma(f"not_built_in {register}", (linear | regs | self.rules)[register] ^ 1)
                self.lemma(f"refused {register}",
                           self.implies(self.every([execute, self.is_number(op, op_of), data[at]]), gp))
        self.lemma("physical_root", self.every(bit ^ 1 for bit in self.word("u_ctl.regs_q", 52)[arch["paddr_bits"]:]))
        self.pcid = self.word("u_ctl.pcid_q", 12)
        self.current_pcid = [self.graph.both(regs["pcide"], bit) for bit in self.word("u_ctl.regs_q", 12)]
        self.works = self.is_one_of(self.ctl_state, (0, DRAIN))  # the current PCID is the one it was
        # DRAIN replaces it from its second cycle on; what waits to be written is written in its first.
        self.pcid_holds = self.equal(self.pcid, self.current_pcid)
        self.lemma("pcid_is_current", self.implies(self.is_number(self.ctl_state, 0), self.pcid_holds))
        if not arch["pcid"]:
            no_pcid = self.every(bit ^ 1 for bit in self.pcid)  # INVPCID may name one, and is refused
            self.lemma("no_pcid", self.implies(self.is_number(self.ctl_state, 0), no_pcid))
        self.lemma("a_changed_nxe_drops_all",
                   self.implies(self.every([execute, gp ^ 1, self.is_number(op, 3),
                                            self.graph.differ(data[11], self.rules["nxe"])]),
                                self.is_number(self.word("u_ctl.inv_q", 3), 6)))
        self.quiet = self.is_one_of(self.ctl_state, (EXEC, SWEEP, DONE))
        begins = self.every([self.is_one_of(self.ctl_state, (SWEEP, DONE)),
                             self.is_number(self.word("u_ctl.inv_q", 3), 7)])
        self.free("the PCID in the sweep after reset", "u_ctl.pcid_q", begins)
        drops = self.is_number(self.word("u_ctl.inv_q", 3), 0) ^ 1
        unused = self.any([self.is_one_of(self.ctl_state, (DRAIN, DONE)),
                           self.graph.both(self.is_number(self.ctl_state, EXEC), drops ^ 1)])
        self.free("the PCID while nothing is dropped", "u_ctl.pcid_q", unused)

    # ---- what the L1s have said of the cycle before, and what waits to be written: sections 7, 8 ----
    def late(self):
        """Of each port whether it asked, and what became of that: (ok, denied)."""
        self.took, self.verdicts = [], []
        for side, (ports, name) in enumerate((("fetch", "itlb"), ("data", "dtlb"))):
            at, count = f"u_front.g_side[{side}].u_l1tlb.", self.preset["ports"][ports]
            took = self.word(at + "took_q", count)
            arrays = [f"{at}g_array[{a}].u_array.g_late." for a in range(len(self.arrays_of(name)))]
            for p in range(count):
                seen, ok, denied = 0, [], []
                for array in arrays:
                    says = {word: self.word(f"{array}{word}_q", count)[p]
                            for word in ("any", "ok", "denied", "gone", "new", "new_ok", "new_denied")}
                    self.lemma(f"says_of_a_hit {array}{p}",
                               self.implies(took[p], self.every([self.implies(self.any([says["ok"], says["denied"]]),
                                                                              says["any"]),
                                                                 self.graph.both(says["ok"], says["denied"]) ^ 1])))
                    hit, may, may_not = (self.any([self.graph.both(says["new"], fill),
                                                   self.graph.both(says[word], says["gone"] ^ 1)])
                                         for word, fill in (("any", 1), ("ok", says["new_ok"]),
                                                            ("denied", says["new_denied"])))
                    ok.append(self.graph.both(may, seen ^ 1))
                    denied.append(self.graph.both(may_not, seen ^ 1))
                    seen = self.any([seen, hit])
                    for word in ("any", "ok", "denied", "gone", "new"):
                        self.free("what an L1 says of no request", f"{array}{word}_q", took[p] ^ 1, 1, p)
                asked = self.word("u_front.asked_q", self.ports)[len(self.took)]
                self.lemma(f"took {len(self.took)}", self.graph.differ(took[p], asked) ^ 1)
                self.took.append(took[p])
                self.verdicts.append((self.any(ok), self.any(denied)))
            fill, tag = self.word(at + "fill_q", 1)[0], self.word(at + "fill_tag_q", 64)
            self.lemma(f"fills {at}", self.implies(fill, self.works))
            self.lemma(f"fills_in_force {at}", self.implies(fill, self.pcid_holds))
            self.lemma(f"fills_current {at}", self.implies(fill, self.equal(tag[4:16], self.current_pcid)))
            self.lemma(f"fill_xd {at}", self.implies(self.graph.both(fill, self.word(at + "fill_data_q", 64)[42]),
                                                     0 if side == 0 else self.rules["nxe"]))
            self.lemma(f"fill_shadow {at}", self.implies(fill, self.not_both(at + "fill_data_q", 51, 40)))
            for word in ("fill_tag_q", "fill_data_q"):
                self.free("no fill that waits", at + word, fill ^ 1)

    # ---- miss queue: section 8 ----
    def queue(self):
        at = "u_queue."
        self.addr = max(57 if self.preset["arch"]["la57"] else 48, self.preset["arch"]["paddr_bits"])
        states = {name: self.word(at + name, self.entries) for name in STATES}
        ports = [self.word(f"{at}port_q[{p}]", self.entries) for p in range(self.ports)]
        led, confirm = self.word(at + "led_q", self.entries), self.word(at + "confirm_q", self.entries)
        unused, kept_fault = states["free_q"], self.added(at, states, ports, led, confirm)
        free, index = states["free_q"], max(1, (self.entries - 1).bit_length())
        self.states = states
        for name in ("rr_issue_q", "rr_walk_q"):
            self.lemma(f"pointers {name}", self.is_one_of(self.word(at + name, 6), range(self.entries)))
        for e in range(self.entries):
            busy, mine = free[e] ^ 1, {name: word[e] for name, word in states.items()}
            self.lemma(f"one_state {e}", self.one_hot(list(mine.values())))
            request = self.word(at + "req_q", 18, 18 * e)  # {access, id, port}
            named = self.every(self.graph.differ(self.is_number(request[:4], p), port[e]) ^ 1
                               for p, port in enumerate(ports))
            self.lemma(f"port {e}",
                       self.implies(busy, self.graph.both(self.one_hot([port[e] for port in ports]), named)))
            self.lemma(f"port_at_most {e}", self.at_most_one([port[e] for port in ports]))
            fetch = self.any(port[e] for port in ports[:self.preset["ports"]["fetch"]])
            self.lemma(f"fetch_port_fetches {e}",
                       self.implies(busy, self.graph.differ(fetch, self.is_number(request[12:14], EXECUTE)) ^ 1))
            leader = self.word(at + "leader_q", index, index * e)
            leads = [self.any(states[name][i] for name in ("pend_q", "slk_q", "nwalk_q", "walk_q"))
                     for i in range(self.entries)]
            self.lemma(f"leader {e}", self.implies(mine["follow_q"], self.graph.both(led[e], self.bit(leads, leader))))
            self.lemma(f"confirm {e}",
                       self.implies(self.any([mine["pend_q"], mine["slk_q"], mine["follow_q"]]), confirm[e] ^ 1))
            steps = [self.graph.both(self.word(f"{at}step{n}_q", self.entries)[e], unused[e] ^ 1) for n in (0, 1)]
            before = self.any(mine[name] for name in ("pend_q", "slk_q", "nwalk_q", "walk_q", "follow_q"))
            self.lemma(f"steps {e}", self.implies(busy, self.every(steps) ^ 1))
            self.lemma(f"not_led {e}",
                       self.implies(self.any(mine[name] for name in STATES[1:5] + STATES[6:8]), led[e] ^ 1))
            self.lemma(f"no_steps {e}", self.implies(before, self.any(steps) ^ 1))
            # From the accept of a control operation to its end nothing is under way.
            self.lemma(f"restarted {e}", self.implies(self.is_number(self.ctl_state, 0) ^ 1,
                                                      self.any([free[e], mine["pend_q"], mine["done_q"]])))
            result = self.any([kept_fault[e], mine["finvw_q"], mine["done_q"]])
            kind = self.word(at + "res_q", 2, 12 * e + 2)
            self.lemma(f"fault {e}", self.implies(self.any([kept_fault[e], mine["finvw_q"]]), self.is_number(kind, 2)))
            for p in range(self.ports):
                self.free("a FREE entry", f"{at}port_q[{p}]", unused[e], 1, e)
            for name, width in (("confirm_q", 1), ("led_q", 1), ("step0_q", 1), ("step1_q", 1)):
                self.free("a FREE entry", at + name, unused[e], width, width * e)
            for name, width in (("req_q", 18), ("va_q", self.addr)):
                self.free("a FREE entry", at + name, free[e], width, width * e)
            self.free("a FREE entry", at + "res_q", result ^ 1, 12, 12 * e)
            self.free("SLK of an entry in PEND", at + "slk_q", mine["pend_q"], 1, e)
            self.free("a FREE entry", at + "leader_q", self.any([free[e], led[e] ^ 1]), index, index * e)

    def added(self, at, states, ports, led, confirm):
        """Puts the entries that were asked for in the cycle before among the others, as the queue does (*_now); who is
        DENIED counts as NWALK, where it goes. Returns those in FINV whose result is kept."""
        follows, plain = self.word(at + "follows_q", self.entries), self.word(at + "plain_q", 1)[0]
        new = [self.word(f"{at}new_q[{p}]", self.entries) for p in range(self.ports)]
        rewalk, kept_fault = self.preset["policy"]["fault_rewalk"], list(states["finv_q"])
        for p, word in enumerate(new):
            some = self.any(word)
            self.lemma(f"new_of_one {p}", self.at_most_one(word))
            self.lemma(f"new_asked {p}", self.implies(some, self.took[p]))
            self.lemma(f"new_was_free {p}", self.every(self.implies(a, b) for a, b in zip(word, states["free_q"])))
            for q in range(p):
                self.lemma(f"new_apart {q} {p}", self.every(self.graph.both(a, b) ^ 1 for a, b in zip(word, new[q])))
        taken = [self.any(self.graph.both(new[p][e], self.verdicts[p][0] ^ 1) for p in range(self.ports))
                 for e in range(self.entries)]
        refused = [self.every([self.any(self.graph.both(new[p][e], self.verdicts[p][1]) for p in range(self.ports)),
                               plain ^ 1]) for e in range(self.entries)]
        # what is asked in the cycle of an accept is in PEND when control is in DRAIN, or it is FREE
        some = self.any(taken)
        self.lemma("new_while_idle", self.implies(some, self.works))
        self.lemma("new_in_drain",
                   self.implies(self.graph.both(some, self.is_number(self.ctl_state, DRAIN)), plain))
        self.free("nothing that was asked", at + "plain_q", some ^ 1)
        for e in range(self.entries):
            walks, fault = (refused[e], 0) if rewalk else (0, refused[e])
            looks = self.every([taken[e], refused[e] ^ 1])
            self.free("nothing that was asked", at + "follows_q", taken[e] ^ 1, 1, e)
            self.lemma(f"follows_no_operation {e}", self.every([taken[e], plain, follows[e]]) ^ 1)
            states["pend_q"][e] = self.any([states["pend_q"][e], self.graph.both(looks, follows[e] ^ 1)])
            states["follow_q"][e] = self.any([states["follow_q"][e], self.graph.both(looks, follows[e])])
            states["nwalk_q"][e] = self.any([states["nwalk_q"][e], walks])
            states["finv_q"][e] = self.any([states["finv_q"][e], fault])
            asked = self.any(word[e] for word in new)
            stays = asked ^ 1
            led[e] = self.any([self.graph.both(led[e], stays), self.every([asked, refused[e] ^ 1, follows[e]])])
            confirm[e] = self.any([self.graph.both(confirm[e], stays), walks])
            for p in range(self.ports):
                ports[p][e] = self.any([self.graph.both(ports[p][e], stays), new[p][e]])
        states["free_q"] = [self.graph.both(bit, gone ^ 1) for bit, gone in zip(states["free_q"], taken)]
        return kept_fault

    # ---- walkers: section 11 ----
    def walker(self, at, number):
        state, tag = self.word(at + "state_q", 3), self.word(at + "tag_q", self.preset["walkers"]["count"])
        level = self.word(at + "level_q", 3)
        idle, fin, cas = self.is_number(state, IDLE), self.is_number(state, FIN), self.is_one_of(state, (CAS, CAS_WAIT))
        of = at.rpartition(".g_walker")[2].split(".")[0]
        self.lemma(f"walker_state {of}", self.is_one_of(state, range(6)))
        self.lemma(f"level {of}", self.implies(idle ^ 1, self.is_one_of(level, range(1, 6))))
        self.lemma(f"waits_for_one {of}", self.implies(self.is_number(state, WAIT), self.one_hot(tag)))
        width = self.preset["arch"]["paddr_bits"]
        above = [bit for at_bit, bit in enumerate(self.word(at + "base_q", 40)) if at_bit >= width - 12]
        self.lemma(f"physical {of}", self.implies(idle ^ 1, self.every(bit ^ 1 for bit in above)))
        value, outcome = self.word(at + "value_q", 64), self.word(at + "outcome_q", 2)
        told = self.any([cas, self.graph.both(fin, self.is_number(outcome, 0))])
        self.lemma(f"outcome {of}", self.implies(fin, self.is_one_of(outcome, range(3))))
        self.lemma(f"physical_value {of}", self.implies(told, self.every(bit ^ 1 for bit in value[width:52])))
        self.lemma(f"cas_value {of}",
                   self.implies(cas, self.graph.both(value[0], self.any([value[5] ^ 1, value[6] ^ 1]))))
        mine, entry = self.word(at + "access_q", 6), self.word(at + "entry_q", 6)
        self.lemma(f"entry {of}", self.implies(idle ^ 1, self.is_one_of(entry, range(self.entries))))
        walks, kill = self.states["walk_q"], self.word(at + "kill_q", 1)[0]
        works = self.every([idle ^ 1, kill ^ 1])
        self.lemma(f"works_for {of}", self.implies(works, self.bit(walks, entry)))
        self.lemma(f"rests {of}", self.implies(self.quiet, idle))
        access = [self.any(self.graph.both(self.word("u_queue.req_q", 18, 18 * e)[12 + b], self.is_number(entry, e))
                           for e in range(self.entries)) for b in range(6)]
        self.lemma(f"access {of}", self.implies(works, self.equal(access, mine)))
        self.lemma(f"killed {of}", self.implies(self.is_number(self.ctl_state, DRAIN), self.any([idle, kill])))
        self.lemma(f"killed_in_fin {of}",
                   self.implies(self.graph.both(fin, kill), self.is_number(self.ctl_state, DRAIN)))
        rights, shadow = self.word(at + "rights_q", 3), self.word(at + "s_q", 1)[0]
        answers = self.graph.both(fin, self.is_number(outcome, 0))
        self.lemma(f"shadow {of}", self.implies(answers, self.every([shadow, rights[2]]) ^ 1))
        self.lemma(f"size {of}", self.implies(answers, self.is_one_of(level, (1, 2, 3))))
        self.lemma(f"xd {of}", self.implies(self.graph.both(idle ^ 1, rights[0]), self.rules["nxe"]))
        self.lemma(f"fetched {of}", self.implies(self.graph.both(answers, self.is_number(mine[:2], EXECUTE)),
                                                 rights[0] ^ 1))
        own = self.word(at + "old_q", self.preset["walkers"]["count"])[number]  # it begins when it reads nothing
        self.lemma(f"own_is_not_old {of}", self.implies(idle ^ 1, own ^ 1))
        vpn = self.word(at + "vpn_q", 45)
        if not self.preset["arch"]["la57"]:
            self.lemma(f"canonical {of}",
                       self.implies(idle ^ 1, self.every(self.graph.differ(bit, vpn[35]) ^ 1 for bit in vpn[36:])))
        # Who waits for nothing has no tag; V counts in CAS, CASW and of a translation, the rest of FIN in FIN.
        for name in ("kill_q", "from_psc_q", "level_q", "rights_q", "entry_q", "vpn_q", "access_q", "cache_q", "old_q",
                     "base_q", "index_q"):
            self.free("an IDLE walker", at + name, idle)
        self.free("an IDLE walker", at + "tag_q", self.is_one_of(state, (WAIT, CAS_WAIT)) ^ 1)
        self.free("an IDLE walker", at + "value_q", told ^ 1)
        for name in ("outcome_q", "why_q", "s_q"):
            self.free("an IDLE walker", at + name, fin ^ 1)

    def arbiter(self):
        count = self.preset["walkers"]["count"]
        held = self.word("u_walkers.u_arb.held_q", count)
        state = [self.word(f"u_walkers.g_walker[{w}].u_walker.state_q", 3) for w in range(count)]
        self.lemma("held_is_one", self.at_most_one(held))
        for w in range(count):
            self.lemma(f"held_offers {w}", self.implies(held[w], self.is_one_of(state[w], (REQ, CAS))))
            for o in range(count):  # a held request's line is not being read for another whose read it could share
                mine, other = (f"u_walkers.g_walker[{n}].u_walker." for n in (w, o))
                reads = self.graph.both(self.is_number(state[o], WAIT),
                                        self.is_number(self.word(other + "tag_q", count), 1 << o))
                low = (self.preset["walkers"]["reply_bytes"] // 8 - 1).bit_length()
                same = self.every([self.equal(self.word(mine + "base_q", 40), self.word(other + "base_q", 40)),
                                   self.equal(self.word(mine + "index_q", 9)[low:],
                                              self.word(other + "index_q", 9)[low:])])
                if w != o:
                    self.lemma(f"held_reads_alone {w} {o}",
                               self.implies(self.every([held[w], self.is_number(state[w], REQ), reads, same]),
                                            self.word(mine + "old_q", count)[o]))
        for v, w in itertools.combinations(range(count), 2):
            a, b = (f"u_walkers.g_walker[{n}].u_walker." for n in (v, w))
            work = [self.graph.both(self.is_number(state[n], IDLE) ^ 1,
                                    self.word(f"u_walkers.g_walker[{n}].u_walker.kill_q", 1)[0] ^ 1) for n in (v, w)]
            self.lemma(f"own_entry {v} {w}",
                       self.implies(self.every(work),
                                    self.equal(self.word(a + "entry_q", 6), self.word(b + "entry_q", 6)) ^ 1))

    # ---- responses: section 2 ----
    def response(self, at, port):
        none = self.told(port) ^ 1
        for name in ("id_q", "res_q", "addr_q", "above_q"):
            self.free("a response that is none", at + name, none)

    def told(self, port):
        """Whether there is a response: out of its registers, or of an L1 hit."""
        return self.any([self.word("u_front.resp_q", self.ports)[port],
                         self.graph.both(self.word("u_front.asked_q", self.ports)[port], self.verdicts[port][0])])

    def unasked(self, names, design):
        """Of an output's bit: the groups, each with the node that says when it means nothing."""
        found = []
        for name in names:
            match = OUTSIDE.match(name)
            if not match:
                continue
            word, index = match[1] or match[3], int(match[2] or 0)
            wide = {"resp_id": 8, "resp_kind": 2, "resp_err": 16, "resp_addr": 64, "resp_size": 2, "resp_pat": 3,
                    "resp_mt": 3, "resp_src": 2}
            if word in wide and "a response that is none" not in self.without:
                found.append(("a response that is none", self.told(index // wide[word]) ^ 1))
            elif word in ("mem_req_expected", "mem_req_desired"):
                swaps = self.graph.both(self.output(design, "mem_req_valid_o"), self.output(design, "mem_req_cas_o"))
                found.append(("what a read does not tell", swaps ^ 1))
            elif word in ("mem_req_tag", "mem_req_cas", "mem_req_mt", "mem_req_addr"):
                found.append(("a memory request that is none", self.output(design, "mem_req_valid_o") ^ 1))
            elif word == "ctl_gp":
                found.append(("ctl_gp without ctl_done", self.is_number(self.ctl_state, DONE) ^ 1))
            elif word == "state_data" and "a state word that is none" not in self.without:
                found.append(("a state word that is none", self.no_word(design)))
        return found

    @staticmethod
    def output(design, name):
        return next(design.at(wire, {}) for (kind, names), wire in design.roots.items() if kind == "o"
                    and name in names.split())

    def environment(self, design):
        """What section 2 says of inputs: a fetch port fetches, a data port does not."""
        said = {}
        for p in range(self.ports):
            access = [design.value[design.inputs[f"req_acc_i[{2 * p + bit}]"]] for bit in range(2)]
            of_fetch = p < self.preset["ports"]["fetch"]
            said[f"acc {p}"] = self.is_number(access, EXECUTE) if of_fetch else self.is_one_of(access, (0, WRITE))
        return said

    def no_word(self, design):
        """Section 17: an index that names nothing; and the STLB while it is swept."""
        sel, idx = ([design.value[design.inputs[f"state_{word}_i[{bit}]"]] for bit in range(width)]
                    for word, width in (("sel", 4), ("idx", 16)))
        stages = self.preset["stlb"]["latency"] - 2
        low = {4: [], 6: range(self.entries), 7: range(2 * self.preset["walkers"]["count"]), 8: range(1, stages + 1),
               9: range(2), 0: range(5)}
        named = [self.graph.both(self.is_number(sel, of), self.is_one_of(idx, numbers)) for of, numbers in low.items()
                 if numbers]
        for of, structure in ((1, "itlb"), (2, "dtlb"), (3, "stlb"), (4, "psc")):
            for number, array in enumerate(self.arrays_of(structure)):
                ways, sets = array["ways"], array["entries"] // array["ways"]
                bits = (ways - 1).bit_length()
                entry = self.every([self.is_number(idx[14:], number), self.below(idx[:bits], ways),
                                    self.below(idx[bits:14], sets)])
                still = self.is_number(self.ctl_state, SWEEP) ^ 1 if of == 3 else 1
                named.append(self.every([self.is_number(sel, of), entry, still]))
                repl = self.every([self.is_number(sel, 5), self.is_number(idx[14:], of - 1),
                                   self.is_number(idx[12:14], number), self.below(idx[:12], sets), still])
                named.append(repl)
        return self.any(named) ^ 1

    def below(self, word, limit):
        """word < limit."""
        less = 0
        for at, bit in enumerate(word):
            same = self.graph.differ(bit, limit >> at & 1) ^ 1
            less = self.graph.choice(same, less, bit ^ 1)
        return 1 if limit >> len(word) else less

    def arrays_of(self, structure):
        return [self.preset[structure][f"array{n}"] for n in range(4) if f"array{n}" in self.preset[structure]]

    # ---- L1 TLBs and paging-structure caches: section 4 ----
    def arrays(self, at, structure, sizes, psc):
        for number, array in enumerate(structure[f"array{n}"] for n in range(4) if f"array{n}" in structure):
            self.array(f"{at}g_array[{number}].u_array.", array,
                       [sizes.index(name) for name in array["levels" if psc else "sizes"]], psc)

    def array(self, at, array, holds, psc):
        ways, sets = array["ways"], array["entries"] // array["ways"]
        valid, dropped = self.word(at + "valid_q", sets * ways), self.word(at + "dropped_q", sets * ways)
        for s in range(sets):
            tags = []
            for w in range(ways):
                low, counts = 64 * (ways - 1 - w), valid[s * ways + w]  # of an unpacked array the first is highest
                tag = {"size": self.word(f"{at}tag_q[{s}]", 2, low + 1),
                       "glob": self.word(f"{at}tag_q[{s}]", 1, low + 3)[0],
                       "pcid": self.word(f"{at}tag_q[{s}]", 12, low + 4),
                       "vpn": self.word(f"{at}tag_q[{s}]", 45, low + 16), "valid": counts}
                tags.append(tag)
                tells = self.any([counts, dropped[s * ways + w]])  # a fill that waits chooses its way by it still
                self.free("an invalid entry", f"{at}tag_q[{s}]", tells ^ 1, 64, low)
                self.free("an invalid entry", at + "current_q", tells ^ 1, 1, s * ways + w)
                current = self.any([tag["glob"], self.equal(tag["pcid"], self.current_pcid)])
                self.lemma(f"current {at}{s} {w}",
                           self.implies(self.graph.both(tells, self.works),
                                        self.graph.differ(self.word(at + "current_q", sets * ways)[s * ways + w],
                                                          current) ^ 1))
                self.free("an invalid entry", f"{at}judged_q[{s}]", counts ^ 1, 9, 9 * (ways - 1 - w))
                place = (s << (ways - 1).bit_length()) + w
                self.free("an invalid entry", f"{at}data_q[{place}]", counts ^ 1)
                judged = self.word(f"{at}judged_q[{s}]", 9, 9 * (ways - 1 - w))  # {s, key, d, nx, u, w}
                self.lemma(f"shadow {at}{s} {w}", self.implies(self.every([counts, judged[8], judged[0]]), 0))
                xd = self.word(f"{at}data_q[{place}]", 64)[42] if psc else judged[2]
                self.lemma(f"xd {at}{s} {w}", self.implies(self.graph.both(counts, xd),
                                                           0 if ".g_side[0]." in at else self.rules["nxe"]))
                if len(holds) > 1:
                    self.lemma(f"held_size {at}{s} {w}", self.implies(counts, self.is_one_of(tag["size"], holds)))
                if not self.preset["arch"]["la57"]:
                    self.lemma(f"canonical {at}{s} {w}",
                               self.implies(counts, self.every(self.graph.differ(bit, tag["vpn"][35]) ^ 1
                                                               for bit in tag["vpn"][36:])))
            for v, w in itertools.combinations(range(ways), 2):
                self.lemma(f"apart {at}{s} {v} {w}",
                           self.implies(self.every([tags[v]["valid"], tags[w]["valid"]]),
                                        self.overlap(tags[v], tags[w], holds, psc, sets) ^ 1))

    def overlap(self, a, b, holds, psc, sets):
        """Of two entries of a set, as section 4 says it: equal at the larger size (of a PSC: of one level)."""
        who = self.any([a["glob"], b["glob"], self.equal(a["pcid"], b["pcid"])])
        pages = []
        for size in holds:
            low = 9 * (size + (1 if psc else 0)) + (sets - 1).bit_length()  # those that number the set are equal
            larger = self.any(self.is_number(tag["size"], size) for tag in (a, b)) if len(holds) > 1 else 1
            both = (self.every(self.is_one_of(tag["size"], [n for n in holds if n <= size]) for tag in (a, b))
                    if len(holds) > 1 else 1)
            same = self.equal(a["size"], b["size"]) if psc and len(holds) > 1 else 1
            pages.append(self.every([larger, both, same, self.equal(a["vpn"][low:], b["vpn"][low:])]))
        return self.graph.both(who, self.any(pages))

    # ---- STLB: section 9 ----
    def stlb(self):
        stages = self.preset["stlb"]["latency"] - 2
        tokens, steps = self.word("u_stlb.token_q", 2 * stages), self.word("u_stlb.step_q", 2 * stages)
        entries = self.word("u_stlb.entry_q", 6 * stages)
        token = [tokens[2 * n:2 * n + 2] for n in range(stages)]
        step = [steps[2 * n:2 * n + 2] for n in range(stages)]
        entry = [entries[6 * n:6 * n + 6] for n in range(stages)]
        none, lookup, finv, fill = ([self.is_number(word, number) for word in token] for number in range(4))
        for n in range(stages):
            self.free("a stage without a token", "u_stlb.step_q", none[n], 2, 2 * n)
            self.free("a stage without a token", "u_stlb.entry_q", none[n], 6, 6 * n)
            self.lemma(f"step {n}", self.implies(finv[n], self.is_number(step[n], 3) ^ 1))
            self.lemma(f"token_of {n}",
                       self.implies(self.any([lookup[n], finv[n]]), self.is_one_of(entry[n], range(self.entries))))
            if n < stages - 2:
                self.lemma(f"fill_late {n}", fill[n] ^ 1)
            self.lemma(f"pipeline_rests {n}",
                       self.implies(self.any([self.quiet, self.is_number(self.ctl_state, DRAIN)]), none[n]))
        for e in range(self.entries):
            of = [self.graph.both(lookup[n], self.is_number(entry[n], e)) for n in range(stages)]
            self.lemma(f"lookup {e}", self.graph.differ(self.states["slk_q"][e], self.any(of)) ^ 1)
            self.lemma(f"one_lookup {e}", self.at_most_one(of))
            last = [self.every([finv[n], self.is_number(entry[n], e), self.is_number(step[n], 2)])
                    for n in range(stages)]
            self.lemma(f"last_finv {e}", self.graph.differ(self.states["finvw_q"][e], self.any(last)) ^ 1)
            self.lemma(f"one_last_finv {e}", self.at_most_one(last))
            next_step = [self.word(f"u_queue.step{n}_q", self.entries)[e] for n in (0, 1)]
            for n in range(stages):
                mine = self.graph.both(finv[n], self.is_number(entry[n], e))
                early = self.graph.choice(self.is_number(step[n], 0), self.any(next_step),
                                          self.graph.both(self.is_number(step[n], 1), next_step[1]))
                waits = self.any([self.states["finvw_q"][e], self.graph.both(self.states["finv_q"][e], early)])
                self.lemma(f"finv_token {e} {n}",
                           self.implies(self.graph.both(mine, self.is_number(step[n], 2) ^ 1), waits))
                for m in range(n + 1, stages):
                    both = self.every([mine, finv[m], self.is_number(entry[m], e)])
                    later = self.any([self.graph.both(self.is_number(step[m], 0), self.is_number(step[n], 0) ^ 1),
                                      self.graph.both(self.is_number(step[m], 1), self.is_number(step[n], 2))])
                    self.lemma(f"finv_in_turn {e} {n} {m}", self.implies(both, later))
            walks = []
            for w in range(self.preset["walkers"]["count"]):
                at = f"u_walkers.g_walker[{w}].u_walker."
                works = self.graph.both(self.is_number(self.word(at + "state_q", 3), IDLE) ^ 1,
                                        self.word(at + "kill_q", 1)[0] ^ 1)
                walks.append(self.graph.both(works, self.is_number(self.word(at + "entry_q", 6), e)))
            self.lemma(f"has_walker {e}", self.graph.differ(self.states["walk_q"][e], self.any(walks)) ^ 1)
        if not self.preset["arch"]["la57"]:
            for name, there in (("r_vpn_q", none[stages - 2]), ("c_vpn_q", none[stages - 1])):
                vpn = self.word("u_stlb." + name, 45)
                self.lemma(f"canonical {name}",
                           self.implies(there ^ 1, self.every(self.graph.differ(bit, vpn[35]) ^ 1 for bit in vpn[36:])))
        self.sweep()
        swept = self.word("u_stlb.c_sweep_q", 1)[0]
        asked = self.any([none[stages - 1] ^ 1, swept])
        self.free("C without a token", "u_stlb.c_vpn_q", none[stages - 1])
        for size in range(3):
            for number, array in enumerate(self.arrays_of("stlb")):
                if ("4k", "2m", "1g")[size] not in array["sizes"]:
                    continue
                ways = array["ways"]
                match = self.word(f"u_stlb.g_array[{number}].u_array.c_match_q", 3 * ways)
                told = self.graph.both(lookup[stages - 1], self.any(match[ways * size:ways * (size + 1)]))
                name, low = f"u_stlb.g_array[{number}].u_array.c_data_q", 64 * (2 - size)
                self.free("C without a hit", name, told ^ 1, 64, low)
                self.free("C without a hit", f"u_stlb.g_array[{number}].u_array.c_glob_q", told ^ 1, 1, size)
                data = self.word(name, 64, low)
                self.lemma(f"shadow_in_c {number} {size}",
                           self.implies(told, self.graph.both(data[51], data[40]) ^ 1))
                self.lemma(f"xd_in_c {number} {size}",
                           self.implies(self.graph.both(told, data[42]), self.rules["nxe"]))
        c_fill, xd = fill[stages - 1], self.word("u_stlb.c_new_data_q", 64)[42]
        self.lemma("shadow_of_fill_in_c", self.implies(c_fill, self.not_both("u_stlb.c_new_data_q", 51, 40)))
        self.lemma("xd_of_fill_in_c", self.implies(self.graph.both(c_fill, xd), self.rules["nxe"]))
        for name in ("c_new_data_q", "c_new_glob_q"):
            self.free("C without a FILL", "u_stlb." + name, c_fill ^ 1)
        r_fill, xd = fill[stages - 2], self.word("u_stlb.r_data_q", 64)[42]
        self.lemma("shadow_in_r", self.implies(r_fill, self.not_both("u_stlb.r_data_q", 51, 40)))
        self.lemma("xd_in_r", self.implies(self.graph.both(r_fill, xd), self.rules["nxe"]))
        self.lemma("whole_in_sweep", self.implies(none[stages - 1] ^ 1, self.word("u_stlb.c_whole_q", 1)[0] ^ 1))
        self.free("C without a token", "u_stlb.c_size_q",
                  self.graph.both(none[stages - 1], self.any([swept ^ 1, self.word("u_stlb.c_whole_q", 1)[0]])))
        for name in ("r_size_q", "r_glob_q", "r_data_q"):
            self.free("R without a FILL", "u_stlb." + name, fill[stages - 2] ^ 1)
        sweep = self.is_number(self.ctl_state, SWEEP)
        self.free("R without a token", "u_stlb.r_vpn_q",
                  self.any([none[stages - 2] ^ 1, self.graph.both(sweep, self.by_set ^ 1)]) ^ 1)
        self.c_fill = fill[stages - 1]
        whole = self.word("u_stlb.c_whole_q", 1)[0]  # neither a lookup nor a sweep set by set: of one size
        self.c_of_size = self.any([fill[stages - 1], finv[stages - 1],
                                   self.every([none[stages - 1], swept, whole ^ 1])])
        for number, array in enumerate(self.arrays_of("stlb")):
            at = f"u_stlb.g_array[{number}].u_array."
            self.stlb_array(at, array, self.any([none[stages - 2] ^ 1, sweep]), asked)
            self.stlb_sets(at, array, none[stages - 2] ^ 1, none[stages - 1] ^ 1)
            self.stlb_words(at, array)

    def sweep(self):
        """Section 13: control counts the sets of a sweep, C is a set behind."""
        self.step, self.inv = self.word("u_ctl.j_q"), self.word("u_ctl.inv_q", 3)
        sweeps = self.is_number(self.ctl_state, SWEEP)
        self.lemma("sweeps_something", self.implies(sweeps, self.is_number(self.inv, 0) ^ 1))
        self.by_set = self.graph.both(sweeps, self.is_one_of(self.inv, (1, 2)) ^ 1)
        most = max(array["entries"] // array["ways"] for array in self.arrays_of("stlb"))
        self.lemma("sweep_ends", self.implies(self.by_set, self.below(self.step, most + 1)))
        self.lemma("sweep_of_one_ends",
                   self.implies(self.graph.both(sweeps, self.by_set ^ 1), self.below(self.step, 4)))
        begun = self.is_number(self.step, 0) ^ 1
        c_sweep, c_init = (self.word(f"u_stlb.c_{name}_q", 1)[0] for name in ("sweep", "init"))
        ended = self.is_number(self.ctl_state, DONE)
        self.lemma("c_in_sweep", self.implies(c_sweep, self.any([sweeps, ended])))
        self.lemma("c_begins_in_sweep", self.implies(c_init, self.any([sweeps, self.graph.both(ended, c_sweep)])))
        for name, is_so in (("sweep", 1), ("whole", self.by_set), ("init", self.is_number(self.inv, 7))):
            copy = self.word(f"u_stlb.c_{name}_q", 1)[0]
            if name == "sweep":
                right = self.graph.differ(copy, self.graph.both(begun, is_so)) ^ 1
            else:
                right = self.implies(begun, self.graph.differ(copy, is_so) ^ 1)
            self.lemma(f"c_{name}", self.implies(sweeps, right))

    def swept(self, at, array):
        """What a sweep has come by is dropped, and after reset is as it begins."""
        ways, sets, arch = array["ways"], array["entries"] // array["ways"], self.preset["arch"]
        wide, holds = max(1, (sets - 1).bit_length()), [("4k", "2m", "1g").index(name) for name in array["sizes"]]
        lru, rank = self.preset["stlb"]["replacement"] == "lru", max(1, (ways - 1).bit_length())
        at_pcid = 9 + (len(holds) - 1) + arch["cet"] + 4 * (arch["pku"] or arch["pks"])
        sets_q, c_sets = self.word(at + "set_q", 3 * wide), self.word(at + "c_sets_q", 3 * wide)
        match, place = self.word(at + "c_match_q", 3 * ways), self.word(at + "c_place_q", 1)[0]
        here = [self.is_number(self.step, n) for n in range(2 * sets + 2)]
        self.lemma(f"c_place {at}", self.implies(self.every([self.by_set, here[0] ^ 1]),
                                                 self.graph.differ(place, self.below(self.step, sets + 1)) ^ 1))
        for s in holds:
            same = self.equal(sets_q[wide * s:wide * s + wide], self.step) if sets > 1 else sets_q[wide * s] ^ 1
            self.lemma(f"swept_set {at}{s}", self.implies(self.by_set, same))
            before = [self.graph.both(self.is_number(c_sets[wide * s:wide * s + wide], n),
                                      self.any(self.is_number(self.step, k)
                                               for k in range(n + 1, 2 ** len(self.step), sets))) for n in range(sets)]
            self.lemma(f"swept_before {at}{s}", self.implies(self.every([self.by_set, here[0] ^ 1]), self.any(before)))
        in_sweep = self.every(self.word(f"u_stlb.c_{name}_q", 1)[0] for name in ("sweep", "whole"))
        first = []
        for n in range(sets):
            past = self.graph.both(self.by_set, self.below(self.step, n + 2) ^ 1)
            low = (self.word(f"{at}g_low.low_q[{n}]", rank * ways if lru else 2 ** (ways - 1).bit_length() - 1)
                   if ways > 1 else [])
            initial = (self.every(self.is_number(low[rank * w:rank * w + rank], w) for w in range(ways)) if lru
                       else self.every(bit ^ 1 for bit in low))
            self.lemma(f"begins {at}{n}", self.implies(self.every([past, self.is_number(self.inv, 7)]), initial))
            mine = self.is_number(c_sets[wide * holds[0]:wide * holds[0] + wide], n) if sets > 1 else 1
            first.append(self.graph.both(mine, initial))
            for w in range(ways):
                word = self.word(f"{at}g_way[{w}].word_q[{n}]", at_pcid + 12)
                pcid = (self.equal(word[at_pcid:], self.pcid) if arch["pcid"]
                        else self.every(bit ^ 1 for bit in self.pcid))
                goes = self.any([self.is_one_of(self.inv, (6, 7)),
                                 self.graph.both(self.is_number(self.inv, 5), word[1] ^ 1),
                                 self.every([self.is_number(self.inv, 3), word[1] ^ 1, pcid]),
                                 self.every([self.is_number(self.inv, 4), self.any([word[1], pcid])])])
                goes = self.graph.both(word[0], goes)
                self.lemma(f"gone {at}{n} {w}", self.implies(past, goes ^ 1))
                bit = match[ways * holds[0] + w]
                self.lemma(f"going {at}{n} {w}",
                           self.implies(self.every([self.by_set, self.is_number(self.step, n + 1), goes]), bit))
        for w in range(ways):
            invalid = self.every(self.implies(self.is_number(c_sets[wide * holds[0]:wide * holds[0] + wide], n)
                                              if sets > 1 else 1,
                                              self.word(f"{at}g_way[{w}].word_q[{n}]", 1)[0] ^ 1) for n in range(sets))
            self.free("a way that a sweep finds empty", at + "c_match_q", self.graph.both(in_sweep, invalid), 1,
                      ways * holds[0] + w)
        begins = self.graph.both(in_sweep, self.word("u_stlb.c_init_q", 1)[0])
        self.free("a set that is as it begins", at + "c_place_q", self.any([begins ^ 1, self.any(first)]))

    def stlb_array(self, at, array, in_r, in_c):
        ways, sets = array["ways"], array["entries"] // array["ways"]
        self.swept(at, array)
        c_fill, holds = self.word(at + "c_fill_q", 1)[0], [("4k", "2m", "1g").index(name) for name in array["sizes"]]
        self.lemma(f"fill_in_c {at}", self.implies(c_fill, self.c_fill))
        size_held = self.is_one_of(self.word("u_stlb.c_size_q", 2), holds)
        self.lemma(f"fill_of_size {at}", self.implies(c_fill, size_held))
        for w in range(ways):
            for s in range(sets):
                valid = self.word(f"{at}g_way[{w}].word_q[{s}]", 1)[0]
                self.free("an invalid word", f"{at}g_way[{w}].word_q[{s}]", valid ^ 1, None, 1)
        self.free("R without a token", at + "set_q", in_r ^ 1)
        wide = max(1, (sets - 1).bit_length())
        for size in range(3):
            if sets == 1:  # its number is 0
                self.lemma(f"one_set {at}{size}", self.word(at + "set_q", 1, wide * size)[0] ^ 1)
                number = self.word(at + "c_sets_q", 1, wide * size)[0]
                self.lemma(f"one_set_in_c {at}{size}", self.implies(in_c, number ^ 1))
            other = self.is_number(self.word("u_stlb.c_size_q", 2), size) ^ 1
            found = self.any(self.word(at + "c_match_q", ways, ways * size))
            self.lemma(f"match_of_size {at}{size}", self.implies(self.every([self.c_of_size, other]), found ^ 1))
        for name in ("c_match_q", "c_room_q", "c_sets_q", "c_news_q"):
            self.free("C without a token", at + name, in_c ^ 1)
        for size, name in enumerate(("4k", "2m", "1g")):
            self.free("C without a token", f"{at}c_low_q[{size}]", in_c ^ 1 if name in array["sizes"] else 1)
        self.free("C without a token", at + "p_low_q", self.every(bit ^ 1 for bit in self.word(at + "c_news_q", 3)))

    def stlb_sets(self, at, array, in_r, in_c):
        """A token's sets are those of its address."""
        sets = array["entries"] // array["ways"]
        wide = (sets - 1).bit_length()
        for s in (("4k", "2m", "1g").index(name) for name in array["sizes"] if sets > 1):
            for name, token, vpn in (("set_q", in_r, "r_vpn_q"), ("c_sets_q", in_c, "c_vpn_q")):
                same = self.equal(self.word(at + name, wide, wide * s), self.word("u_stlb." + vpn, wide, 9 * s))
                self.lemma(f"set_of_address {at}{name} {s}", self.implies(token, same))

    def stlb_words(self, at, array):
        """What the words hold: no two that one lookup could match, and no rights that no walk gives; a FILL in C has
        found all that it displaces."""
        ways, sets, arch = array["ways"], array["entries"] // array["ways"], self.preset["arch"]
        holds = [("4k", "2m", "1g").index(name) for name in array["sizes"]]
        at_s, low, high = 9 + len(holds) - 1, 9 * holds[0] + (sets - 1).bit_length(), 45 if arch["la57"] else 36
        at_pcid = at_s + arch["cet"] + 4 * (arch["pku"] or arch["pks"])
        at_vpn = at_pcid + 12 * arch["pcid"]
        dropped = self.graph.both(self.is_number(self.ctl_state, SWEEP), self.is_one_of(self.inv, (6, 7)))
        for n in range(sets):
            words = [self.word(f"{at}g_way[{w}].word_q[{n}]", at_vpn + high - low) for w in range(ways)]
            for w, word in enumerate(words):
                xd = self.graph.both(word[0], word[4])
                self.lemma(f"xd {at}{n} {w}", self.implies(xd, self.any([self.rules["nxe"], dropped])))
                if arch["cet"]:
                    shadow = self.every([word[0], word[at_s], word[2]])
                    self.lemma(f"shadow {at}{n} {w}", self.implies(shadow, dropped))
                fields = word[9:at_s], word[at_pcid:at_vpn], word[at_vpn:]
                for s, displaced in self.displaced(at, array, n, holds, word[:2], fields, low):
                    found = self.word(at + "c_match_q", 1, ways * s + w)[0]
                    self.lemma(f"displaces {at}{n} {w} {s}", self.implies(displaced, found))
            for v, w in itertools.combinations(range(ways), 2):
                a, b = words[v], words[w]
                who = self.any([a[1], b[1], self.equal(a[at_pcid:at_vpn], b[at_pcid:at_vpn])])
                page = self.graph.both(self.equal(a[9:at_s], b[9:at_s]), self.equal(a[at_vpn:], b[at_vpn:]))
                self.lemma(f"apart {at}{n} {v} {w}", self.implies(self.every([a[0], b[0], who, page]), dropped))

    def displaced(self, at, array, n, holds, valid_global, fields, low):
        """Of each size that an array holds: whether a FILL of it is in C, in set n, that displaces a word there."""
        sets, (size, pcid, page) = array["entries"] // array["ways"], fields
        wide, vpn = max(1, (sets - 1).bit_length()), self.word("u_stlb.c_vpn_q", 45)[low:low + len(page)]
        who = self.any([valid_global[1], self.word("u_stlb.c_new_glob_q", 1)[0], self.equal(pcid, self.pcid)])
        for s in holds:
            filled = [self.word(at + "c_fill_q", 1)[0], self.is_number(self.word("u_stlb.c_size_q", 2), s),
                      self.is_number(self.word(at + "c_sets_q", wide, wide * s), n) if sets > 1 else 1]
            same = [self.is_number(size, s if len(holds) == 3 else holds.index(s)),
                    self.equal(page, [bit if low + number >= 9 * s else 0 for number, bit in enumerate(vpn)])]
            yield s, self.every([*filled, *same, valid_global[0], who])

    def not_both(self, name, a, b):
        word = self.word(name, 64)
        return self.graph.both(word[a], word[b]) ^ 1
