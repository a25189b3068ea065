/* Writes a state as tb/dut/registers.h does, and with WATCHED in the environment looks whether every bit of every
 * register was written, whatever it was before: once on registers full of ones and once on registers full of zeros,
 * which then must be the same. So what is left out is seen at once, and not only when the device later behaves
 * differently. */
#ifndef TWINWALK_WATCHED_H
#define TWINWALK_WATCHED_H

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "registers.h"

template <class Registers>
std::string registers_written_on(Registers &registers, const struct dut_state &state, int bits)
{
    std::string all;
    registers_all(registers, [&](const char *, auto &reg) { std::memset(&reg, bits, sizeof reg); });
    registers_write(registers, state);
    registers_all(registers,
                  [&](const char *, auto &reg) { all.append(reinterpret_cast<const char *>(&reg), sizeof reg); });
    return all;
}

template <class Registers> void registers_write_watched(Registers &registers, const struct dut_state &state)
{
    if (std::getenv("WATCHED")) {
        const std::string ones = registers_written_on(registers, state, 0xff);
        const std::string zeros = registers_written_on(registers, state, 0);
        std::size_t at = 0;
        registers_all(registers, [&](const char *name, auto &reg) {
            if (ones.compare(at, sizeof reg, zeros, at, sizeof reg)) {
                std::fprintf(stderr, "leftout: %s is not written\n", name);
                std::_Exit(1);
            }
            at += sizeof reg;
        });
    }
    registers_write(registers, state);
}

#endif
