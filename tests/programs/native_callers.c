/* Two ways to the same allocation. */
#include <stdlib.h>

__attribute__((noinline)) static char *shared(void) {
    char *block = malloc(4321);
    block[0] = 1;
    return block;
}

void *left(void) {
    char *block = shared();
    block[1] = 1;
    return block;
}

void *right(void) {
    char *block = shared();
    block[2] = 1;
    return block;
}
