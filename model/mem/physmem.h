/* Simulated physical memory: sparse, and only as large as the page tables in it.
 *
 * Data frames have addresses but no contents. A table frame has its 4 KiB twice, in two images: what the hardware sees
 * and changes (HW), and what the architectural oracle says it should be (ORACLE). Software writes go to both; the
 * walkers' compare-and-swaps change only HW; the oracle's A and D bits only ORACLE. At the end of a run both must be
 * equal. */
#ifndef TWINWALK_PHYSMEM_H
#define TWINWALK_PHYSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum physmem_image { IMAGE_HW = 0, IMAGE_ORACLE = 1 };

struct physmem;

/* paddr_bits: 36 … 52; addresses at or above 2^paddr_bits do not exist. NULL when memory is short. */
struct physmem *physmem_new(unsigned paddr_bits);
void physmem_free(struct physmem *pm);

/* 8 bytes at pa (8-aligned). Memory never written reads 0. */
uint64_t physmem_read(const struct physmem *pm, enum physmem_image image, uint64_t pa);

/* A software write of 8 bytes at pa (8-aligned), to both images. Returns false when memory is short or pa does not
 * exist. */
bool physmem_write(struct physmem *pm, uint64_t pa, uint64_t value);

/* A software read-modify-write of 8 bytes at pa, in both images: word = (word & ~clear) | set. What is not cleared
 * stays as each image has it, so that an operating system may change rights without carrying A and D bits from one
 * image into the other. Same errors as physmem_write. */
bool physmem_modify(struct physmem *pm, uint64_t pa, uint64_t clear, uint64_t set);

/* Writes one image only: the oracle's A and D updates, and a test that plants a difference. Same errors as
 * physmem_write. */
bool physmem_write_image(struct physmem *pm, enum physmem_image image, uint64_t pa, uint64_t value);

/* The walkers' locked update of the HW image. Returns the old value; it was changed to desired iff the
 * returned value equals expected. */
uint64_t physmem_cas(struct physmem *pm, uint64_t pa, uint64_t expected, uint64_t desired);

/* The aligned 64-byte line around pa in the HW image, 8 words; stays valid until the frame is released. Never NULL (a
 * line of zeros where nothing was written). */
const uint64_t *physmem_line(const struct physmem *pm, uint64_t pa);

/* Gives a table frame's host memory back and makes its contents 0 in both images. */
void physmem_release(struct physmem *pm, uint64_t frame_pa);

/* Counts software writes (physmem_write, physmem_modify) and releases: as long as it stands still, no page table was
 * changed by software. */
uint64_t physmem_generation(const struct physmem *pm);

/* Host bytes held for table frames (both images). */
size_t physmem_bytes(const struct physmem *pm);

/* The first word, in address order, in which the images differ in the bits of mask; false when there is none. */
bool physmem_compare(const struct physmem *pm, uint64_t mask, uint64_t *pa, uint64_t *hw, uint64_t *oracle);

/* Calls visit for every table frame in address order (words: 512 of the image). Stops when visit returns
 * false; visit must not change memory. Returns false, having visited nothing, when memory for the sorting is short. */
bool physmem_visit(const struct physmem *pm, enum physmem_image image,
                   bool (*visit)(void *context, uint64_t frame_pa, const uint64_t *words), void *context);

#endif
