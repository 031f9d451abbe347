/* 200 threads, one after the other and some at a time, each with a block of its own size, on
 * stacks of 16 KiB, whose thread-local values are freed by destructors that allocate.
 * Then threads with names. */
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

static pthread_key_t key;

static void destroy(void *value) {
    uintptr_t number = (uintptr_t)value;
    free(malloc(300000 + number)); /* after the thread's own code is over */
    if (number < 100000) pthread_setspecific(key, (void *)(number + 100000)); /* and once more */
}

static void *work(void *number) {
    free(malloc(200000 + (uintptr_t)number));
    pthread_setspecific(key, number);
    return NULL;
}

static void *named(void *how) {
    free(malloc(600000));
    if (how) {
        pthread_setname_np(pthread_self(), "by-pthread");
        free(malloc(600001));
        prctl(PR_SET_NAME, "renamed");
        free(malloc(600002));
    } else {
        prctl(PR_SET_NAME, "by-prctl");
        free(malloc(600003));
    }
    return NULL;
}

int main(void) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    if (pthread_attr_setstacksize(&small, 16384 > PTHREAD_STACK_MIN ? 16384 : PTHREAD_STACK_MIN)) return 1;
    pthread_key_create(&key, destroy);
    for (uintptr_t group = 0; group < 20; group++) {
        pthread_t all[10];
        for (uintptr_t i = 0; i < 10; i++)
            if (pthread_create(&all[i], &small, work, (void *)(group * 10 + i + 1))) return 1;
        for (int i = 0; i < 10; i++) pthread_join(all[i], NULL);
    }
    for (uintptr_t how = 0; how < 2; how++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, named, (void *)how)) return 1;
        pthread_join(thread, NULL);
    }
    puts("done");
    return 0;
}
