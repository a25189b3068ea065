/* The files of a zip archive, one after the other, in the order in which they lie in it (PKWARE's APPNOTE; inflating by
 * zlib). Only the local headers are needed for that, so an archive can come through a pipe. Stored and deflated files,
 * zip64, and sizes that stand behind the data are understood; CRCs, sizes and the number of files in the directory are
 * checked. */
#include "source.h"

#include "format/wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    LOCAL_HEADER = 0x04034b50,
    DIRECTORY_ENTRY = 0x02014b50,
    DIRECTORY_END = 0x06054b50,
    DIRECTORY_END_64 = 0x06064b50,
    LOCATOR_64 = 0x07064b50,
    DESCRIPTOR = 0x08074b50,
    ENCRYPTED = 1,
    SIZES_BEHIND = 8,
    STORED = 0,
    DEFLATED = 8,
};

struct zip {
    z_stream z;
    bool inside, ended, unknown_sizes; /* in a file; behind the directory; the header gave no sizes */
    unsigned flags, method;
    uint32_t crc, crc_wanted;
    uint64_t packed_wanted, wanted; /* sizes, unless unknown */
    uint64_t packed, bytes;         /* of the file at hand so far */
    uint64_t files;
};

static bool zip_start(struct source *s)
{
    struct zip *zip = s->state = calloc(1, sizeof *zip);
    if (!zip || inflateInit2(&zip->z, -15) != Z_OK) {
        free(zip);
        s->state = NULL;
        return source_wrong(s, "out of memory");
    }
    return true;
}

static unsigned get_u16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

/* Behind a local header's signature. */
static bool begin_file(struct source *s, struct zip *zip)
{
    uint8_t h[26];
    if (!source_bytes(s, h, sizeof h, "a zip header") ||
        !source_skip(s, get_u16(h + 22) + get_u16(h + 24), "a zip header"))
        return false;
    zip->flags = get_u16(h + 2);
    zip->method = get_u16(h + 4);
    zip->crc_wanted = get_u32(h + 10);
    zip->packed_wanted = get_u32(h + 14);
    zip->wanted = get_u32(h + 18);
    zip->unknown_sizes = zip->flags & SIZES_BEHIND || zip->packed_wanted == UINT32_MAX ||
                         zip->wanted == UINT32_MAX; /* UINT32_MAX: zip64 */
    zip->files++;
    if (zip->flags & ENCRYPTED)
        return source_wrong(s, "file %" PRIu64 " of the zip archive is encrypted", zip->files);
    if (zip->method != DEFLATED && (zip->method != STORED || zip->unknown_sizes))
        return source_wrong(
            s,
            "file %" PRIu64
            " of the zip archive is packed by method %u; deflated and plainly stored files are understood",
            zip->files, zip->method);
    zip->crc = 0;
    zip->packed = zip->bytes = 0;
    zip->inside = true;
    inflateReset(&zip->z);
    return true;
}

/* The sizes behind the data, with or without a signature, of 4 or of 8 bytes. */
static bool read_descriptor(struct source *s, struct zip *zip)
{
    uint8_t d[20];
    if (!source_bytes(s, d, 4, "a zip file's sizes") ||
        (get_u32(d) == DESCRIPTOR && !source_bytes(s, d, 4, "a zip file's sizes")) ||
        !source_bytes(s, d + 4, 8, "a zip file's sizes"))
        return false;
    zip->crc_wanted = get_u32(d);
    if (get_u32(d + 4) == (uint32_t)zip->packed && get_u32(d + 8) == (uint32_t)zip->bytes)
        return true;
    if (!source_bytes(s, d + 12, 8, "a zip file's sizes"))
        return false;
    return (get_u64(d + 4) == zip->packed && get_u64(d + 12) == zip->bytes) ||
           source_wrong(s, "file %" PRIu64 " of the zip archive has other sizes than it says", zip->files);
}

static bool end_file(struct source *s, struct zip *zip)
{
    zip->inside = false;
    if (zip->flags & SIZES_BEHIND && !read_descriptor(s, zip))
        return false;
    if (!zip->unknown_sizes && (zip->packed != zip->packed_wanted || zip->bytes != zip->wanted))
        return source_wrong(s, "file %" PRIu64 " of the zip archive has other sizes than it says", zip->files);
    return zip->crc == zip->crc_wanted ||
           source_wrong(s, "file %" PRIu64 " of the zip archive is damaged (wrong checksum)", zip->files);
}

