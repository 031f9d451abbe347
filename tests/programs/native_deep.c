/* Allocates at the bottom of so many calls.
 *
 * usage: native_deep DEPTH */
#include <stdlib.h>

__attribute__((noinline)) static int descend(int depth, char **block) {
    if (depth == 0) {
        *block = malloc(7777);
        return **block;
    }
    return descend(depth - 1, block) + depth;
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    char *block;
    volatile int sum = descend(atoi(arguments[1]), &block);
    (void)sum;
    return 0;
}
