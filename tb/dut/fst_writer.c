/* See fst_writer.h. */
#include "fst_writer.h"

#include <lz4.h>

enum {
    BLOCK_HEADER = 0,
    BLOCK_WIDTHS = 3,
    BLOCK_NAMES_LZ4 = 6,
    BLOCK_VALUES = 8,
    HEADER_BYTES = 329,
    WRITER_BYTES = 128,
    DATE_BYTES = 119,
    NAME_ATTRIBUTE = 252,
    NAME_SCOPE = 254,
    NAME_UPSCOPE = 255,
    SCOPE_MODULE = 0,
    SCOPE_LAST = 21,
    ATTRIBUTE_MISC = 0,
    ATTRIBUTE_TABLE = 7,
    KIND_REAL = 3, /* and real_parameter, … */
    KIND_REAL_PARAMETER = 4,
    KIND_REALTIME = 20,
    KIND_SHORTREAL = 29,
};

static void write_bytes(struct fst_writer *w, const struct bytes *b)
{
    if (b->lacking || (!w->failed && fwrite(b->at, 1, b->used, w->file) != b->used))
        w->failed = true;
}

/* The whole header; its figures are known at the end only. */
static void write_header(struct fst_writer *w)
{
    const double euler = 2.7182818284590452354; /* so a reader sees the order of a double's bytes */
    static const char writer[WRITER_BYTES] = "twinwalk", date[DATE_BYTES];
    struct bytes head = {0};
    bytes_byte(&head, BLOCK_HEADER);
    bytes_u64(&head, HEADER_BYTES);
    bytes_u64(&head, w->first);
    bytes_u64(&head, w->now);
    bytes_put(&head, &euler, sizeof euler);
    bytes_u64(&head, 0); /* memory of the writer */
    bytes_u64(&head, w->scopes);
    bytes_u64(&head, w->names);
    bytes_u64(&head, w->changes.count);
    bytes_u64(&head, w->blocks);
    bytes_byte(&head, (unsigned)w->unit);
    bytes_put(&head, writer, sizeof writer);
    bytes_put(&head, date, sizeof date); /* none: what a run writes depends on nothing else */
    bytes_byte(&head, 0);                /* of Verilog */
    bytes_u64(&head, 0);                 /* time zero */
    write_bytes(w, &head);
    bytes_free(&head);
}

static _Thread_local struct {
    const char *name;
    uint64_t high;
} next_clock;

void fst_writer_clock(const char *name, uint64_t high)
{
    next_clock.name = name;
    next_clock.high = high;
}

bool fst_writer_has_clock(void)
{
    return !next_clock.name;
}

struct fst_writer *fst_writer_open(const char *path)
{
    struct fst_writer *w = (struct fst_writer *)calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->file = fopen(path, "wbe");
    if (!w->file) {
        free(w);
        return NULL;
    }
    w->unit = -9;
    w->clock = next_clock.name;
    w->high = next_clock.high;
    next_clock.name = NULL;
    write_header(w);
    return w;
}

void fst_writer_unit(struct fst_writer *w, const char *unit)
{
    static const char units[] = "smunpfaz";
    char *letter;
    const long times = strtol(unit, &letter, 10);
    const char *found = *letter ? strchr(units, *letter) : NULL;
    w->unit = (found ? -3 * (int)(found - units) : -9) + (times == 10 ? 1 : times == 100 ? 2 : 0);
}

/* ---- names ---- */

void fst_writer_scope(struct fst_writer *w, unsigned kind, const char *name)
{
    bytes_byte(&w->of_names, NAME_SCOPE);
    bytes_byte(&w->of_names, kind > SCOPE_LAST ? SCOPE_MODULE : kind); /* Verilator gives "a scope" for some */
    bytes_text(&w->of_names, name);
    bytes_text(&w->of_names, "");
    w->scopes++;
}

void fst_writer_upscope(struct fst_writer *w)
{
    bytes_byte(&w->of_names, NAME_UPSCOPE);
}

uint32_t fst_writer_signal(struct fst_writer *w, unsigned kind, unsigned direction, uint32_t bits, const char *name,
                           uint32_t alias)
{
    const bool real = kind == KIND_REAL || kind == KIND_REAL_PARAMETER || kind == KIND_REALTIME ||
                      kind == KIND_SHORTREAL;
    const uint32_t width = real ? sizeof(double) : bits;
    bytes_byte(&w->of_names, kind);
    bytes_byte(&w->of_names, direction);
    bytes_text(&w->of_names, name);
    bytes_varint(&w->of_names, width);
    bytes_varint(&w->of_names, alias);
    w->names++;
    if (alias)
        return alias;
    bytes_varint(&w->of_widths, real ? 0 : width);
    changes_signal(&w->changes, width, real);
    w->failed |= w->changes.lacking;
    if (w->clock && !w->falls && strcmp(name, w->clock) == 0)
        w->falls = w->changes.count;
    return w->changes.count;
}

/* A text in a list with blanks in between. */
static void put_word(struct bytes *out, const char *text, unsigned at_least)
{
    for (size_t length = strlen(text); length < at_least; length++)
        bytes_byte(out, '0');
    for (; *text; text++) {
        char octal[5];
        if (*text > ' ' && *text <= '~' && !strchr("\\\"'?", *text))
            bytes_byte(out, (unsigned char)*text);
        else
            bytes_put(out, octal, (size_t)snprintf(octal, sizeof octal, "\\%03o", (unsigned char)*text));
    }
}

