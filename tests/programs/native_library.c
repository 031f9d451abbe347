/* A library whose one function allocates; compiled twice, with another NAME and SIZE. */
#include <stdlib.h>

__attribute__((noinline)) static void *NAME(void) {
    char *block = malloc(SIZE);
    block[0] = 1;
    return block;
}

void *allocate(void) {
    char *block = NAME();
    block[1] = 2;
    return block;
}
