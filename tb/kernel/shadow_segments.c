/* Segments of System V in the shadow: objects that outlive their attachments. See shadow.h. */
#include <stdio.h>
#include <stdlib.h>

#include "shadow.h"

enum { IPC_RMID = 0 };

static bool is_attached(const struct shadow *s, uint64_t object)
{
    for (unsigned task = 0; task < s->tasks; task++)
        for (size_t i = 0; s->task[task].space && i < s->task[task].space->areas; i++)
            if (s->task[task].space->area[i].object == object)
                return true;
    return false;
}

/* A segment that was removed is gone when nobody has it any more; its number may then come to another one. */
static uint64_t segment(struct shadow *s, uint64_t id)
{
    char name[64];
    snprintf(name, sizeof name, "segment %llu", (unsigned long long)id);
    uint64_t object = shadow_object(s, name, true);
    if (s->object[object].removed && !is_attached(s, object)) {
        free(s->object[object].name);
        s->object[object].name = NULL;
        object = shadow_object(s, name, true);
    }
    s->object[object].segment = true;
    return object;
}

void shadow_attach(struct shadow *s, struct shadow_space *space, const struct trace_syscall *c)
{
    shadow_put(s, space,
               (struct shadow_area){.start = (uint64_t)c->result,
                                    .end = (uint64_t)c->result + shadow_up(c->arg[3], 4096),
                                    .object = segment(s, c->arg[0]),
                                    .unit = 4096,
                                    .shared = true});
}

/* Whatever is left of the attachment at this address, wherever gaps are in it: what would have begun here. */
void shadow_detach(struct shadow *s, struct shadow_space *space, uint64_t start)
{
    uint64_t object = 0;
    for (size_t i = 0; i < space->areas; i++) {
        const struct shadow_area area = space->area[i];
        if (area.start < start || !s->object[area.object].segment || (area.start - start) >> 12 != area.page ||
            (object && area.object != object))
            continue;
        object = area.object;
        shadow_unmap(s, space, area.start, area.end);
        i--;
    }
}

void shadow_control_segment(struct shadow *s, uint64_t id, uint64_t command)
{
    if (command != IPC_RMID)
        return;
    const uint64_t object = segment(s, id); /* first: it may move the others */
    s->object[object].removed = true;
}
