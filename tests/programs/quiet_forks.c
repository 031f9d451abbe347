/* Threads that have allocated nothing so far fork, and their children allocate. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *fork_one(void *number) {
    pid_t child = fork();
    if (child == 0) {
        char *block = malloc(700001 + (long)number);
        free(malloc(800001 + (long)number));
        block[0] = 1;
        _exit(block[0] + 6);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return (void *)(long)(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(void) {
    pthread_t threads[4];
    for (long number = 0; number < 4; number++) pthread_create(&threads[number], 0, fork_one, (void *)number);
    long well = 0;
    for (int number = 0; number < 4; number++) {
        void *result;
        pthread_join(threads[number], &result);
        well += (long)result;
    }
    free(malloc(900001));
    printf("%ld\n", well);
    return 0;
}
