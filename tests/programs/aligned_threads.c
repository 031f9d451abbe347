/* A hundred threads, each of which allocates and frees a hundred aligned blocks. */
#include <pthread.h>
#include <stdlib.h>

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < 100; i++) {
        void *block;
        if (posix_memalign(&block, 64, 777)) abort();
        free(block);
    }
    return NULL;
}

int main(void) {
    pthread_t all[100];
    for (int i = 0; i < 100; i++)
        if (pthread_create(&all[i], NULL, work, NULL)) return 1;
    for (int i = 0; i < 100; i++) pthread_join(all[i], NULL);
    return 0;
}
