/* A board that is not there: in the place of tb/link/stream.c it takes every frame at once and answers each check with
 * what is expected, so that what remains is the host's own work. For measuring only (scripts/link_cost.py): the program
 * that has it ends, with its CPU time, before a verdict could be made.
 *
 *   link-cost cosim --dut=fpga:null [OPTION…] TRACE
 */
#define _GNU_SOURCE
#include "link/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exits.h"
#include "link/checks.h"
#include "link/frames.h"
#include "mmu_cfg.h"

enum { PORTS = CFG_PORTS_FETCH + CFG_PORTS_DATA, LOG2_BYTES = 14, QUARTER = 1 << (LOG2_BYTES - 2) };

static struct {
    uint16_t session, checks;
    uint8_t expected;
    uint64_t taken, told, cycles, crc; /* told: bytes that the last status told of */
    uint64_t sent;
    uint8_t in[4096]; /* for the host */
    size_t in_from, in_to;
    bool due;
    uint8_t why;
    unsigned questions;
    double began;
} board;

void __real_checks_add(struct checks *c, uint64_t cycle, uint64_t crc);
void __wrap_checks_add(struct checks *c, uint64_t cycle, uint64_t crc)
{
    __real_checks_add(c, cycle, crc);
    board.checks++;
    board.cycles = cycle;
    board.crc = crc;
    board.due = true;
    board.why = FRAME_WHY_CHECK;
}

static void number(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static void send(uint8_t type, const uint8_t *payload, unsigned bytes)
{
    if (board.in_from == board.in_to)
        board.in_from = board.in_to = 0;
    if (board.in_to + bytes + LINK_AROUND <= sizeof board.in)
        board.in_to += frame_make(board.in + board.in_to, type, 0, payload, bytes);
}

static void send_status(void)
{
    uint8_t p[32];
    number(p, board.session, 2);
    p[2] = board.expected;
    p[3] = board.why;
    number(p + 4, board.taken, 2);
    number(p + 6, board.checks, 2);
    number(p + 8, board.cycles, 8);
    number(p + 16, board.crc, 8);
    p[24] = LINK_VERSION;
    p[25] = PORTS;
    p[26] = LOG2_BYTES;
    p[27] = 0;
    number(p + 28, CFG_PRESET_HASH, 4);
    send(LINK_STATUS, p, sizeof p);
    board.told = board.taken;
    board.due = false;
}

/* The first is for the outputs after the reset. The last, for those of the end, is not answered. */
void __real_link_ask(struct link *l, const uint8_t *byte, size_t bytes);
void __wrap_link_ask(struct link *l, const uint8_t *byte, size_t bytes)
{
    uint8_t pins[8 * (1 + 2 * PORTS + 3)] = {0};
    if (board.questions++) {
        const double seconds = cpu_seconds() - board.began;
        printf("link-cost: %" PRIu64 " cycles, %" PRIu64 " bytes, %.6f s of CPU\n", board.cycles, board.sent, seconds);
        fflush(stdout);
        _exit(STATUS_EQUAL);
    }
    __real_link_ask(l, byte, bytes);
    number(pins, board.session, 2);
    pins[2] = byte[1];
    send(LINK_PINS, pins, sizeof pins);
    board.began = cpu_seconds();
}

bool stream_parse(struct stream *s, const char *text, char *error, size_t size)
{
    *s = (struct stream){.fd = -1, .patience = 1};
    snprintf(s->path, sizeof s->path, "%s", text);
    snprintf(error, size, "%s: link-cost knows fpga:null only", text);
    return strcmp(text, "null") == 0;
}

bool stream_open(struct stream *s)
{
    s->fd = 0;
    return true;
}

void stream_close(struct stream *s)
{
    s->fd = -1;
}

static void take(const uint8_t *frame, unsigned bytes)
{
    const uint8_t type = frame[2];
    if (type == LINK_INPUTS) {
        board.expected++;
        board.taken += bytes;
        return;
    }
    board.due = true;
    board.why = type == LINK_HELLO ? FRAME_WHY_HELLO : FRAME_WHY_POLL;
    if (type != LINK_HELLO)
        return;
    board.session = (uint16_t)frame_number(frame + 8, 2);
    board.expected = 0;
    board.checks = 0;
    board.taken = 0;
}

long stream_write(struct stream *s, const uint8_t *byte, size_t bytes)
{
    (void)s;
    for (size_t from = 0; from < bytes;) {
        if (byte[from] != LINK_SYNC0) { /* padding */
            from++;
            continue;
        }
        const unsigned length = (unsigned)frame_number(byte + from + 4, 2);
        take(byte + from, length);
        from += length + LINK_AROUND;
    }
    board.sent += bytes;
    if (board.due || board.taken - board.told >= QUARTER)
        send_status();
    return (long)bytes;
}

long stream_read(struct stream *s, uint8_t *byte, size_t most)
{
    (void)s;
    const size_t there = board.in_to - board.in_from, now = there < most ? there : most;
    memcpy(byte, board.in + board.in_from, now);
    board.in_from += now;
    return (long)now;
}

void stream_wait(const struct stream *s, bool write, unsigned ms)
{
    (void)s, (void)write, (void)ms;
}
