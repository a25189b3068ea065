/* See waveform.h. */
#define _GNU_SOURCE
#include "waveform.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/exits.h"
#include "savefile.h"

enum { NOTES_BYTES = 1 << 20 };

static void no_room(int number)
{
    static const char words[] = "twinwalk: the waveform cannot be written: no space left on its device or in /tmp, "
                                "where its writer keeps notes (bus error); this run is over\n";
    (void)number;
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
        _exit(STATUS_OUTPUT);
    whole_drop_all();
    _exit(STATUS_OUTPUT);
}

bool waveform_open(struct waveform *w, const char *path)
{
    struct sigaction action = {.sa_handler = no_room};
    *w = (struct waveform){.path = path};
    struct statvfs room;
    if (statvfs(P_tmpdir, &room) == 0 && room.f_bavail * room.f_frsize < NOTES_BYTES) {
        outfile_complain("waves", path, "its writer keeps notes in " P_tmpdir ", which is full");
        return false;
    }
    if (!whole_reserve(&w->whole, path, ".hier")) {
        outfile_complain("waves", path, w->whole.error);
        return false;
    }
    w->part = w->whole.part;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    return true;
}

/* The writer does not tell why it could not go on: the next byte fails for the same reason. */
static const char *cause(const struct waveform *w, const char *error)
{
    static char why[300];
    char room[1 << 16] = {1};
    FILE *file = fopen(w->part, "ab");
    errno = 0;
    const bool full = !file || fwrite(room, 1, sizeof room, file) != sizeof room || fflush(file) != 0;
    snprintf(why, sizeof why, "cannot be written: %s", full && errno ? strerror(errno) : error);
    if (file)
        fclose(file);
    return why;
}

bool waveform_keep(struct waveform *w, bool written, uint64_t marker)
{
    struct fst_signals signals = {0};
    const char *error = "";
    char *save = NULL;
    const size_t length = strlen(w->path);
    const bool fst = length > 4 && strcmp(w->path + length - 4, ".fst") == 0;
    bool good = false;
    signal(SIGBUS, SIG_DFL);
    if (!w->part)
        return false;
    if (!written)
        error = NULL;
    else if (!fst_read(w->part, &signals, &error))
        error = cause(w, error);
    else
        good = true;
    if (!good)
        whole_drop(&w->whole);
    else if (!(good = whole_keep(&w->whole)))
        error = w->whole.error;
    if (!good && error)
        outfile_complain("waves", w->path, error);
    w->part = NULL;
    if (good && asprintf(&save, "%.*s.gtkw", (int)(fst ? length - 4 : length), w->path) >= 0)
        good = savefile_write(w->path, &signals, save, marker);
    free(save);
    fst_free(&signals);
    return good;
}