/* Takes the directory's parts up to its end. */
static bool read_directory(struct source *s, struct zip *zip, uint32_t mark)
{
    uint8_t h[42];
    uint64_t entries = 0;
    for (;; entries += mark == DIRECTORY_ENTRY, mark = get_u32(h)) {
        bool ok = true;
        if (mark == DIRECTORY_ENTRY) {
            ok = source_bytes(s, h, 42, "the zip directory") &&
                 source_skip(s, get_u16(h + 24) + get_u16(h + 26) + get_u16(h + 28), "the zip directory");
        } else if (mark == DIRECTORY_END_64) {
            ok = source_bytes(s, h, 8, "the zip directory") && source_skip(s, get_u64(h), "the zip directory");
        } else if (mark == LOCATOR_64) {
            ok = source_skip(s, 16, "the zip directory");
        } else if (mark == DIRECTORY_END) {
            zip->ended = true;
            if (entries != zip->files)
                return source_wrong(s, "the zip directory names %" PRIu64 " files, and there were %" PRIu64, entries,
                                    zip->files);
            return source_bytes(s, h, 18, "the zip directory") &&
                   source_skip(s, get_u16(h + 16), "the zip archive's comment");
        } else {
            return source_wrong(s, "the zip archive is damaged (no header where one should be, after file %" PRIu64 ")",
                                zip->files);
        }
        if (!ok || !source_bytes(s, h, 4, "the zip directory"))
            return false;
    }
}

/* Goes to the next file; false at the end, and on an error. */
static bool next_file(struct source *s, struct zip *zip)
{
    uint8_t mark[4];
    if (zip->ended || !source_bytes(s, mark, 4, "a zip archive, before its directory"))
        return false;
    if (get_u32(mark) == LOCAL_HEADER)
        return begin_file(s, zip);
    read_directory(s, zip, get_u32(mark));
    return false;
}

/* One step of the file at hand; bytes gained, 0 also when there is nothing to gain yet or no more. */
static size_t step(struct source *s, struct zip *zip, uint8_t *out, size_t room)
{
    bool at_end;
    size_t took, gained;
    if (zip->method == STORED && zip->packed == zip->packed_wanted)
        return end_file(s, zip), 0;
    if (!source_input(s)) {
        source_wrong(s, "torn: the file ends in file %" PRIu64 " of the zip archive", zip->files);
        return 0;
    }
    const uint8_t *from = s->in + s->in_at;
    size_t here = s->in_end - s->in_at;
    if (zip->method == STORED) {
        uint64_t left = zip->packed_wanted - zip->packed;
        took = gained = here < room ? here : room;
        if (took > left)
            took = gained = (size_t)left;
        for (size_t i = 0; i < took; i++)
            out[i] = from[i];
        at_end = false; /* the next step sees it */
    } else {
        zip->z.next_in = (Bytef *)from;
        zip->z.avail_in = (uInt)here;
        zip->z.next_out = out;
        zip->z.avail_out = (uInt)room;
        int got = inflate(&zip->z, Z_NO_FLUSH);
        took = here - zip->z.avail_in;
        gained = room - zip->z.avail_out;
        at_end = got == Z_STREAM_END;
        if (!at_end && got != Z_OK && got != Z_BUF_ERROR) {
            s->in_at += took;
            source_wrong(s, "file %" PRIu64 " of the zip archive is damaged (%s)", zip->files,
                         zip->z.msg ? zip->z.msg : "no cause given");
            return gained; /* what came before the damage is given all the same */
        }
    }
    s->in_at += took;
    zip->packed += took;
    zip->bytes += gained;
    zip->crc = (uint32_t)crc32(zip->crc, out, (uInt)gained);
    if (at_end)
        end_file(s, zip); /* what was gained is given first; an error shows at the next call */
    return gained;
}

static size_t zip_unpack(struct source *s, uint8_t *out, size_t room)
{
    struct zip *zip = s->state;
    size_t gained = 0;
    while (!gained && !s->error[0] && (zip->inside || next_file(s, zip)))
        gained = step(s, zip, out, room);
    return gained;
}

static void zip_stop(struct source *s)
{
    struct zip *zip = s->state;
    if (zip)
        inflateEnd(&zip->z);
    free(zip);
}

const struct packing packing_zip = {"zip", zip_start, zip_unpack, zip_stop};
