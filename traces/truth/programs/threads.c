/* A program for `make truth`: threads that share what they work on, one after the other and together. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, PAGE = 4096, PAGES = 1024 };

static char shared[THREADS * PAGES * PAGE];
static unsigned sum[THREADS];
static pthread_barrier_t barrier;

static unsigned dive(unsigned depth)
{
    volatile char frame[2048];
    memset((void *)frame, (int)depth, sizeof frame);
    return depth ? dive(depth - 1) + (unsigned char)frame[depth] : 0;
}

/* Its own quarter is written; then, behind the barrier, every seventh page of the others' is read. */
static void *work(void *argument)
{
    size_t self = (size_t)argument;
    for (size_t i = 0; i < PAGES; i += 2)
        shared[(self * PAGES + i) * PAGE] = (char)i;
    sum[self] = dive(20 + 10 * (unsigned)self);
    pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < (size_t)THREADS * PAGES; i += 7)
        sum[self] += (unsigned char)((volatile char *)shared)[i * PAGE];
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    unsigned all = 0;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, work, (void *)i))
            return 1;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        all += sum[i];
    }
    printf("%u\n", all);
    return 0;
}
