/* The link: see link.h. */
#define _GNU_SOURCE
#include "link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <zlib.h>

#include "frames.h"
#include "mmu_cfg.h"

enum {
    TIMEOUT_FIRST =
        60, /* ms without a word, when one is due, before the board is asked; more if it usually takes more */
    TIMEOUT_MOST = 2000,
    SILENT_REOPEN = 4000, /* ms of silence after which the device is opened anew */
    REOPEN_EVERY = 100,
    HISTORY_MOST = 1 << 28,
};

static const uint64_t NOT_POLLED = UINT64_MAX;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void give_up(struct link *l, const char *why)
{
    if (l->lost)
        return;
    l->lost = true;
    snprintf(l->error, sizeof l->error, "%s", why);
}

/* ---- Out ---- */

static size_t out_room(const struct link *l)
{
    return sizeof l->out - l->out_to;
}

static void flush_out(struct link *l)
{
    if (l->out_from == l->out_to)
        return;
    const long n = stream_write(&l->stream, l->out + l->out_from, l->out_to - l->out_from);
    if (n > 0)
        l->out_from += (size_t)n;
    if (l->out_from == l->out_to || n < 0)
        l->out_from = l->out_to = 0;
}

static void put_frame(struct link *l, enum link_frame type, const uint8_t *payload, unsigned bytes)
{
    if (out_room(l) >= bytes + LINK_AROUND)
        l->out_to += frame_make(l->out + l->out_to, (uint8_t)type, 0, payload, bytes);
}

/* A receiver that waits for the rest of a frame gets more than it can want. */
static void put_padding(struct link *l)
{
    if (out_room(l) < LINK_PAYLOAD + LINK_AROUND)
        return;
    memset(l->out + l->out_to, 0, LINK_PAYLOAD + LINK_AROUND);
    l->out_to += LINK_PAYLOAD + LINK_AROUND;
}

static void hello(struct link *l)
{
    const uint8_t payload[4] = {LINK_VERSION, 0, (uint8_t)l->session, (uint8_t)(l->session >> 8)};
    put_frame(l, LINK_HELLO, payload, sizeof payload);
}

/* Room on the board for this frame, as far as is known. */
static bool fits(const struct link *l, const struct link_sent *f)
{
    return f->end - l->taken < l->status.bytes;
}

static void send_frames(struct link *l)
{
    while (l->begun && !l->restart && l->next < l->first) {
        const struct link_sent *f = &l->frame[l->next % LINK_WINDOW];
        if (!fits(l, f) || out_room(l) < f->bytes)
            return;
        memcpy(l->out + l->out_to, f->byte, f->bytes);
        l->out_to += f->bytes;
        l->counts.frames++;
        l->next++;
    }
}

/* ---- In ---- */

static void go_back(struct link *l)
{
    l->polled = NOT_POLLED;
    l->counts.again += l->next - l->base;
    l->next = l->base;
}

/* A board that does not know the session has lost its memory: all of it is sent again, when no frame is half made. */
static void restart(struct link *l)
{
    l->restart = true;
    if (l->history_lost)
        give_up(l, "the board was switched off in the middle, after more than can be sent again");
}

static void take_status(struct link *l, const struct link_status *s)
{
    const uint8_t ahead = (uint8_t)(s->expected - (uint8_t)l->base);
    const uint16_t more = (uint16_t)(s->taken - (uint16_t)l->taken);
    if (s->session != l->session) {
        if (l->begun && s->why == FRAME_WHY_POLL)
            restart(l);
        return;
    }
    if (!l->begun)
        l->begun = s->why == FRAME_WHY_HELLO || s->why == FRAME_WHY_POLL;
    if (ahead > l->next - l->base)
        return; /* an old one, seen twice */
    l->base += ahead;
    if (more < 0x8000 && l->taken + more <= l->streamed)
        l->taken += more;
    l->status = *s;
    if (s->wrong)
        give_up(l, "the board met an operation that it does not know: is its bitstream of this version?");
    /* What was sent behind the poll may be on its way still. */
    const bool missing = s->why == FRAME_WHY_POLL && l->polled != NOT_POLLED && l->base < l->polled;
    if (missing || (s->why == FRAME_WHY_NAK && l->next > l->base))
        go_back(l);
    if (s->why == FRAME_WHY_POLL)
        l->polled = NOT_POLLED;
    if (l->on_status)
        l->on_status(l->context, s);
}

