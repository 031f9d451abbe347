/* A library whose threads allocate without the interpreter lock until the process has ended. */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST 16

static atomic_int threads;
static atomic_ulong rounds[MOST];

/* never returns */
void spin(void) {
    int number = atomic_fetch_add(&threads, 1);
    for (;;) {
        free(malloc(4567));
        /* not more events than a test wants to read */
        if (atomic_fetch_add(&rounds[number], 1) > 20000) usleep(100);
    }
}

/* how many threads are at it */
int spinning(void) {
    int count = 0;
    for (int number = 0; number < MOST; number++) count += rounds[number] > 0;
    return count;
}

/* when the interpreter is gone: all of them go on */
__attribute__((destructor)) static void end(void) {
    int count = 0;
    for (int number = 0; number < threads; number++) {
        unsigned long before = rounds[number];
        while (rounds[number] < before + 200) sched_yield();
        count++;
    }
    printf("%d went on\n", count);
    fflush(stdout);
}
