/* Brings its own malloc, which is found before that of any library. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static char pool[8 << 20] __attribute__((aligned(16)));
static size_t used;

__attribute__((visibility("default"))) void *malloc(size_t size) {
    size_t start = used + 16;
    used = (start + size + 15) & ~(size_t)15;
    if (used > sizeof pool) return NULL;
    *(size_t *)(pool + start - 16) = size;
    return pool + start;
}
__attribute__((visibility("default"))) void free(void *block) { (void)block; }
__attribute__((visibility("default"))) void *calloc(size_t count, size_t size) { return malloc(count * size); }
__attribute__((visibility("default"))) void *realloc(void *block, size_t size) {
    void *new = malloc(size);
    if (new && block) memcpy(new, block, *(size_t *)((char *)block - 16) < size ? *(size_t *)((char *)block - 16) : size);
    return new;
}

int main(void) {
    char *own = malloc(300007);
    void *mapped = mmap(NULL, 400009, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("%d %d\n", own >= pool && own < pool + sizeof pool, mapped != MAP_FAILED);
    free(own);
    return 0;
}