static void take_answer(struct link *l, uint8_t type, const uint8_t *payload, unsigned bytes)
{
    if (bytes < 8 || frame_number(payload, 2) != l->session)
        return;
    l->answer = type;
    l->answer_words = bytes / 8;
    for (unsigned w = 0; w < l->answer_words; w++)
        l->answer_word[w] = frame_number(payload + 8 * w, 8);
}

static void take_frame(struct link *l, uint8_t type, const uint8_t *payload, unsigned bytes)
{
    struct link_status status;
    const uint64_t now = now_ms(), silence = now - l->heard;
    const unsigned twice = silence < TIMEOUT_MOST / 2 ? 2 * (unsigned)silence : TIMEOUT_MOST;
    l->usual -= l->usual / 8;
    l->usual = twice > l->usual ? twice : l->usual;
    l->heard = now;
    l->timeout = l->usual > TIMEOUT_FIRST ? l->usual : TIMEOUT_FIRST;
    l->unanswered = 0;
    if (type == LINK_STATUS && frame_status(payload, bytes, &status))
        take_status(l, &status);
    else if (type == LINK_WORDS || type == LINK_PINS)
        take_answer(l, type, payload, bytes);
}

static void take_bytes(struct link *l)
{
    size_t from = 0;
    for (;;) {
        uint8_t type;
        const uint8_t *payload;
        unsigned bytes;
        const enum frame_found found = frame_find(l->in, l->in_bytes, &from, &type, &payload, &bytes);
        if (found == FRAME_GOOD)
            take_frame(l, type, payload, bytes);
        else if (found == FRAME_DAMAGED)
            l->counts.damaged++;
        else
            break;
    }
    memmove(l->in, l->in + from, l->in_bytes - from);
    l->in_bytes -= from;
}

static bool receive(struct link *l)
{
    const long n = stream_read(&l->stream, l->in + l->in_bytes, sizeof l->in - l->in_bytes);
    if (n <= 0)
        return false;
    l->in_bytes += (size_t)n;
    take_bytes(l);
    return true;
}

/* ---- What can go wrong ---- */

static void ask(struct link *l, uint64_t now)
{
    l->asked = now;
    l->counts.polls++;
    if (l->unanswered++ % 2)
        put_padding(l);
    if (l->begun && l->polled == NOT_POLLED)
        l->polled = l->next;
    if (l->begun)
        put_frame(l, LINK_POLL, NULL, 0);
    else
        hello(l);
    l->timeout = l->timeout * 2 < TIMEOUT_MOST ? l->timeout * 2 : TIMEOUT_MOST;
}

static void reopen(struct link *l, uint64_t now)
{
    if (now - l->tried < REOPEN_EVERY)
        return;
    l->tried = now;
    l->out_from = l->out_to = l->in_bytes = 0;
    if (!stream_open(&l->stream))
        return;
    l->counts.reopened++;
    l->unanswered = 1; /* whatever was under way is cut off: padding first */
    l->polled = NOT_POLLED;
    ask(l, now);
}

/* Something that we wait for: a session, a frame that the board has not, bytes that it has not taken. */
static bool due(const struct link *l)
{
    return !l->begun || l->base < l->first || l->taken < l->streamed;
}

static void look_after(struct link *l, bool wanted)
{
    const uint64_t now = now_ms();
    if (now - l->heard > (uint64_t)l->stream.patience * 1000 && (wanted || due(l))) {
        char why[200];
        snprintf(why, sizeof why, "the board has said nothing for %u s: is it there, with a bitstream of preset %s?",
                 l->stream.patience, CFG_NAME);
        give_up(l, why);
    } else if (l->stream.fd < 0) {
        reopen(l, now);
    } else if ((wanted || due(l)) && now - (l->heard > l->asked ? l->heard : l->asked) >= l->timeout) {
        if (now - l->heard > SILENT_REOPEN && now - l->tried > SILENT_REOPEN)
            stream_close(&l->stream);
        else
            ask(l, now);
    }
}

