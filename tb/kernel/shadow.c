/* Tasks, objects and accesses of the shadow: see shadow.h. */
#include "shadow.h"

#include <stdlib.h>
#include <string.h>

static bool no_memory(struct shadow *s)
{
    s->short_of_memory = true;
    return false;
}

bool shadow_init(struct shadow *s, bool named)
{
    *s = (struct shadow){.named = named};
    s->task[0].space = calloc(1, sizeof *s->task[0].space);
    s->task[0].files = calloc(1, sizeof *s->task[0].files);
    if (!s->task[0].space || !s->task[0].files)
        return no_memory(s);
    s->task[0].space->users = s->task[0].files->users = 1;
    return true;
}

static void leave_space(struct shadow_space *space)
{
    if (!space || --space->users)
        return;
    free(space->area);
    cells_free(&space->own);
    free(space);
}

static void leave_files(struct shadow_files *files)
{
    if (!files || --files->users)
        return;
    free(files->object);
    free(files);
}

void shadow_end(struct shadow *s, unsigned task)
{
    leave_space(s->task[task].space);
    leave_files(s->task[task].files);
    s->task[task].space = NULL;
    s->task[task].files = NULL;
}

void shadow_free(struct shadow *s)
{
    for (unsigned i = 0; i < SHADOW_TASKS; i++)
        shadow_end(s, i);
    for (size_t i = 0; i < s->objects; i++)
        free(s->object[i].name);
    free(s->object);
    cells_free(&s->written);
}

uint64_t shadow_object(struct shadow *s, const char *name, bool zeros)
{
    for (size_t i = 1; name && i < s->objects; i++)
        if (s->object[i].name && strcmp(s->object[i].name, name) == 0)
            return i;
    const size_t number = s->objects ? s->objects : 1;
    struct shadow_object *grown = realloc(s->object, (number + 1) * sizeof *grown);
    if (!grown) {
        no_memory(s);
        return 0;
    }
    s->object = grown;
    s->object[0] = (struct shadow_object){0};
    s->object[number] = (struct shadow_object){.name = name ? strdup(name) : NULL, .zeros = zeros};
    s->objects = number + 1;
    return number;
}

static void forget(struct cell *cell)
{
    cell->state = CELL_GONE;
}

/* The child of a fork: everything that was written so far, but for what the parent has excepted. */
static struct shadow_space *copy_space(struct shadow *s, const struct shadow_space *from)
{
    struct shadow_space *to = calloc(1, sizeof *to);
    if (!to)
        return NULL;
    *to = (struct shadow_space){.users = 1, .brk = from->brk, .room = from->areas};
    to->area = malloc((from->areas + 1) * sizeof *to->area);
    if (!to->area || !cells_copy(&to->own, &from->own))
        no_memory(s);
    for (size_t i = 0; to->area && i < from->areas; i++) {
        const struct shadow_area *area = &from->area[i];
        if (area->no_fork || area->wipe)
            shadow_visit(to, area->start, area->end, forget);
        if (!area->no_fork)
            to->area[to->areas++] = *area;
    }
    return to;
}

static struct shadow_files *copy_files(const struct shadow_files *from)
{
    struct shadow_files *to = calloc(1, sizeof *to);
    if (!to)
        return NULL;
    to->users = 1;
    to->count = from->count;
    to->object = calloc(from->count + 1, sizeof *to->object);
    if (to->object && from->count)
        memcpy(to->object, from->object, from->count * sizeof *to->object);
    return to;
}

void shadow_clone(struct shadow *s, unsigned parent, unsigned child, unsigned flags)
{
    struct shadow_space *space = s->task[parent].space;
    struct shadow_files *files = s->task[parent].files;
    shadow_end(s, child);
    if (flags & TRACE_CLONE_VM)
        space->users++;
    else
        space = copy_space(s, space);
    if (flags & (TRACE_CLONE_FILES | TRACE_CLONE_THREAD))
        files->users++;
    else
        files = copy_files(files);
    if (!space || !files)
        no_memory(s);
    s->task[child].space = space;
    s->task[child].files = files;
}

void shadow_exec(struct shadow *s, unsigned task)
{
    struct shadow_space *space = calloc(1, sizeof *space);
    struct shadow_files *files = copy_files(s->task[task].files);
    if (!space || !files || !files->object) {
        no_memory(s);
        return;
    }
    space->users = 1;
    shadow_end(s, task);
    s->task[task].space = space;
    s->task[task].files = files;
}

/* ---- accesses ---- */

/* What the page of an object holds. A file page that nobody has written holds what came with it, which tells the OS
 * model's file number. */
static uint64_t object_page(struct shadow *s, uint64_t number, uint64_t page, uint64_t found)
{
    const struct cell *cell = cells_find(&s->written, number << 32 | page);
    struct shadow_object *object = &s->object[number];
    if (cell)
        return cell->value;
    if (object->zeros)
        return 0;
    if (!object->file && found != CONTENTS_NONE && found & CONTENTS_ORIGIN)
        object->file = (found & ~CONTENTS_ORIGIN) >> 32;
    return CONTENTS_ORIGIN | object->file << 32 | page;
}

bool shadow_access(struct shadow *s, unsigned task, uint64_t va, bool store, uint64_t *found, uint64_t *expected)
{
    struct shadow_space *space = s->task[task].space;
    const struct shadow_area *area = space ? shadow_area_at(space, va) : NULL;
    const uint64_t object = area ? area->object : 0;
    const uint64_t page = area ? area->page + ((va - area->start) >> 12) : 0;
    const bool shared = area && area->shared;
    struct cell *own = shared || !space ? NULL : cells_find(&space->own, va >> 12);
    if (!space || s->short_of_memory)
        return true;
    if (own && own->offered && *found == 0) { /* the kernel has taken what was offered */
        own->value = 0;
        own->offered = false;
    }
    *expected = own ? own->value : object ? object_page(s, object, page, *found) : 0;
    if (*found != *expected)
        return false;
    if (!store)
        return true;
    struct cell *cell = shared ? cells_make(&s->written, object << 32 | page) : cells_make(&space->own, va >> 12);
    if (!cell)
        return !no_memory(s);
    cell->offered = false;
    *found = cell->value = ++s->last;
    return true;
}
