/* The mappings of one process: non-overlapping, sorted by address. Knows nothing of page tables. */
#ifndef TWINWALK_VMA_H
#define TWINWALK_VMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vma {
    uint64_t start, end;  /* [start, end), page aligned */
    unsigned prot;        /* enum os_prot */
    unsigned flags;       /* enum os_map_flags */
    uint64_t file;        /* whose page-cache pages are mapped; 0: private anonymous memory */
    uint64_t page_offset; /* page of the file that start maps */
    char name[64];        /* for people; cut off when longer */
};

struct vma_list {
    struct vma *at; /* sorted by start */
    size_t count, room;
    uint64_t bytes; /* the sizes of all of them */
};

void vma_drop(struct vma_list *list);

/* Bytes that a mapping is made of and cut by: 4 KiB, or the pages of MAP_HUGETLB. */
uint64_t vma_unit(const struct vma *vma);

/* Position of the first mapping that ends above va; count when there is none. */
size_t vma_first(const struct vma_list *list, uint64_t va);

/* The mapping around va; NULL when there is none. */
struct vma *vma_find(const struct vma_list *list, uint64_t va);

/* Whether something is mapped in [start, end); whether all of it is. */
bool vma_overlaps(const struct vma_list *list, uint64_t start, uint64_t end);
bool vma_covers(const struct vma_list *list, uint64_t start, uint64_t end);

/* Adds a mapping where nothing is mapped. False when memory is short. */
bool vma_insert(struct vma_list *list, const struct vma *vma);

/* The mapping begins at start from now on, which is below, where nothing is mapped. */
void vma_grow_down(struct vma_list *list, struct vma *vma, uint64_t start);

/* Makes va a boundary: the mapping around it becomes two. False when memory is short. */
bool vma_cut(struct vma_list *list, uint64_t va);

/* Removes the mappings inside [start, end); both must be boundaries. */
void vma_erase(struct vma_list *list, uint64_t start, uint64_t end);

/* Joins neighbours that touch [start, end] and differ in nothing. */
void vma_merge(struct vma_list *list, uint64_t start, uint64_t end);

#endif
