/* A sorted array with binary search: processes have hundreds of mappings, seldom thousands, and change them far more
 * rarely than they fault. */
#include "vma.h"

#include <stdlib.h>
#include <string.h>

#include "arch/x86.h"
#include "os.h"

void vma_drop(struct vma_list *list)
{
    free(list->at);
    *list = (struct vma_list){0};
}

uint64_t vma_unit(const struct vma *vma)
{
    return (uint64_t)1 << x86_level_shift(!(vma->flags & OS_HUGETLB) ? 1 : vma->flags & OS_HUGETLB_1G ? 3 : 2);
}

size_t vma_first(const struct vma_list *list, uint64_t va)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list->at[middle].end > va)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct vma *vma_find(const struct vma_list *list, uint64_t va)
{
    size_t i = vma_first(list, va);
    return i < list->count && list->at[i].start <= va ? &list->at[i] : NULL;
}

bool vma_overlaps(const struct vma_list *list, uint64_t start, uint64_t end)
{
    size_t i = vma_first(list, start);
    return i < list->count && list->at[i].start < end;
}

bool vma_covers(const struct vma_list *list, uint64_t start, uint64_t end)
{
    for (size_t i = vma_first(list, start); start < end; i++) {
        if (i == list->count || list->at[i].start > start)
            return false;
        start = list->at[i].end;
    }
    return true;
}

static bool insert_at(struct vma_list *list, size_t i, const struct vma *vma)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 32;
        struct vma *at = realloc(list->at, room * sizeof *at);
        if (!at)
            return false;
        list->at = at;
        list->room = room;
    }
    memmove(&list->at[i + 1], &list->at[i], (list->count - i) * sizeof *list->at);
    list->at[i] = *vma;
    list->count++;
    return true;
}

bool vma_insert(struct vma_list *list, const struct vma *vma)
{
    if (!insert_at(list, vma_first(list, vma->start), vma))
        return false;
    list->bytes += vma->end - vma->start;
    return true;
}

void vma_grow_down(struct vma_list *list, struct vma *vma, uint64_t start)
{
    list->bytes += vma->start - start;
    vma->start = start;
}

static uint64_t page_of(const struct vma *vma, uint64_t va)
{
    return vma->page_offset + ((va - vma->start) >> PAGE_SHIFT);
}

bool vma_cut(struct vma_list *list, uint64_t va)
{
    size_t i = vma_first(list, va);
    if (i == list->count || list->at[i].start >= va)
        return true;
    struct vma upper = list->at[i];
    upper.page_offset = page_of(&upper, va);
    upper.start = va;
    if (!insert_at(list, i + 1, &upper))
        return false;
    list->at[i].end = va;
    return true;
}

void vma_erase(struct vma_list *list, uint64_t start, uint64_t end)
{
    size_t from = vma_first(list, start), to = from;
    for (; to < list->count && list->at[to].start < end; to++)
        list->bytes -= list->at[to].end - list->at[to].start;
    if (to == from)
        return;
    memmove(&list->at[from], &list->at[to], (list->count - to) * sizeof *list->at);
    list->count -= to - from;
}

/* Offsets count only where pages come from a file. */
static bool joinable(const struct vma *a, const struct vma *b)
{
    return a->end == b->start && a->prot == b->prot && a->flags == b->flags && a->file == b->file &&
           (!a->file || page_of(a, a->end) == b->page_offset) && !strcmp(a->name, b->name);
}

void vma_merge(struct vma_list *list, uint64_t start, uint64_t end)
{
    size_t i = vma_first(list, start ? start - 1 : 0); /* the mapping that ends at start takes part */
    while (i + 1 < list->count && list->at[i].end <= end) {
        if (!joinable(&list->at[i], &list->at[i + 1])) {
            i++;
            continue;
        }
        list->at[i].end = list->at[i + 1].end;
        memmove(&list->at[i + 1], &list->at[i + 2], (list->count - i - 2) * sizeof *list->at);
        list->count--;
    }
}
