/* A parent and its forked child, with known blocks: what the child inherits, frees and allocates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Forks twice without recording anything in between, as daemons do. */
static void grandchild(void) {
    pid_t child = fork();
    if (!child) {
        pid_t again = fork();
        if (!again) {
            free(malloc(600011));
            _exit(0);
        }
        waitpid(again, NULL, 0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

int main(void) {
    char *kept = malloc(1000003), *given = malloc(2000003);
    char *mapped = mmap(NULL, 4000000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ready[2];
    if (pipe(ready)) return 1;
    pid_t child = fork();
    if (!child) {
        char one;
        if (read(ready[0], &one, 1) != 1) return 2;
        free(given);
        char *own = malloc(500009);
        munmap(mapped, 4000000);
        memset(own, 1, 500009);
        _exit(own[7] + kept[0]);
    }
    char *after = malloc(3000017); /* not inherited, though it comes before the child's first event */
    if (write(ready[1], "x", 1) != 1) return 3;
    int status;
    waitpid(child, &status, 0);
    printf("%d %d\n", (int)child, status);
    free(after);
    free(given);
    grandchild();
    return 0;
}
