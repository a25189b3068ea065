/* Checks: see checks.h. */
#include "checks.h"

void checks_begin(struct checks *c)
{
    c->count = c->answered = c->good = 0;
    c->parted = false;
}

void checks_add(struct checks *c, uint64_t cycle, uint64_t crc)
{
    c->made[c->count % CHECKS].cycle = cycle;
    c->made[c->count % CHECKS].crc = crc;
    c->count++;
}

uint64_t checks_open(const struct checks *c)
{
    return c->count - c->answered;
}

void checks_answered(struct checks *c, const struct link_status *s)
{
    const uint16_t more = (uint16_t)(s->checks - (uint16_t)c->answered);
    if (more == 0 || more > checks_open(c) || c->parted)
        return;
    const uint64_t number = c->answered + more - 1;
    if (c->made[number % CHECKS].cycle == s->cycles && c->made[number % CHECKS].crc == s->crc)
        c->good = s->cycles;
    else
        c->parted = true;
    c->answered += more;
}
