/* Devices in shared libraries: see dut_load.h. */
#include "dut_load.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mmu_cfg.h"

static const char entry[] = "twinwalk_dut_abi";

static const struct dut_host host = {
    .size = sizeof(struct dut_host),
    .preset = CFG_NAME,
    .ports_fetch = CFG_PORTS_FETCH,
    .ports_data = CFG_PORTS_DATA,
    .paddr_bits = CFG_ARCH_PADDR_BITS,
    .la57 = CFG_ARCH_LA57,
    .pcid = CFG_ARCH_PCID,
    .page_1g = CFG_ARCH_PAGE_1G,
    .pku = CFG_ARCH_PKU,
    .pks = CFG_ARCH_PKS,
    .cet = CFG_ARCH_CET,
    .lam = CFG_ARCH_LAM,
    .amd = CFG_ARCH_AMD,
    .not_equal = exits_not_equal,
    .squashes = true,
};

/* One that has been asked for, good or not. */
struct loaded {
    struct loaded *next;
    char *path;
    struct dut_library library;
    struct dut_ops ops; /* as this bench knows it: what the library does not know of is 0 */
};

bool dut_is_library(const char *name)
{
    const size_t length = strlen(name);
    return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

__attribute__((format(printf, 3, 4))) static bool refuse(struct dut_library *l, enum exit_status status,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(l->error, sizeof l->error, format, arguments);
    va_end(arguments);
    l->status = status;
    return false;
}

/* What the dynamic linker says begins with the path, which is said already. */
static const char *linker_says(const char *path)
{
    const char *said = dlerror();
    const size_t length = strlen(path);
    if (!said)
        return "no reason given";
    return strncmp(said, path, length) == 0 && strncmp(said + length, ": ", 2) == 0 ? said + length + 2 : said;
}

/* The bytes that a library must have at least, by what it says of its segments; 0 when the linker is to judge it. The
 * linker itself maps a file that was copied halfway, and is killed by SIGBUS behind its end. */
static uint64_t bytes_mapped(FILE *file)
{
    Elf64_Ehdr head;
    Elf64_Phdr segment;
    uint64_t most = 0;
    if (fread(&head, sizeof head, 1, file) != 1 || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof segment ||
        fseeko(file, (off_t)head.e_phoff, SEEK_SET) != 0)
        return 0;
    for (unsigned i = 0; i < head.e_phnum && fread(&segment, sizeof segment, 1, file) == 1; i++)
        if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > most)
            most = segment.p_offset + segment.p_filesz;
    return most;
}

/* False, with the reason in *l, when the file ends before its segments do. */
static bool is_whole(struct dut_library *l, const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file)
        return refuse(l, STATUS_INPUT, "%s", strerror(errno));
    const uint64_t needs = bytes_mapped(file);
    const bool known = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
    fclose(file);
    if (known && (uint64_t)status.st_size < needs)
        return refuse(l, STATUS_INPUT, "cannot be loaded: it is torn: %jd of at least %ju bytes; build or copy it anew",
                      (intmax_t)status.st_size, (uintmax_t)needs);
    return true;
}

/* The library's entry; NULL when there is none, and the reason in *l. */
static const struct twinwalk_dut *find_entry(struct dut_library *l, const char *name)
{
    char path[4096];
    const char *slash = strchr(name, '/') ? "" : "./"; /* without one the linker would look in its own folders */
    if ((size_t)snprintf(path, sizeof path, "%s%s", slash, name) >= sizeof path)
        refuse(l, STATUS_INPUT, "the name is too long");
    else
        is_whole(l, path);
    if (l->status)
        return NULL;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        refuse(l, STATUS_INPUT, "cannot be loaded: %s", linker_says(path));
        return NULL;
    }
    const struct twinwalk_dut *d = dlsym(handle, entry);
    if (!d)
        refuse(l, STATUS_INPUT, "is no device: it exports no %s (the end of tb/dut/dut.h says what it is)", entry);
    return d;
}

static bool check_known(const char *check)
{
    static const char *const levels[] = {"arch", "events", "cycle", "state"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(check, levels[i]) == 0)
            return true;
    return false;
}

/* Folders of findings are called by it. */
static bool is_name(const char *name)
{
    const size_t length = name ? strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") : 0;
    return length && length <= 40 && !name[length];
}

static bool complete(const struct dut_ops *o)
{
    return is_name(o->name) && o->create && o->destroy && o->reset && o->step && (!o->has_state || o->state) &&
           !o->waves_start == !o->waves_stop;
}

static bool open_library(struct loaded *at)
{
    struct dut_library *l = &at->library;
    const struct twinwalk_dut *d = find_entry(l, at->path);
    const char *error = NULL;
    if (!d)
        return false;
    if (d->abi != TWINWALK_DUT_ABI)
        return refuse(l, STATUS_UNFIT,
                      "was built for version %u of tb/dut/dut.h, and this bench has version %u: build "
                      "it anew with the header of this bench",
                      d->abi, TWINWALK_DUT_ABI);
    if (d->check && !check_known(d->check))
        return refuse(l, STATUS_INPUT, "%s.check is \"%.40s\": it must be arch, events, cycle or state", entry,
                      d->check);
    const struct dut_ops *ops = d->open ? d->open(&host, &error) : NULL;
    if (!ops)
        return refuse(l, STATUS_UNFIT, "cannot be the MMU of preset %s: %.400s", CFG_NAME,
                      error ? error : "it does not say why");
    memcpy(&at->ops, ops, d->ops_size < sizeof at->ops ? d->ops_size : sizeof at->ops);
    if (!complete(&at->ops))
        return refuse(l, STATUS_INPUT,
                      "its dut_ops lacks what every device has: a plain name, create, destroy, reset, step; "
                      "state with has_state; waves_stop with waves_start");
    l->check = d->check;
    l->ops = &at->ops;
    return true;
}

const struct dut_library *dut_load(const char *path)
{
    static const struct dut_library no_memory = {.status = STATUS_HOST, .error = "no memory to load it"};
    static struct loaded *all;
    struct loaded *l;
    for (l = all; l; l = l->next)
        if (strcmp(l->path, path) == 0)
            return &l->library;
    l = calloc(1, sizeof *l);
    if (!l || !(l->path = strdup(path))) {
        free(l);
        return &no_memory;
    }
    l->next = all;
    all = l;
    open_library(l);
    return &l->library;
}
