/* Locks all its memory, now and in future; tells whether it could, how much memory it shares with others
 * then (in units of 64 MiB), and allocates in another thread. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *work(void *unused) {
    free(malloc(50021));
    return unused;
}

static long shared(void) {
    char line[256];
    long kibibytes = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, "RssShmem:", 9))
            kibibytes = atol(line + 9);
    fclose(status);
    return kibibytes >> 16;
}

int main(void) {
    pthread_t thread;
    int failed = mlockall(MCL_CURRENT | MCL_FUTURE);
    printf("%s %ld\n", failed ? "refused" : "locked", shared());
    if (pthread_create(&thread, NULL, work, NULL) == 0)
        pthread_join(thread, NULL);
    return 0;
}