static void attribute(struct fst_writer *w, const char *text, uint64_t argument)
{
    bytes_byte(&w->of_names, NAME_ATTRIBUTE);
    bytes_byte(&w->of_names, ATTRIBUTE_MISC);
    bytes_byte(&w->of_names, ATTRIBUTE_TABLE);
    bytes_text(&w->of_names, text);
    bytes_varint(&w->of_names, argument);
}

uint32_t fst_writer_table(struct fst_writer *w, const char *name, uint32_t count, unsigned bits, const char **names,
                          const char **values)
{
    struct bytes text = {0};
    char number[16];
    bytes_put(&text, name, strlen(name));
    bytes_put(&text, number, (size_t)snprintf(number, sizeof number, " %u", count));
    for (uint32_t i = 0; i < 2 * count; i++) {
        bytes_byte(&text, ' ');
        if (i < count)
            put_word(&text, names[i], 0);
        else
            put_word(&text, values[i - count], bits);
    }
    bytes_byte(&text, 0);
    w->failed |= text.lacking;
    if (!text.lacking)
        attribute(w, (const char *)text.at, ++w->tables);
    bytes_free(&text);
    return (uint32_t)w->tables;
}

void fst_writer_has_table(struct fst_writer *w, uint32_t table)
{
    attribute(w, "", table);
}

/* ---- values ---- */

static void write_block(struct fst_writer *w)
{
    struct bytes *b = &w->block;
    enum { LENGTH = 1, NEEDED = 25 };
    b->used = 0;
    bytes_byte(b, BLOCK_VALUES);
    bytes_u64(b, 0);
    bytes_u64(b, w->begin);
    bytes_u64(b, w->now);
    bytes_u64(b, 0);
    const uint64_t needed = changes_write(&w->changes, b);
    const size_t size = bytes_packed(b, &w->of_times);
    bytes_u64(b, w->of_times.used);
    bytes_u64(b, size);
    bytes_u64(b, w->times);
    w->failed |= b->lacking || w->of_times.lacking || w->changes.lacking;
    if (w->failed)
        return;
    const uint64_t length = __builtin_bswap64(b->used - LENGTH), memory = __builtin_bswap64(needed);
    memcpy(b->at + LENGTH, &length, sizeof length);
    memcpy(b->at + NEEDED, &memory, sizeof memory);
    write_bytes(w, b);
    w->blocks++;
}

static void next_time(struct fst_writer *w, uint64_t time)
{
    if (!w->times) {
        w->first = w->begin = time;
        w->now = 0;
    } else if (w->flush) {
        write_block(w);
        w->begin = w->now;
        w->of_times.used = 0;
        bytes_varint(&w->of_times, w->now); /* the next block begins with the end of this one */
        w->times = 1;
    }
    w->flush = false;
    bytes_varint(&w->of_times, time - w->now);
    w->changes.time = w->times++;
    w->now = time;
}

/* Before the next time, or the end. */
static void clock_falls(struct fst_writer *w)
{
    if (!w->falls || !w->times)
        return;
    next_time(w, w->now + w->high);
    changes_number(&w->changes, w->falls, 0, 1);
}

void fst_writer_time(struct fst_writer *w, uint64_t time)
{
    const bool rises = w->falls && w->times;
    clock_falls(w);
    next_time(w, time);
    if (rises)
        changes_number(&w->changes, w->falls, 1, 1);
}

void fst_writer_flush(struct fst_writer *w)
{
    w->flush = true;
}

static void write_widths(struct fst_writer *w)
{
    struct bytes packed = {0}, block = {0};
    const size_t size = bytes_packed(&packed, &w->of_widths);
    bytes_byte(&block, BLOCK_WIDTHS);
    bytes_u64(&block, size + 24);
    bytes_u64(&block, w->of_widths.used);
    bytes_u64(&block, w->changes.count);
    bytes_put(&block, packed.at, packed.used);
    block.lacking |= packed.lacking || w->of_widths.lacking;
    write_bytes(w, &block);
    bytes_free(&packed);
    bytes_free(&block);
}

static void write_names(struct fst_writer *w)
{
    struct bytes block = {0};
    const int plain = (int)w->of_names.used, most = LZ4_compressBound(plain);
    uint8_t *to = bytes_room(&block, 17 + (size_t)most);
    const int size = to ? LZ4_compress_default((const char *)w->of_names.at, (char *)to + 17, plain, most) : 0;
    bytes_byte(&block, BLOCK_NAMES_LZ4);
    bytes_u64(&block, (uint64_t)size + 16);
    bytes_u64(&block, (uint64_t)plain);
    block.used += (size_t)size;
    block.lacking |= w->of_names.lacking || size <= 0;
    write_bytes(w, &block);
    bytes_free(&block);
}

void fst_writer_close(struct fst_writer *w)
{
    if (!w)
        return;
    clock_falls(w);
    if (!w->times)
        next_time(w, 0); /* readers want one */
    write_block(w);
    write_widths(w);
    write_names(w);
    if (!w->failed && fseeko(w->file, 0, SEEK_SET) == 0)
        write_header(w);
    fclose(w->file);
    changes_free(&w->changes);
    bytes_free(&w->of_names);
    bytes_free(&w->of_widths);
    bytes_free(&w->of_times);
    bytes_free(&w->block);
    free(w);
}
