/* Directed cases (docs/trace-format.md section 11) on anything that translates: what the files of `twinwalk vectors`
 * share.
 *
 *     files ─► vectors_load ─► one case at a time ─► vectors_run ─► engine: oracle, or a device behind its pins
 *                                                        └─► verdict ─► vectors_report (text, JSON) */
#ifndef TWINWALK_VECTORS_H
#define TWINWALK_VECTORS_H

#include "arch/oracle.h"
#include "base/outfile.h"
#include "dut/dut.h"
#include "engine/finding.h"
#include "traces/format/trace.h"

enum { VECTOR_TEXT = 160 }; /* room for an outcome in words */

/* One record of a case, and where it stands. */
struct vector_step {
    struct trace_rec rec;
    struct trace_extra extra; /* undefined where the record has none */
    uint64_t record, line;    /* number in the file, from 0; line of the text form, 0 in the binary form */
};

/* A case: step[0] is its CASE record. Valid until the next one is taken. */
struct vector {
    const char *file;
    struct vector_step *step;
    size_t steps;
};

static inline const struct trace_case *vector_case(const struct vector *v)
{
    return &v->step[0].extra.vector;
}

/* ---- Where cases come from (load.c) ---- */

struct vector_source;

/* NULL on failure, with one line in *error (valid until the next call of the same thread, or the end of the source). */
struct vector_source *vector_open(const char *path, const char **error);
void vector_close(struct vector_source *source);

/* Whether it says anywhere what is right. One that does not would pass whatever comes, and is refused. */
bool vector_says_anything(const struct vector *v);

/* 1: *v is the next case. 0: the file is at its end. -1: it cannot be read on, *error says where and why. */
int vector_next(struct vector_source *source, struct vector *v, const char **error);

/* ---- Who is asked (oracle.c, dut.c) ---- */

struct vector_engine {
    const char *name;
    void (*destroy)(struct vector_engine *engine);

    /* A case begins: registers, memory and caches as after reset. False: the device does not come out of reset. Not
     * thorough: where the case itself orders all that is cached to be dropped before it looks, that may be left to it.
     */
    bool (*begin)(struct vector_engine *engine, const struct oracle_cpu *cpu, const struct vector *v, bool thorough);

    /* False in these two: no answer. */
    bool (*control)(struct vector_engine *engine, const struct trace_control *control, bool *gp);
    bool (*access)(struct vector_engine *engine, const struct oracle_access *access, struct pins_resp *answer);

    bool (*poke)(struct vector_engine *engine, uint64_t pa, uint64_t value); /* false: memory is short */
    uint64_t (*entry)(struct vector_engine *engine, uint64_t pa);
    bool (*fail)(struct vector_engine *engine, const struct trace_memerr *order); /* false: memory is short */

    unsigned patience; /* cycles without an answer that count as none; of a device */

    bool any_cpu; /* it can be any CPU that a case asks for; else it is the preset's */

    const struct dut_event *says; /* what a design says of itself (dut.h); NULL: nothing, ever */
    const struct finding *broken; /* the rule of its ports that it broke last (handshake.h); NULL: it has none */
};

/* The registers with which a case begins. */
extern const struct oracle_regs vector_regs_at_reset;

/* NULL on failure, with one line in *error. */
struct vector_engine *vector_oracle(const char **error);
struct vector_engine *vector_device(const struct dut_ops *ops, const char **error);

/* Of an engine of vector_device(), whose device can: writes a waveform (FST) of the cycles since its last reset. */
void vector_waves(struct vector_engine *device, const char *path);

/* Replays the case on the engine of vector_oracle() up to the access in step `at` (or the last one before it) and
 * prints that walk. Prints nothing when there is none. */
void vector_explain(struct vector_engine *oracle, const struct oracle_cpu *cpu, const struct vector *v, size_t at,
                    FILE *out);

/* ---- Running and judging (run.c) ---- */

/* What of a case's needs this preset does not meet: features to have, features not to have, MAXPHYADDR. All 0: it can
 * be run. */
struct vector_unmet {
    uint8_t needs, lacks;
    bool paddr;
};

/* The CPU that a case is to be run on: the preset's, and with any_cpu changed to what the case needs. */
struct oracle_cpu vector_cpu(const struct trace_case *c, bool any_cpu, struct vector_unmet *unmet);

struct vector_verdict {
    bool passed;
    size_t at;         /* step that failed */
    const char *field; /* what differs, in a word or two: "error code" */
    bool hung;         /* the device does not answer any more, or did not before a reset */
    char expected[VECTOR_TEXT], got[VECTOR_TEXT];
    bool carried_over; /* it passes after a thorough reset: something of the case before was left */
};

void vector_run(struct vector_engine *engine, const struct oracle_cpu *cpu, const struct vector *v,
                struct vector_verdict *verdict);

/* An access record as the oracle and the pins have it. */
struct oracle_access vector_access(const struct trace_rec *rec);

/* ---- Telling (report.c) ---- */

struct vector_score {
    const char *engine;
    uint64_t cases, passed, failed, skipped, not_run; /* not_run: behind one in which the engine hung */
    bool hung;
    uint64_t needs[8], lacks[8], paddr; /* of those skipped, by bit of trace_feature; one case may be in several */
    double seconds;
};

void vector_report_failure(FILE *out, const char *engine, const struct vector *v, const struct vector_verdict *verdict);
void vector_report_score(FILE *out, const struct vector_score *score);

/* JSON in JUnit's terms, written as cases end, so that memory stays constant. */
struct vector_json {
    struct outfile out;
    bool any;
};

void vector_json_begin(struct vector_json *json);
void vector_json_case(struct vector_json *json, const char *engine, const struct vector *v,
                      const struct vector_unmet *unmet,
                      const struct vector_verdict *verdict); /* verdict NULL: skipped, or not run if nothing is unmet */
void vector_json_end(struct vector_json *json, const struct vector_score *scores, size_t engines, const char *error);

/* ---- The command ---- */

/* twinwalk vectors; argv[0] is what it is called in messages. */
int vectors_command(int argc, char **argv);

#endif
