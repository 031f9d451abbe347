/* A crowd of processes, all alive at the same time. usage: crowd COUNT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
    int children = atoi(arguments[1]), ready[2], leave[2];
    char *kept = malloc(1000003);
    if (count < 2 || pipe(ready) || pipe(leave)) return 1;
    for (int number = 0; number < children; number++) {
        pid_t child = fork();
        if (child < 0) return 2;
        if (child) continue;
        close(leave[1]);
        char *block = malloc(200000 + number), one = 0;
        memset(block, 1, 200000 + number);
        for (int round = 0; round < 10; round++) free(malloc(300007));
        if (write(ready[1], "x", 1) != 1) _exit(3);
        /* until the parent closes its end */
        _exit(read(leave[0], &one, 1) == 0 ? block[9] - kept[0] - 1 : 4);
    }
    char one;
    for (int number = 0; number < children; number++)
        if (read(ready[0], &one, 1) != 1) return 5;
    /* now, and not while some of the blocks that pass are alive, is the peak */
    char *most = malloc((size_t)(children + 1) * 300007);
    close(leave[1]);
    int status, wrong = 0;
    while (wait(&status) > 0) wrong += status != 0;
    free(most);
    printf("%d\n", wrong);
    return 0;
}
