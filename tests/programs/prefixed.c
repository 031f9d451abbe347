/* An allocator linked in under a name of its own. */
#include <stdio.h>
#include <sys/mman.h>

__attribute__((noinline)) void *_rjem_malloc(unsigned long size) {
    return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(void) {
    char *block = _rjem_malloc(300000);
    block[7] = 1;
    printf("%d\n", block[7]);
    return 0;
}
