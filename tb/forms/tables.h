/* Page tables in which every address is mapped, in a hundred frames.
 *
 * The tables of a level are few and shared by all that lie above them: a table walk sees real entries at every level,
 * at any footprint, and memory stays small. Caches are tagged with linear addresses, so sharing changes no hit and no
 * read.
 *
 *     PML4 entry   0 … 191   4k pages    PA = VA mod 128 MiB       4 PDPTs, 16 PDs, 64 page tables
 *                192 … 223   2m pages    PA = VA mod  16 GiB       1 PDPT,  16 PDs
 *                224 … 247   1g pages    PA = VA mod  32 GiB       1 PDPT
 *                      255   the private path: one PDPT, PD and page table, for forms that edit entries
 *
 * All entries are present, writable, user, executable and have A and D set. The private path has entry 0 of each table,
 * and in its page table every page, PA = VA mod 2 MiB. Under PML5 entry 0 lies this same PML4. */
#ifndef TWINWALK_FORMS_TABLES_H
#define TWINWALK_FORMS_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "mem/physmem.h"

/* Bits of an entry (SDM 3A 5.5). */
enum { ENTRY_P = 1 << 0, ENTRY_W = 1 << 1, ENTRY_U = 1 << 2, ENTRY_A = 1 << 5, ENTRY_D = 1 << 6, ENTRY_PS = 1 << 7 };
#define ENTRY_NX (UINT64_C(1) << 63)

#define TABLES_PML4 UINT64_C(0x100000) /* CR3 for 4 levels */
#define TABLES_PML5 UINT64_C(0x101000) /* CR3 for 5 levels */
#define TABLES_PRIVATE (UINT64_C(255) << 39)
#define TABLES_HOLE (UINT64_C(254) << 39) /* not mapped at level 4 */

/* PML4 entries for 4k pages. */
enum { TABLES_PML4ES_4K = 192 };

/* False when memory is short. */
bool form_tables_build(struct physmem *pm);

/* An address in page n of a size, at some offset. The pages follow one another in linear addresses. */
uint64_t form_tables_va(unsigned size, uint64_t n);

/* The physical address that va has, when it is mapped. */
uint64_t form_tables_pa(uint64_t va);

/* The entry of a level 1 … 4 that maps the private address va, of which bits 38:21 are 0. Its bits may be changed by
 * form_tables_edit. */
uint64_t form_tables_private(unsigned level, uint64_t va);

/* Changes bits of a private entry. */
void form_tables_edit(struct physmem *pm, uint64_t entry, uint64_t clear, uint64_t set);

#endif
