/* Signatures of frames, slots and file pages: see contents.h. */
#include "contents.h"

#include <stdlib.h>

#include "mem/prng.h"

enum { PAGE = 4096 };

/* ---- numbers by page ---- */

static struct cell *place(const struct cells *cells, uint64_t of, uint64_t page)
{
    size_t i = (size_t)prng_mix(page + prng_mix(of)) & (cells->room - 1);
    while (cells->cell[i].state != CELL_EMPTY && (cells->cell[i].of != of || cells->cell[i].page != page))
        i = (i + 1) & (cells->room - 1);
    return &cells->cell[i];
}

struct cell *cells_find(const struct cells *cells, uint64_t of, uint64_t page)
{
    struct cell *cell = cells->room ? place(cells, of, page) : NULL;
    return cell && cell->state == CELL_HERE ? cell : NULL;
}

/* The same in a table of this size, without those that are gone. */
static bool rebuild(struct cells *cells, size_t room)
{
    struct cells grown = {.cell = calloc(room, sizeof *grown.cell), .room = room};
    if (!grown.cell)
        return false;
    for (size_t i = 0; i < cells->room; i++)
        if (cells->cell[i].state == CELL_HERE) {
            *place(&grown, cells->cell[i].of, cells->cell[i].page) = cells->cell[i];
            grown.used++;
        }
    free(cells->cell);
    *cells = grown;
    return true;
}

struct cell *cells_make(struct cells *cells, uint64_t of, uint64_t page)
{
    if (cells->used * 2 >= cells->room) {
        size_t here = 0, room = 64;
        for (size_t i = 0; i < cells->room; i++)
            here += cells->cell[i].state == CELL_HERE;
        while (room < here * 4)
            room *= 2;
        if (!rebuild(cells, room))
            return NULL;
    }
    struct cell *cell = place(cells, of, page);
    if (cell->state == CELL_HERE)
        return cell;
    cells->used += cell->state == CELL_EMPTY;
    *cell = (struct cell){.of = of, .page = page, .state = CELL_HERE};
    return cell;
}

bool cells_copy(struct cells *to, const struct cells *from)
{
    struct cells copy = *from;
    *to = (struct cells){0};
    if (!from->room)
        return true;
    copy.cell = malloc(from->room * sizeof *copy.cell);
    if (!copy.cell)
        return false;
    for (size_t i = 0; i < from->room; i++)
        copy.cell[i] = from->cell[i];
    *to = copy;
    return true;
}

void cells_free(struct cells *cells)
{
    free(cells->cell);
    *cells = (struct cells){0};
}

/* ---- moves ---- */

static uint64_t file_page(const struct contents *c, uint64_t file, uint64_t page)
{
    const struct cell *cell = cells_find(&c->written, file, page);
    return cell ? cell->value : contents_origin(prng_mix(file) >> 2, page);
}

static void write_back(struct contents *c, uint64_t file, uint64_t page, uint64_t signature)
{
    struct cell *cell = cells_make(&c->written, file, page);
    if (cell)
        cell->value = signature;
    else
        c->short_of_memory = true;
}

static void move_page(struct contents *c, const struct os_move *move, uint64_t i)
{
    const uint64_t from = move->from / PAGE + i, to = move->to / PAGE + i;
    switch (move->kind) {
    case OS_MOVE_ZERO:
        c->frame[to] = 0;
        break;
    case OS_MOVE_COPY:
        c->frame[to] = c->frame[from];
        break;
    case OS_MOVE_SWAP_OUT:
        c->slot[move->to] = c->frame[from];
        break;
    case OS_MOVE_SWAP_IN:
        c->frame[to] = c->slot[move->from];
        break;
    case OS_MOVE_FILE_IN:
        c->frame[to] = file_page(c, move->file, move->page + i);
        break;
    case OS_MOVE_FILE_OUT:
        write_back(c, move->file, move->page + i, c->frame[from]);
        break;
    }
}

static void watch(void *context, const struct os_move *move)
{
    struct contents *c = context;
    for (uint64_t i = 0; i < move->bytes / PAGE; i++)
        if (!(c->lose && ++c->moves % c->lose == 0))
            move_page(c, move, i);
}

bool contents_init(struct contents *c, struct os *os, const struct os_config *config, uint64_t lose)
{
    *c = (struct contents){.frames = config->ram_bytes / PAGE, .slots = config->swap_bytes / PAGE, .lose = lose};
    c->frame = calloc(c->frames, sizeof *c->frame);
    c->slot = calloc(c->slots + 1, sizeof *c->slot);
    os_watch(os, watch, c);
    return c->frame && c->slot;
}

void contents_free(struct contents *c)
{
    free(c->frame);
    free(c->slot);
    cells_free(&c->written);
    *c = (struct contents){0};
}

uint64_t *contents_at(const struct contents *c, uint64_t pa)
{
    return pa / PAGE < c->frames ? &c->frame[pa / PAGE] : NULL;
}
