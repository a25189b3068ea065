/* The parts of a trace file around its blocks (docs/trace-format.md sections 3, 4 and 6), and what the files of the
 * library share. Not for users of trace.h. */
#ifndef TWINWALK_TRACE_FORMAT_H
#define TWINWALK_TRACE_FORMAT_H

#include "block.h"

#define TRACE_MAGIC "\x89TWT\r\n\x1a\n" /* a transfer that mends line ends or strips bit 7 breaks it */

enum {
    TRACE_VERSION = 1,
    ERROR_BYTES = 768,  /* room for a path of 511 bytes and the cause */
    HEADER_BYTES = 404, /* magic 8, version 4, linear bits 1, flags 1, zero 2, program 256, recorder 128, CRC 4 */
    HEADER_PROGRAM = 16,
    HEADER_RECORDER = 272,
    HEADER_CRC = 400,
    HEADER_OWN_TABLES = 1,  /* header flag */
    BLOCK_HEAD_BYTES = 40,  /* mark, CRC, records, accesses, first record 8, first access 8, raw, packed bytes */
    INDEX_HEAD_BYTES = 12,  /* mark, entries, stride: blocks from one entry to the next */
    INDEX_ENTRY_BYTES = 24, /* of a block: offset, first record, first access */
    INDEX_MAX = 65536,      /* entries; a longer trace has an entry every 2, 4, 8 … blocks */
    FOOTER_BYTES = 32,      /* records 8, accesses 8, offset of the index 8, CRC, mark */
};

#define BLOCK_MARK UINT32_C(0x4b4c4254)  /* "TBLK" */
#define INDEX_MARK UINT32_C(0x58444954)  /* "TIDX" */
#define FOOTER_MARK UINT32_C(0x444e4554) /* "TEND" */

struct index_entry {
    uint64_t offset, record, access;
};

/* CRC-32 as in zlib and gzip. */
uint32_t trace_crc(uint32_t crc, const void *bytes, size_t len);

/* Where a writer's bytes go: a file descriptor with a message when it fails. */
struct sink {
    int fd;
    uint64_t offset;
    const char *path;
    char *error; /* ERROR_BYTES, empty until something fails */
};

bool sink_write(struct sink *sink, const void *bytes, size_t len);

/* ---- The text form (text_write.c, text_parse.c) ---- */

enum { TEXT_LINE = 4096 }; /* longest line, its end included */

/* Writes the header lines, or the line of a record, to line[TEXT_LINE]; returns the length. */
size_t text_put_header(char line[TEXT_LINE], const struct trace_info *info);
size_t text_put_record(char line[TEXT_LINE], const struct trace_rec *rec, const struct trace_extra *extra);

struct text_cursor {
    const char *p;   /* what is left of the line */
    char error[256]; /* what was expected and found */
};

enum text_line { TEXT_ERROR, TEXT_NOTHING, TEXT_HEADER, TEXT_RECORD };

/* Takes one line without its end. header_open: header lines are still allowed. */
enum text_line text_get_line(struct text_cursor *c, bool first, bool header_open, struct trace_info *info,
                             struct trace_rec *rec, struct trace_extra *extra);

/* ---- The readers behind trace_reader (reader.c; read_binary.c, read_text.c) ---- */

struct trace_reader {
    FILE *file;
    char path[512];
    bool text, seekable;
    struct trace_info info;
    char error[1024]; /* the sticky error; empty: none */
    bool no_memory;   /* it is that of the host, not of the trace */

    /* both forms: the run that was read last */
    uint64_t next_record;   /* number of the record behind it */
    uint32_t block_records; /* its records, which the decoder has, or can give; 0: none */
    uint32_t held;          /* the last so many of them are still to be given */
    bool ended;             /* the end was read and is right */
    bool lost;              /* after damage: the file does not stand where next_record says */
    struct block_decoder decoder;

    /* binary */
    uint64_t offset;             /* of the next byte of the file */
    uint64_t block, next_access; /* numbers of the next block, and of its first access */
    struct index_entry *index;
    uint32_t index_entries, index_stride;
    uint8_t *raw, *packed;                   /* they grow with the blocks, to the format's limits */
    size_t raw_room, packed_room, raw_bytes; /* raw_bytes: of the block at hand */
    uint32_t block_accesses;                 /* its accesses */
    uint64_t block_at;                       /* its offset */
    struct ZSTD_DCtx_s *zstd;
    struct trace_sizes sizes;

    /* text */
    uint64_t line;   /* of the file, from 1 */
    uint64_t *lines; /* of the records of the run at hand */
    enum { TEXT_NEEDS_FIRST, TEXT_IN_HEADER, TEXT_IN_RECORDS } header;
    bool opened;
    char *buffer; /* the line at hand */
};

bool reader_error(struct trace_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool reader_no_memory(struct trace_reader *r); /* false */ /* gives false */

bool binary_open(struct trace_reader *r);
void binary_close(struct trace_reader *r);
int binary_next(struct trace_reader *r, const struct trace_rec **recs, size_t *count);
bool binary_seek(struct trace_reader *r, uint64_t record);

bool text_open(struct trace_reader *r);
void text_close(struct trace_reader *r);
int text_next(struct trace_reader *r, const struct trace_rec **recs, size_t *count);
bool text_seek(struct trace_reader *r, uint64_t record);

#endif
