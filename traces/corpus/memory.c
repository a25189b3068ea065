/* Workload of memory-swap.tw and memory-oom.tw: a parent and four children that together want more memory than the
 * replay's machine has.
 *
 *     memory swap    every child fills and uses its part, the parent adds up what they found, in shared memory
 *     memory oom     the last child wants far more than there is; the others and the parent finish
 *
 * It prints a sum, which says that it ran to its end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 4, PAGE = 4096 };

static uint64_t random_state;

static uint64_t next(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state >> 33;
}

/* Fills `pages` pages, then looks things up in them: mostly in a part that wanders, sometimes anywhere. */
static uint64_t use(uint64_t *memory, unsigned pages, unsigned lookups)
{
    const unsigned words = PAGE / sizeof *memory;
    uint64_t sum = 0;
    for (unsigned i = 0; i < pages; i++)
        for (unsigned word = 0; word < words; word += words / 8)
            memory[i * words + word] = i + word;
    for (unsigned i = 0; i < lookups; i++) {
        const unsigned part = (unsigned)((uint64_t)i * pages / lookups);
        const unsigned page = next() % 8 ? (part + (unsigned)next() % 64) % pages : (unsigned)next() % pages;
        uint64_t *at = &memory[page * words + (unsigned)next() % 8 * (words / 8)];
        sum += *at;
        if (i % 4 == 0)
            *at = sum;
    }
    return sum;
}

static uint64_t child(unsigned number, uint64_t *inherited, unsigned pages, unsigned lookups)
{
    uint64_t *own = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    random_state = number;
    if (own == MAP_FAILED)
        exit(1);
    return use(own, pages, lookups) + use(inherited, 96, lookups / 8); /* what the parent had is copied on write */
}

int main(int argc, char **argv)
{
    const int greedy = argc > 1 && strcmp(argv[1], "oom") == 0;
    uint64_t *sums = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t *inherited = malloc(96 * PAGE);
    uint64_t sum = 0;
    if (sums == MAP_FAILED || !inherited)
        return 1;
    use(inherited, 96, 4000);
    for (unsigned i = 0; i < CHILDREN; i++) {
        const pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0) {
            sums[i] = child(i + 1, inherited, greedy ? (i == CHILDREN - 1 ? 4000 : 300) : 700, 20000);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    for (unsigned i = 0; i < CHILDREN; i++)
        sum += sums[i];
    printf("%llu\n", (unsigned long long)sum);
    return 0;
}
