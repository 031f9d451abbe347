// Two libraries are made of this, each with a name of its own and at the same place in memory if the
// system likes it.
#include <stdlib.h>

void *NAME(size_t size) {
    void *block = malloc(size);
    __asm__ volatile("" ::: "memory");
    return block;
}
