/* What a trace record of an access asks of an MMU. */
#ifndef TWINWALK_RECORDED_H
#define TWINWALK_RECORDED_H

#include "arch/oracle.h"
#include "traces/format/trace.h"

/* The flags of a record that a request carries. */
enum { RECORDED_MODE = TRACE_SUPERVISOR | TRACE_IMPLICIT | TRACE_AC | TRACE_SHADOW_STACK };

/* enum pins_access; kind: TRACE_FETCH, TRACE_LOAD or TRACE_STORE. */
static inline unsigned recorded_access(unsigned kind)
{
    static const uint8_t access[] = {[TRACE_FETCH] = ACC_EXECUTE, [TRACE_LOAD] = ACC_READ, [TRACE_STORE] = ACC_WRITE};
    return access[kind];
}

/* As the oracle is asked. */
static inline struct oracle_access recorded_oracle_access(const struct trace_rec *rec)
{
    return (struct oracle_access){
        .va = rec->va,
        .acc = (uint8_t)recorded_access(rec->kind),
        .user = !(rec->flags & TRACE_SUPERVISOR),
        .imp = (rec->flags & TRACE_IMPLICIT) != 0,
        .ac = (rec->flags & TRACE_AC) != 0,
        .ss = (rec->flags & TRACE_SHADOW_STACK) != 0,
    };
}

#endif
