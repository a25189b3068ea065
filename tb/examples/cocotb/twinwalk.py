"""libtwinwalk.so for Python: the cycle model of a preset at its pins, and the oracle (docs/library.md).

    import twinwalk
    mmu = twinwalk.Mmu("tiny")
    out = mmu.reset()
    inputs = twinwalk.PinsIn()
    out = mmu.step(inputs)
    mmu.state(0, 0)

    cpu = twinwalk.Preset("tiny").cpu()
    twinwalk.translate(cpu, regs, access, lambda pa: words.get(pa, 0))

A file to be copied: it needs Python 3.8 and the library alone. The library is found as TWINWALK_LIBRARY says (a path),
or by the loader. Fields and ranges are those of the headers pins.h and arch/oracle_types.h.
"""
import ctypes
import os
from ctypes import (POINTER, Structure, byref, c_bool, c_char_p, c_int64, c_uint, c_uint8, c_uint16, c_uint32, c_uint64,
                    c_void_p)

ABI = 2
MAX_PORTS = 8


class Error(Exception):
    """The library cannot be had, or has not what is asked for; the text is the whole message."""


class PinsReq(Structure):
    _fields_ = [("va", c_uint64), ("id", c_uint8), ("acc", c_uint8), ("user", c_bool), ("imp", c_bool), ("ac", c_bool),
                ("ss", c_bool)]


class PinsResp(Structure):
    _fields_ = [("addr", c_uint64), ("err", c_uint16), ("id", c_uint8), ("kind", c_uint8), ("size", c_uint8),
                ("pat", c_uint8), ("mt", c_uint8), ("src", c_uint8)]


class PinsIn(Structure):
    """The inputs of a cycle. `mem_rsp_line` is filled by line()."""
    _fields_ = [("req", PinsReq * MAX_PORTS), ("req_valid", c_uint8), ("ctl_valid", c_bool), ("ctl_op", c_uint8),
                ("ctl_data", c_uint64),
                ("ctl_desc", c_uint64), ("mem_req_ready", c_bool), ("mem_rsp_valid", c_bool), ("mem_rsp_tag", c_uint8),
                ("mem_rsp_err", c_bool), ("mem_rsp_line", POINTER(c_uint64)), ("squash_valid", c_uint8),
                ("squash_id", c_uint8 * MAX_PORTS)]

    def line(self, words):
        """Points mem_rsp_line to these 8 words."""
        self.mem_rsp_line = (c_uint64 * 8)(*words)


class PinsOut(Structure):
    _fields_ = [("req_ready", c_uint8), ("resp_valid", c_uint8), ("resp", PinsResp * MAX_PORTS), ("ctl_ready", c_bool),
                ("ctl_done", c_bool), ("ctl_gp", c_bool), ("waiting", c_bool), ("mem_req_valid", c_bool),
                ("mem_req_tag", c_uint8),
                ("mem_req_cas", c_bool), ("mem_req_mt", c_uint8), ("mem_req_addr", c_uint64),
                ("mem_req_expected", c_uint64), ("mem_req_desired", c_uint64)]


class Cpu(Structure):
    _fields_ = [("paddr_bits", c_uint), ("page_1g", c_bool), ("la57", c_bool), ("pcid", c_bool), ("pku", c_bool),
                ("pks", c_bool), ("cet", c_bool), ("lam", c_bool), ("amd", c_bool)]


class Regs(Structure):
    _fields_ = [("cr0", c_uint64), ("cr3", c_uint64), ("cr4", c_uint64), ("efer", c_uint64), ("pat", c_uint64),
                ("pkru", c_uint32), ("pkrs", c_uint32)]


class Access(Structure):
    _fields_ = [("va", c_uint64), ("acc", c_uint8), ("user", c_bool), ("imp", c_bool), ("ac", c_bool), ("ss", c_bool)]


class Step(Structure):
    _fields_ = [("pa", c_uint64), ("value", c_uint64), ("level", c_uint8), ("mt", c_uint8), ("must_a", c_bool),
                ("must_d", c_bool), ("may_a", c_bool)]


class Result(Structure):
    _fields_ = [("kind", c_uint8), ("err", c_uint16), ("addr", c_uint64), ("size", c_uint8), ("pat", c_uint8),
                ("mt", c_uint8), ("steps", c_uint8), ("step", Step * 5), ("reason", c_char_p)]


# What C calls them.
STRUCTS = {"pins_req": PinsReq, "pins_resp": PinsResp, "pins_in": PinsIn, "pins_out": PinsOut, "oracle_cpu": Cpu,
           "oracle_regs": Regs, "oracle_access": Access, "oracle_step": Step, "oracle_result": Result}

_READ = ctypes.CFUNCTYPE(c_bool, c_void_p, c_uint64, POINTER(c_uint64))
_UPDATE = ctypes.CFUNCTYPE(c_bool, c_void_p, c_uint64, c_uint64)
_library = None


