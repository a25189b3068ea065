/* See about.h. */
#include "about.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "build/version.h"

const char about_version[] = TWINWALK_VERSION, about_commit[] = TWINWALK_COMMIT;

json_t *about_text(const char *text)
{
    json_t *plain = json_string(text);
    char *copy = plain ? NULL : malloc(4 * strlen(text) + 1), *to = copy;
    for (const unsigned char *c = (const unsigned char *)text; copy && *c; c++)
        to += *c < 0x80 ? sprintf(to, "%c", *c) : sprintf(to, "\\x%02x", *c);
    if (copy) {
        plain = json_string(copy);
        free(copy);
    }
    return plain;
}

/* As it was typed, whatever has been made of argv since. */
static json_t *command_line(void)
{
    json_t *line = json_array();
    FILE *file = fopen("/proc/self/cmdline", "re");
    char *argument = NULL;
    size_t room = 0;
    while (file && getdelim(&argument, &room, 0, file) > 0)
        json_array_append_new(line, about_text(argument));
    free(argument);
    if (file)
        fclose(file);
    return line;
}

static json_t *processor(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256], name[128] = "";
    while (file && !*name && fgets(line, sizeof line, file))
        sscanf(line, "model name : %127[^\n]", name);
    if (file)
        fclose(file);
    return *name ? about_text(name) : json_null();
}

static json_t *host(void)
{
    struct utsname u;
    json_t *o = json_object();
    if (uname(&u) == 0) {
        json_object_set_new(o, "system", about_text(u.sysname));
        json_object_set_new(o, "release", about_text(u.release));
        json_object_set_new(o, "machine", about_text(u.machine));
    }
    json_object_set_new(o, "processor", processor());
    json_object_set_new(o, "processors", json_integer((json_int_t)sysconf(_SC_NPROCESSORS_ONLN)));
    return o;
}

json_t *about_json(const char *preset)
{
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_integer(ABOUT_SCHEMA));
    json_object_set_new(root, "program", json_string("twinwalk"));
    json_object_set_new(root, "version", json_string(about_version));
    json_object_set_new(root, "commit", *about_commit ? json_string(about_commit) : json_null());
    json_object_set_new(root, "preset", preset ? json_string(preset) : json_null());
    json_object_set_new(root, "command_line", command_line());
    json_object_set_new(root, "host", host());
    return root;
}

bool about_write(json_t *root, size_t flags, struct outfile *out)
{
    const bool good = root && json_dumpf(root, out->file, flags) == 0 && fputc('\n', out->file) != EOF;
    json_decref(root);
    if (good)
        return outfile_keep(out);
    outfile_complain(out->option, out->path, root ? "cannot be written" : "cannot be written: out of memory");
    outfile_drop(out);
    return false;
}

bool about_save(const char *preset, const char *path, json_t *root)
{
    struct outfile out;
    json_t *all = about_json(preset);
    json_object_update(all, root);
    json_decref(root);
    if (outfile_open(&out, "json", path))
        return about_write(all, JSON_INDENT(2), &out);
    json_decref(all);
    return false;
}
