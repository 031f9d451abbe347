/* Threads hand blocks to one another through a queue and free what they get.
 *
 * usage: threads THREADS BLOCKS. Prints how many blocks were allocated. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PLACES = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *queue[PLACES];
static unsigned long rounds;

static void *work(void *seed_of_thread) {
    uint64_t seed = (uintptr_t)seed_of_thread * 0x9e3779b97f4a7c15u + 1;
    for (unsigned long round = 0; round < rounds; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t size = 16 + (seed >> 33) % 480;
        void *block = seed >> 62 ? malloc(size) : calloc(1, size);
        if (seed >> 61 == 5) block = realloc(block, size + 100);
        pthread_mutex_lock(&lock);
        void **place = &queue[(seed >> 20) % PLACES];
        void *other = *place;
        *place = block;
        pthread_mutex_unlock(&lock);
        free(other);
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    int threads = atoi(arguments[1]);
    rounds = strtoul(arguments[2], NULL, 10);
    pthread_t all[64];
    for (int i = 0; i < threads; i++)
        if (pthread_create(&all[i], NULL, work, (void *)(uintptr_t)(i + 1))) return 1;
    for (int i = 0; i < threads; i++) pthread_join(all[i], NULL);
    for (int i = 0; i < PLACES; i++) free(queue[i]);
    printf("%lu\n", threads * rounds);
    return 0;
}
