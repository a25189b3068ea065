/* The CRC-64 of xz, of words: four at a time where the processor multiplies without carries, else as liblzma does. */
#ifndef TWINWALK_CRC64_H
#define TWINWALK_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* Of so many words, lowest byte first, behind what has this CRC; 0: behind nothing. */
uint64_t crc64_words(const uint64_t *word, size_t words, uint64_t crc);

#endif
