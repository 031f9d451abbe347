/* Calls every allocating function once, each with a size of its own, and says what it got:
 * NAME SIZE ADDRESS. Everything is freed. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static char output[1 << 14];

static void said(const char *name, size_t size, void *block) {
    printf("%s %zu %p\n", name, size, block);
}

int main(void) {
    setvbuf(stdout, output, _IOFBF, sizeof output);
    void *block;
    said("malloc", 100003, block = malloc(100003)), free(block);
    said("malloc", 1000003, block = malloc(1000003)), free(block);
    said("calloc", 7 * 14411, block = calloc(7, 14411)), free(block);
    said("realloc", 100019, block = realloc(NULL, 100019)), free(block);
    said("reallocarray", 11 * 10007, block = reallocarray(NULL, 11, 10007)), free(block);
    if (posix_memalign(&block, 64, 100043)) return 1;
    said("posix_memalign", 100043, block), free(block);
    said("aligned_alloc", 100096, block = aligned_alloc(128, 100096)), free(block);
    said("memalign", 100057, block = memalign(256, 100057)), free(block);
    said("valloc", 100069, block = valloc(100069)), free(block);
    said("pvalloc", 100103, block = pvalloc(100103)), free(block);

    /* The sized frees of C23 and the old cfree, where the C library has them, and ours anyway. */
    void (*cfree_there)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
    void (*sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    void (*aligned)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
    if (cfree_there) said("malloc", 100109, block = malloc(100109)), cfree_there(block);
    if (sized) said("malloc", 100129, block = malloc(100129)), sized(block, 100129);
    if (aligned) {
        said("aligned_alloc", 100160, block = aligned_alloc(32, 100160));
        aligned(block, 32, 100160);
    }
    /* Functions that were looked up are the same functions. */
    void *(*found)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "malloc");
    said("malloc", 100151, block = found(100151)), free(block);

    free(NULL);
    said("mmap", 69632, block = mmap(NULL, 69632, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    munmap(block, 69632);
    return 0;
}
