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
    s->object = calloc(1, sizeof *s->object);
    s->objects = s->object != NULL;
    s->task = calloc(SHADOW_TASKS, sizeof *s->task);
    s->tasks = s->task != NULL;
    if (!s->object || !s->task)
        return no_memory(s);
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
    for (unsigned i = 0; i < s->tasks; i++)
        shadow_end(s, i);
    free(s->task);
    for (size_t i = 0; i < s->objects; i++)
        free(s->object[i].name);
    free(s->object);
    cells_free(&s->written);
    cells_free(&s->made);
}

uint64_t shadow_object(struct shadow *s, const char *name, bool zeros)
{
    for (size_t i = 1; name && i < s->objects; i++)
        if (s->object[i].name && s->object[i].zeros == zeros && strcmp(s->object[i].name, name) == 0)
            return i;
    const size_t number = s->objects;
    struct shadow_object *grown = realloc(s->object, (number + 1) * sizeof *grown);
    if (!grown) {
        no_memory(s);
        return 0;
    }
    s->object = grown;
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
    if (child >= s->tasks)
        s->tasks = child + 1;
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

/* What the page of an object holds that nobody has written: in a file what came with it, which tells where the file's
 * pages are counted from. */
static uint64_t first_contents(struct shadow *s, uint64_t number, uint64_t page, uint64_t found)
{
    struct shadow_object *object = &s->object[number];
    if (!number || object->zeros)
        return 0;
    if (!object->based && found != CONTENTS_NONE && found & CONTENTS_ORIGIN) {
        object->base = (found & ~CONTENTS_ORIGIN) - page;
        object->based = true;
    }
    return contents_origin(object->base, page);
}

static uint64_t page_of(const struct shadow_area *area, uint64_t va)
{
    return area->page + ((va - area->start) >> 12);
}

static bool is_own_large(const struct shadow_space *space, const struct shadow_area *area, uint64_t va)
{
    return cells_find(&space->own, OWN_LARGE, (va & ~(area->unit - 1)) >> 12);
}

/* The process's own from now on; what others have written into the object so far it holds too. */
static void take_large(struct shadow *s, struct shadow_space *space, const struct shadow_area *area, uint64_t whole)
{
    if (!cells_make(&space->own, OWN_LARGE, whole >> 12))
        s->short_of_memory = true;
    for (uint64_t va = whole; va < whole + area->unit; va += 4096) {
        const struct cell *theirs = cells_find(&s->written, area->object, page_of(area, va));
        struct cell *own = theirs ? cells_make(&space->own, OWN_WRITTEN, va >> 12) : NULL;
        if (own)
            own->value = theirs->value;
        else if (theirs)
            s->short_of_memory = true;
    }
}

void shadow_touch_large(struct shadow *s, struct shadow_space *space, const struct shadow_area *area, uint64_t va,
                        bool write)
{
    const uint64_t whole = va & ~(area->unit - 1), page = page_of(area, whole);
    if (!area->object)
        return;
    if (area->shared)
        s->short_of_memory |= !cells_make(&s->made, area->object, page);
    else if (!is_own_large(space, area, va) && (write || !cells_find(&s->made, area->object, page)))
        take_large(s, space, area, whole);
}

/* What the page must hold. */
static uint64_t must_hold(struct shadow *s, const struct shadow_space *space, const struct shadow_area *area,
                          uint64_t va, uint64_t found)
{
    const uint64_t object = area ? area->object : 0, page = area ? page_of(area, va) : 0;
    const bool apart = area && !area->shared && area->unit > 4096 && is_own_large(space, area, va);
    const struct cell *cell = object && !apart ? cells_find(&s->written, object, page) : NULL;
    return cell ? cell->value : first_contents(s, object, page, found);
}

bool shadow_access(struct shadow *s, unsigned task, uint64_t va, bool store, uint64_t *found, uint64_t *expected)
{
    struct shadow_space *space = s->task[task].space;
    const struct shadow_area *area = space ? shadow_area_at(space, va) : NULL;
    const bool shared = area && area->shared;
    if (!space || s->short_of_memory)
        return true;
    if (area && area->unit > 4096)
        shadow_touch_large(s, space, area, va, false);
    struct cell *own = shared ? NULL : cells_find(&space->own, OWN_WRITTEN, va >> 12);
    if (own && own->offered && *found == 0) { /* the kernel has taken what was offered */
        own->value = 0;
        own->offered = false;
    }
    *expected = own ? own->value : must_hold(s, space, area, va, *found);
    if (*found != *expected)
        return false;
    if (!store)
        return true;
    if (area && area->unit > 4096)
        shadow_touch_large(s, space, area, va, true);
    struct cell *cell = shared ? cells_make(&s->written, area->object, page_of(area, va))
                               : cells_make(&space->own, OWN_WRITTEN, va >> 12);
    if (!cell)
        return !no_memory(s);
    cell->offered = false;
    *found = cell->value = ++s->last;
    return true;
}
