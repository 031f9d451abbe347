/* vfork, fork and posix_spawn from C, with work in the child where that is allowed. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(void) {
    free(malloc(100003));
    for (int i = 0; i < 20; i++) {
        int status = -1;
        pid_t child = vfork();
        if (child == 0) {
            /* the memory is the parent's: what is recorded here would be found in its rings */
            void *block = malloc(200003);
            free(block);
            execlp("true", "true", (char *)NULL);
            _exit(9);
        }
        waitpid(child, &status, 0);
        if (status) return 1;
        free(malloc(300007 + i));
    }
    int status = -1;
    pid_t child;
    char *arguments[] = {"sh", "-c", "exit ${LD_PRELOAD:+8}", NULL};
    if (posix_spawnp(&child, "sh", NULL, NULL, arguments, environ)) return 2;
    waitpid(child, &status, 0);
    printf("spawned %d\n", WEXITSTATUS(status));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        for (int i = 0; i < 1000; i++) free(malloc(400009));
        puts("in the fork");
        exit(6);
    }
    waitpid(child, &status, 0);
    printf("forked %d\n", WEXITSTATUS(status));
    free(malloc(100019));
    return 0;
}
