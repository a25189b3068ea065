/* The workload of jit.tw: a compiler at run time that keeps W^X. It writes functions into pages, which are writable or
 * executable but never both, and runs them; the oldest is thrown away and its page written anew. Built with: cc -O2
 * -static -o jit traces/corpus/jit.c */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, PAGES = 64, FUNCTIONS = 1000, CALLS = 24 };

/* mov eax, edi; then `steps` times imul eax, eax, k and add eax, n; ret */
static void write_function(uint8_t *to, unsigned steps, uint32_t n)
{
    *to++ = 0x89, *to++ = 0xf8;
    for (unsigned i = 0; i < steps; i++) {
        *to++ = 0x6b, *to++ = 0xc0, *to++ = (uint8_t)(i | 1);
        *to++ = 0x05;
        memcpy(to, &n, sizeof n);
        to += sizeof n;
    }
    *to = 0xc3;
}

int main(void)
{
    uint8_t *code = mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t value = 1;
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        uint8_t *at = code + i % PAGES * PAGE;
        mprotect(at, PAGE, PROT_READ | PROT_WRITE);
        write_function(at, 16 + i % 100, i);
        mprotect(at, PAGE, PROT_READ | PROT_EXEC);
        for (uint32_t n = 0; n < CALLS; n++) {
            uint32_t which = i < PAGES ? n % (i + 1) : value % PAGES;
            value = ((uint32_t (*)(uint32_t))(uintptr_t)(code + which * PAGE))(value);
        }
    }
    return (int)(value % 2);
}
