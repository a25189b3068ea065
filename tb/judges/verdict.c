/* See verdict.h. */
#include "verdict.h"

#include <inttypes.h>
#include <unistd.h>

#include "arch/x86.h"

void verdict_count(const struct case_context *context, struct verdict_counts *counts)
{
    const struct judge_case *c = context->c;
    const struct case_expected *expected = context->expected;
    counts->cases++;
    counts->by_levels[c->root - 4]++;
    for (unsigned n = 0; n < c->accesses; n++) {
        const struct oracle_result *r = &expected->result[n];
        counts->accesses++;
        counts->implicit += c->access[n].imp;
        counts->shadow_stack += c->access[n].ss;
        counts->by_kind[r->kind]++;
        if (r->kind == KIND_OK)
            counts->by_size[r->size]++;
        for (unsigned bit = 0; bit < ERROR_BITS; bit++)
            counts->by_error_bit[bit] += r->kind == KIND_PF && r->err >> bit & 1;
    }
    for (unsigned level = c->root; level >= c->leaf; level--) {
        counts->entries++;
        counts->a_set += !!(expected->must[level] & ENTRY_A);
        counts->d_set += !!(expected->must[level] & ENTRY_D);
        counts->a_open += !!(expected->may[level] & ENTRY_A);
        counts->a_open_set += !!(expected->may[level] & context->seen->entry[level] & ENTRY_A);
    }
}

bool verdict_excused(const struct case_excuse *excuses, const struct case_context *context,
                     const struct case_difference *difference, uint64_t excused[])
{
    for (unsigned i = 0; excuses[i].name; i++)
        if (excuses[i].covers(context, difference)) {
            excused[i]++;
            return true;
        }
    return false;
}

unsigned verdict_judge(const struct case_excuse *excuses, const struct case_context *context,
                       struct verdict_counts *counts, struct case_difference difference[CASE_DIFFERENCES])
{
    const unsigned found = case_compare(context, difference);
    unsigned left = 0;
    for (unsigned i = 0; i < found; i++)
        if (!verdict_excused(excuses, context, &difference[i], counts->excused))
            difference[left++] = difference[i];
    counts->disagreements += left > 0;
    return left;
}

void verdict_show(const char *again, const struct case_context *context, const struct case_difference *difference,
                  unsigned differences)
{
    if (isatty(STDERR_FILENO)) /* where the progress line stands */
        fputs("\r\033[K", stderr);
    printf("DISAGREEMENT; again: %s --cases=1\n", again);
    case_print(stdout, context->c);
    for (unsigned i = 0; i < differences; i++)
        case_print_difference(stdout, context, &difference[i]);
}

void verdict_print_faults(const struct verdict_counts *counts, unsigned bits)
{
    static const char *const bit[ERROR_BITS] = {"P", "W/R", "U/S", "RSVD", "I/D", "PK", "SS"};
    printf("#PF with           ");
    for (unsigned i = 0; i < bits; i++)
        printf("%s %" PRIu64 "%s", bit[i], counts->by_error_bit[i], i + 1 < bits ? ", " : "\n");
}

void verdict_print_excused(const struct case_excuse *excuses, const struct verdict_counts *counts)
{
    for (unsigned i = 0; excuses[i].name; i++)
        printf("excused            %" PRIu64 " %s: %s\n", counts->excused[i], excuses[i].name, excuses[i].reason);
}

json_t *verdict_excused_json(const struct case_excuse *excuses, const struct verdict_counts *counts)
{
    json_t *excused = json_object();
    for (unsigned i = 0; excuses[i].name; i++)
        json_object_set_new(excused, excuses[i].name, json_integer((json_int_t)counts->excused[i]));
    return excused;
}