def library():
    """The library as ctypes has it, loaded at the first use."""
    global _library
    if _library:
        return _library
    path = os.environ.get("TWINWALK_LIBRARY", f"libtwinwalk.so.{ABI}")
    try:
        lib = ctypes.CDLL(path)
    except OSError as error:
        raise Error(f"{path}: {error}; make library builds it, and TWINWALK_LIBRARY names it") from None
    functions = {
        "twinwalk_abi": (c_uint, []), "twinwalk_version": (c_char_p, []), "twinwalk_revision": (c_char_p, []),
        "twinwalk_preset_number": (c_void_p, [c_uint]), "twinwalk_preset_named": (c_void_p, [c_char_p]),
        "twinwalk_preset_name": (c_char_p, [c_void_p]), "twinwalk_preset_value": (c_int64, [c_void_p, c_char_p]),
        "twinwalk_preset_cpu": (None, [c_void_p, POINTER(Cpu)]),
        "twinwalk_mmu_new": (c_void_p, [c_void_p]), "twinwalk_mmu_free": (None, [c_void_p]),
        "twinwalk_mmu_reset": (None, [c_void_p, POINTER(PinsOut)]),
        "twinwalk_mmu_step": (None, [c_void_p, POINTER(PinsIn), POINTER(PinsOut)]),
        "twinwalk_mmu_state": (c_bool, [c_void_p, c_uint, c_uint, POINTER(c_uint64)]),
        "twinwalk_translate": (None, [POINTER(Cpu), POINTER(Regs), POINTER(Access), _READ, c_void_p, POINTER(Result)]),
        "twinwalk_update_flags": (c_bool, [POINTER(Result), c_bool, _UPDATE, c_void_p]),
        "twinwalk_control": (c_bool, [POINTER(Regs), POINTER(Cpu), c_uint, c_uint64, c_uint64]),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    if lib.twinwalk_abi() != ABI:
        raise Error(f"{path} has ABI {lib.twinwalk_abi()}, and this file is for {ABI}")
    _library = lib
    return lib


class Preset:
    """A geometry that the library was built with."""

    def __init__(self, name):
        self.name = name
        self.pointer = library().twinwalk_preset_named(name.encode())
        if not self.pointer:
            raise Error(f"{name}: the library has no such preset; it has {', '.join(presets())}")

    def value(self, key):
        """A parameter by its key in docs/configuration.md, as "ports.data". KeyError if there is none."""
        number = library().twinwalk_preset_value(self.pointer, key.encode())
        if number < 0:
            raise KeyError(key)
        return number

    def cpu(self):
        cpu = Cpu()
        library().twinwalk_preset_cpu(self.pointer, byref(cpu))
        return cpu


def presets():
    """The names of all presets of the library."""
    lib, names = library(), []
    while pointer := lib.twinwalk_preset_number(len(names)):
        names.append(lib.twinwalk_preset_name(pointer).decode())
    return names


class Mmu:
    """The cycle model of a preset. Every output is a function of state: read `out`, choose inputs, step."""

    def __init__(self, preset):
        self.preset = Preset(preset)
        self.out = PinsOut()
        self.pointer = library().twinwalk_mmu_new(self.preset.pointer)
        if not self.pointer:
            raise MemoryError("the cycle model")

    def __del__(self):
        if getattr(self, "pointer", None):
            library().twinwalk_mmu_free(self.pointer)

    def reset(self):
        """The outputs of the first cycle after a reset; the same object each time."""
        library().twinwalk_mmu_reset(self.pointer, byref(self.out))
        return self.out

    def step(self, inputs):
        """One clock with the inputs of the present cycle; the outputs of the next."""
        library().twinwalk_mmu_step(self.pointer, byref(inputs), byref(self.out))
        return self.out

    def state(self, sel, idx):
        """A state word of section 17, 128 bits; None when there is none."""
        words = (c_uint64 * 2)()
        there = library().twinwalk_mmu_state(self.pointer, sel, idx, words)
        return words[0] | words[1] << 64 if there else None


def translate(cpu, regs, access, read):
    """The oracle's judgement of an access. read(pa) gives the 8 bytes at pa as a number; None: they cannot be read."""
    @_READ
    def from_memory(_, pa, value):
        word = read(pa)
        if word is not None:
            value[0] = word
        return word is not None

    result = Result()
    library().twinwalk_translate(byref(cpu), byref(regs), byref(access), from_memory, None, byref(result))
    return result


def update_flags(result, update, early_a=False):
    """Hands update(pa, bits) the A and D bits that the access of `result` must set, and with early_a those it may."""
    @_UPDATE
    def in_memory(_, pa, bits):
        update(pa, bits)
        return True

    library().twinwalk_update_flags(byref(result), early_a, in_memory, None)


def control(regs, cpu, op, data, desc=0):
    """A control operation on the oracle's registers. False: #GP(0), and they are as before."""
    return library().twinwalk_control(byref(regs), byref(cpu), op, data, desc)