static bool pump(struct link *l, unsigned ms)
{
    if (l->lost)
        return false;
    send_frames(l);
    flush_out(l);
    bool some = false;
    while (receive(l))
        some = true;
    send_frames(l);
    flush_out(l);
    if (!some && ms) {
        if (l->stream.fd >= 0)
            stream_wait(&l->stream, l->out_from < l->out_to, ms < l->timeout ? ms : l->timeout);
        else
            nanosleep(&(struct timespec){0, 20000000}, NULL);
        while (receive(l))
            some = true;
    }
    if (!some)
        look_after(l, ms > 0);
    flush_out(l);
    return !l->lost;
}

/* ---- The stream ---- */

static void queue(struct link *l)
{
    while (l->first - l->base >= LINK_WINDOW)
        if (!pump(l, 1000) || l->restart)
            return;
    struct link_sent *f = &l->frame[l->first % LINK_WINDOW];
    l->streamed += l->payload_bytes;
    f->end = l->streamed;
    f->bytes = frame_make(f->byte, LINK_INPUTS, (uint8_t)l->first, l->payload, l->payload_bytes);
    l->payload_bytes = 0;
    l->first++;
    pump(l, 0);
}

static void put(struct link *l, const uint8_t *byte, size_t bytes)
{
    while (bytes && !l->lost && !l->restart) {
        const size_t room = sizeof l->payload - l->payload_bytes, now = bytes < room ? bytes : room;
        memcpy(l->payload + l->payload_bytes, byte, now);
        l->payload_bytes += (unsigned)now;
        byte += now;
        bytes -= now;
        if (l->payload_bytes == sizeof l->payload)
            queue(l);
    }
}

static void remember(struct link *l, const uint8_t *byte, size_t bytes)
{
    if (l->history_lost)
        return;
    if (l->history_bytes + bytes > l->history_room) {
        const size_t room = 2 * (l->history_bytes + bytes) + (1 << 16);
        uint8_t *more = room <= HISTORY_MOST ? realloc(l->history, room) : NULL;
        l->history_lost = !more;
        if (!more)
            return;
        l->history = more;
        l->history_room = room;
    }
    memcpy(l->history + l->history_bytes, byte, bytes);
    l->history_bytes += bytes;
}

/* ---- Sessions ---- */

static void fresh_session(struct link *l)
{
    uint16_t before = l->session;
    while (l->session == before || l->session == 0)
        if (getrandom(&l->session, sizeof l->session, 0) != sizeof l->session)
            l->session = (uint16_t)(before + 1);
    l->begun = l->restart = false;
    l->polled = NOT_POLLED;
    l->base = l->next = l->first = 0;
    l->streamed = l->taken = 0;
    l->payload_bytes = 0;
    l->answer = 0;
    l->unanswered = 0;
    l->timeout = TIMEOUT_FIRST;
    l->usual = 0;
    l->out_from = l->out_to = 0;
}

static bool meet(struct link *l)
{
    hello(l);
    l->asked = l->heard = now_ms();
    while (!l->begun)
        if (!pump(l, 1000))
            return false;
    return true;
}

bool link_begin(struct link *l)
{
    if (l->lost)
        return false;
    l->history_bytes = 0;
    l->history_lost = false;
    fresh_session(l);
    return meet(l);
}

/* What is being put is in the history too. */
static void again(struct link *l)
{
    while (l->restart && !l->lost) {
        l->restart = false;
        l->counts.restarted++;
        fresh_session(l);
        if (!meet(l))
            return;
        put(l, l->history, l->history_bytes);
        if (l->payload_bytes && !l->restart)
            queue(l);
    }
}

void link_put(struct link *l, const uint8_t *byte, size_t bytes)
{
    remember(l, byte, bytes);
    put(l, byte, bytes);
    again(l);
}

void link_ask(struct link *l, const uint8_t *byte, size_t bytes)
{
    put(l, byte, bytes);
    again(l);
    link_push(l);
}

void link_push(struct link *l)
{
    if (l->payload_bytes && !l->lost)
        queue(l);
    again(l);
}

bool link_pump(struct link *l, unsigned ms)
{
    pump(l, ms);
    again(l);
    return !l->lost;
}

bool link_open(struct link *l, const char *text, char *error, size_t size)
{
    if (!stream_parse(&l->stream, text, error, size))
        return false;
    if (stream_open(&l->stream))
        return true;
    snprintf(error, size, "cannot be opened: %s", strerror(errno));
    return false;
}

void link_close(struct link *l)
{
    stream_close(&l->stream);
    free(l->history);
    l->history = NULL;
}
