/* The workload of random.tw: updates at random places of an array of 256 MiB, as in the benchmark GUPS; now and then
 * memory is mapped, used and unmapped in between. Built with: cc -O2 -static -o random traces/corpus/random.c */
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096, SHORT_LIVED = 16 };

static const uint64_t bytes = UINT64_C(256) << 20;

static void *map(uint64_t size)
{
    return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(void)
{
    uint64_t *array = map(bytes), x = 88172645463325252u;
    for (unsigned i = 0; i < 2000000; i++) {
        x ^= x << 13; /* Marsaglia's xorshift */
        x ^= x >> 7;
        x ^= x << 17;
        array[x % (bytes / sizeof *array)] ^= x;
        if (i % 1000 == 999) {
            char *brief = map(SHORT_LIVED * PAGE);
            for (unsigned p = 0; p < SHORT_LIVED; p++)
                brief[p * PAGE] = (char)x;
            munmap(brief, SHORT_LIVED * PAGE);
        }
    }
    return 0;
}
