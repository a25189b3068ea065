/* What a Verilated design says of itself: see verilated_says.h and listen.h. */
#include "verilated_says.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "verilated.h"

#include "base/exits.h"
#include "listen.h"

struct dut_event *verilated_listener;

/* The last complaint that was printed: Verilator prints an assertion's message, and then calls vl_stop without it. */
static std::string complaint;

static bool complains(const std::string &line)
{
    return line.find("%Error") != std::string::npos || line.find("%Fatal") != std::string::npos ||
           line.find("-Fatal") != std::string::npos;
}

/* Of "[12] %Error: file.sv:3: Assertion failed in top.dut: too many" what comes behind the place. */
static std::string message(const char *filename, int line)
{
    const char *slash = std::strrchr(filename, '/');
    const std::string place = std::string(slash ? slash + 1 : filename) + ":" + std::to_string(line) + ": ";
    const size_t at = complaint.find(place);
    std::string text = at == std::string::npos ? "" : complaint.substr(at + place.size());
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    complaint.clear();
    return text;
}

static void say(enum dut_event_kind kind, const char *filename, int line, const std::string &text)
{
    struct dut_event event = {};
    event.kind = kind;
    std::snprintf(event.where, sizeof event.where, "%s:%d", filename && *filename ? filename : "?", line);
    std::snprintf(event.text, sizeof event.text, "%s", text.c_str());
    if (!verilated_listener)
        verilated_too_late(event);
    else if (verilated_listener->kind == DUT_QUIET)
        *verilated_listener = event;
}

void verilated_too_late(const struct dut_event &event)
{
    std::fprintf(stderr, "twinwalk: the design at its end, %s: %s\n", event.where, event.text);
    exits_not_equal();
}

/* What a design prints is for people, and not part of the results. */
int verilated_prints(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return length;
    if (complains(text))
        complaint = text;
    else
        std::fputs(text, stderr);
    std::free(text);
    return length;
}

/* The simulation is not over before the bench says so: what ends it is a finding. */
void vl_finish(const char *filename, int line, const char *)
{
    say(DUT_FINISHES, filename, line, "$finish");
}

void vl_stop(const char *filename, int line, const char *)
{
    const std::string text = message(filename, line);
    say(DUT_FAILS, filename, line, text.empty() ? "$stop" : text);
}

void vl_fatal(const char *filename, int line, const char *, const char *what)
{
    say(DUT_FAILS, filename, line, what);
    throw verilated_gave_up();
}
