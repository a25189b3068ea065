/* A folder of drmemtrace's files, one a thread or one a core, as one trace: the file whose next timestamp is the
 * earliest has its turn, which is the order in which DynamoRIO's own tools give them. */
#ifndef TWINWALK_IMPORT_SHARDS_H
#define TWINWALK_IMPORT_SHARDS_H

#include "drmemtrace.h"

struct shard {
    struct source source;
    struct drmemtrace at;
    uint64_t units; /* read so far */
    bool ended;
};

struct shards {
    struct shard *shard;
    unsigned count;
    unsigned others; /* files of the folder that are no drmemtrace traces: schedules, lists of functions … */
    char error[SOURCE_ERROR + 512];
};

/* Opens the files of a folder, or of the folder `trace` in it, by their names. False: s->error. Close it in any case.
 */
bool shards_open(struct shards *s, const char *folder);
/* As import_run(); im->source and im->options are set. */
bool shards_run(struct import *im, struct shards *s);
void shards_close(struct shards *s);

#endif
